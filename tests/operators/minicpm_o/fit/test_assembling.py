"""A checkpoint loads in 4 bit: the language model's linear layers are rounded, and nothing else; one weight is held at a time."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.small import SMALL, tensors, write

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    needs_torch()
    pytest.importorskip("onnx", reason="the package onnx is not installed: pip install '.[model]'")
    return write(tmp_path_factory.mktemp("rounded") / "c")


@pytest.fixture(scope="module")
def rounded(folder):
    from operators.minicpm_o.loading import load

    return load(folder, precision="int4")


def test_linear_layers_of_the_language_model_are_rounded_and_nothing_else(rounded):
    from operators.minicpm_o.fit.memory import few_bit_layers

    language = few_bit_layers(rounded.language)
    assert [layer.bits for layer in language].count(4) == 7 * SMALL.language.num_hidden_layers
    assert [(layer.outputs, layer.columns) for layer in language if layer.bits == 8] == [(300, 32)]
    assert [few_bit_layers(part) for part in (rounded.sight, rounded.resampler, rounded.hearing, rounded.projector)] == [[]] * 4
    assert {str(weight.dtype) for part in (rounded.language, rounded.sight) for weight in part.parameters()} == {"torch.bfloat16"}
    assert (rounded.precision, str(rounded.dtype())) == ("int4", "torch.bfloat16")


def test_nothing_is_left_without_memory(rounded):
    modules = (rounded.language, rounded.sight, rounded.resampler, rounded.hearing, rounded.projector)
    assert [name for module in modules for name, weight in module.named_parameters() if weight.is_meta or weight.requires_grad] == []


def test_it_thinks_about_as_the_exact_one_does(rounded, weights):
    from operators.minicpm_o.fit.quality import quality

    ids = np.random.default_rng(2).integers(0, 300, 200).tolist()
    found = quality(weights, rounded, ids)
    assert found.rows == 200
    assert found.agree > 0.6
    assert found.kl < 0.05
    assert quality(weights, weights, ids) == (200, 1.0, 0.0)


def test_a_session_runs_on_it_and_its_caches_are_bf16(rounded):
    from operators.minicpm_o import thinking

    cache, hidden = thinking.feed(rounded, thinking.begin(rounded), [[1, 2, 3], [4]])
    assert (cache.length, hidden.shape, str(cache.keys(0).dtype)) == (4, (4, 32), "torch.bfloat16")
    assert thinking.logits(rounded, hidden).shape == (4, 300)


def test_weights_that_are_not_finite_are_refused_by_name(tmp_path, folder):
    from operators.minicpm_o.loading import load

    held = tensors(SMALL)
    held["llm.model.layers.1.mlp.up_proj.weight"][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"wants finite weights, got NaN or infinity in llm.model.layers.1.mlp.up_proj.weight"):
        load(write(tmp_path / "c", SMALL, held), precision="int4")


def test_what_is_drawn_is_the_same_for_a_name_and_a_seed():
    from operators.minicpm_o.fit.assembling import drawing

    one, other = drawing(3), drawing(4)
    assert bool((one("a", (4, 4)) == drawing(3)("a", (4, 4))).all())
    assert not bool((one("a", (4, 4)) == one("b", (4, 4))).all())
    assert not bool((one("a", (4, 4)) == other("a", (4, 4))).all())
    assert (one("norm.weight", (3,)).tolist(), one("fc.bias", (2,)).tolist()) == ([1.0, 1.0, 1.0], [0.0, 0.0])


def test_another_device_wants_a_library_of_its_own(folder):
    try:
        import torchao  # noqa: F401
    except ImportError:
        from operators.minicpm_o.loading import load

        with pytest.raises(ValueError, match=r"fit: wants the package torchao on a GPU, .*; pip install torchao"):
            load(folder, precision="int4", device="meta", check=False)
    else:
        pytest.skip("torchao is installed")


def test_the_pipeline_thinks_with_it(tmp_path):
    from omniflow_graph import Session, replay, seconds
    from operators.duplex import duplex
    from tests.operators.minicpm_o.conftest import with_tokenizer
    from tests.operators.minicpm_o.small import TALKING

    needs_torch()
    folder = str(with_tokenizer(write(tmp_path / "c", TALKING)))
    noise = (np.random.default_rng(4).standard_normal(48_000) * 2000).astype("<i2")
    heard = Session("s", {"env-audio": [(seconds(n / 10), noise[1600 * n : 1600 * (n + 1)].tobytes()) for n in range(30)]}, seconds(3))
    exact, rounded = (replay(duplex(model=folder, precision=precision), heard, engine="direct") for precision in ("fp32", "int4"))
    assert [event.time for event in rounded["decide"]] == [event.time for event in exact["decide"]]
    assert rounded.digest != exact.digest
