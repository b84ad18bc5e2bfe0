"""A checkpoint computes what the published runtime computed with it: ids, decisions and lengths exactly, numbers to 1e-4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.goldens.inputs import Goldens
from operators.minicpm_o.goldens.report import COMPONENTS, table
from operators.minicpm_o.goldens.tally import Tally, probes, splitmix
from operators.minicpm_o.loading import load
from operators.minicpm_o.tokenizer import load_text
from tests.operators.minicpm_o.recipe import DATA

pytestmark = pytest.mark.model
CASES = {"slicing": 20, "tokenizer": 11, "vision": 1, "audio": 4, "duplex": 5, "chat": 4, "half_duplex": 1, "tts": 6}


@pytest.fixture(scope="module")
def reference(checkpoint):
    return load(checkpoint, check=False), load_text(checkpoint)


def compared(name, reference):
    letter, compare = COMPONENTS[name]
    goldens = Goldens(DATA)
    return compare(goldens, goldens.parts(letter), *reference)


@pytest.mark.parametrize("name", CASES)
def test_a_component_is_as_recorded(reference, name):
    found = compared(name, reference)
    assert (found.notes, found.cases, found.passes) == ([], CASES[name], True)
    assert found.max_abs_diff < 2e-5


@pytest.mark.parametrize(("name", "module"), [("vision", "sight"), ("audio", "hearing")])
def test_a_weight_that_is_a_little_off_is_found(reference, name, module):
    import torch

    weights, text = reference
    changed = getattr(weights, module)
    weight = next(each for key, each in changed.named_parameters() if "layers.1" in key and each.dim() == 2)
    kept = weight.clone()
    with torch.no_grad():
        weight.copy_(kept * 1.01)
    found = compared(name, (weights, text))
    with torch.no_grad():
        weight.copy_(kept)
    assert not found.passes
    assert found.max_abs_diff > 1e-4
    assert "off" in table({name: found})


def test_a_component_without_cases_does_not_pass():
    assert not Tally().passes


def test_what_has_another_shape_or_is_not_finite_is_infinitely_far():
    tally = Tally(cases=1)
    assert tally.near("a", np.zeros(3), np.zeros(2)) == float("inf")
    assert tally.near("b", np.full(2, np.nan), np.zeros(2)) == float("inf")
    assert (tally.passes, len(tally.notes)) == (False, 2)


def test_a_checksum_is_missed_by_what_is_off_anywhere():
    array = np.random.default_rng(1).standard_normal(100)
    checksum = {
        "shape": [100],
        "sum": array.sum(),
        "abssum": np.abs(array).sum(),
        "l2": np.linalg.norm(array),
        "first8": array[:8],
        "last8": array[-8:],
    }
    tally = Tally(cases=1)
    assert tally.like("same", array, checksum) < 1e-12
    for place in (0, 50, 99):
        other = array.copy()
        other[place] += 0.1
        assert tally.like("other", other, checksum) > 1e-4
    assert tally.like("shape", array[:-1], checksum) == float("inf")


def test_places_of_logits_come_from_the_seed_of_the_recordings():
    assert (len(probes(151_748)), probes(1000).tolist()[:3]) == (64, np.unique(np.floor(splitmix(0xC0FFEE, 64) * 1000).astype(int)).tolist()[:3])


def test_weights_of_a_scripted_session_leave_the_checkpoint_as_it_was(reference):
    from operators.minicpm_o.goldens.duplex import with_head

    weights, _ = reference
    before = weights.language.lm_head.weight[7].clone()
    scripted = with_head(weights, np.array([7]), np.ones((1, 256), np.float32))
    assert bool((weights.language.lm_head.weight[7] == before).all())
    assert float(scripted.language.lm_head.weight[7].sum()) == 256
    assert replace(scripted, language=weights.language) == weights
