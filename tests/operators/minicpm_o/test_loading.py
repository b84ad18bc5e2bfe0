"""A checkpoint is loaded strictly, in either precision, without a second copy; what is wrong with its files is said by name."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from operators.minicpm_o.loading import load
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.small import SMALL, SPEAKING, tensors, write

pytestmark = pytest.mark.model
HEAD = "llm.lm_head.weight"


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def sharded(folder, weights):
    from safetensors.numpy import save_file

    write(folder)
    (folder / "model.safetensors").unlink()
    halves = [dict(list(weights.items())[n::2]) for n in range(2)]
    for n, half in enumerate(halves):
        save_file(half, folder / f"part{n}.safetensors")
    index = {"weight_map": {name: f"part{n}.safetensors" for n, half in enumerate(halves) for name in half}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def head(weights):
    return weights.language.lm_head.weight.float().numpy()


def test_one_file_and_several_come_to_the_same(tmp_path):
    one, several = load(write(tmp_path / "one")), load(sharded(tmp_path / "several", tensors(SMALL)))
    assert (one.config, one.precision) == (several.config, several.precision) == (SMALL, "fp32")
    assert np.array_equal(head(one), head(several))


def test_the_precision_can_be_chosen(tmp_path):
    folder = write(tmp_path / "c")
    half = load(folder, precision="bf16")
    assert (half.precision, str(half.language.lm_head.weight.dtype)) == ("bf16", "torch.bfloat16")
    assert np.abs(head(half) - head(load(folder))).max() < 0.01


def test_weights_are_the_file_itself_and_no_copy(tmp_path):
    folder = write(tmp_path / "c")
    used = load(folder, check=False)
    path = str((folder / "model.safetensors").resolve())
    mapped = [
        tuple(int(end, 16) for end in line.split()[0].split("-"))
        for line in Path("/proc/self/maps").read_text().splitlines()
        if line.rstrip().endswith(path)
    ]
    places = [weight.data_ptr() for module in (used.language, used.sight, used.hearing) for weight in module.parameters()]
    assert all(any(start <= place < end for start, end in mapped) for place in places)


def test_nothing_is_left_without_memory(weights):
    modules = (weights.language, weights.sight, weights.resampler, weights.hearing, weights.projector)
    assert [name for module in modules for name, weight in module.named_parameters() if weight.is_meta or weight.requires_grad] == []


def test_weights_of_speech_are_checked_and_left_in_the_file(tmp_path):
    from dataclasses import replace

    speaking = replace(SMALL, speech=SPEAKING)
    assert load(write(tmp_path / "c", speaking)).config.speech == SPEAKING
    weights = tensors(speaking)
    weights["tts.emb_text.weight"] = weights["tts.emb_text.weight"][:-1]
    with pytest.raises(ValueError, match=r"wants tts.emb_text.weight as \[300, 16\], by its config.json, got \[299, 16\]"):
        load(write(tmp_path / "c", speaking, weights))


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    folder = write(tmp_path / "c")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"model.safetensors: is not a whole safetensors file"):
        load(folder)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (np.float16, f"wants {HEAD} as bfloat16 or float32, got F16; convert it"),
        (np.int32, f"wants {HEAD} as bfloat16 or float32, got I32; convert it"),
    ],
)
def test_another_type_is_refused_by_name(tmp_path, changed, words):
    weights = tensors(SMALL)
    weights[HEAD] = weights[HEAD].astype(changed)
    with pytest.raises(ValueError, match=words):
        load(write(tmp_path / "c", SMALL, weights))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(tmp_path, value):
    weights = tensors(SMALL)
    weights["apm.conv2.weight"][0, 0, 0] = value
    with pytest.raises(ValueError, match=r"wants finite weights, got NaN or infinity in apm.conv2.weight"):
        load(write(tmp_path / "c", SMALL, weights))


def test_a_pickle_is_never_read(tmp_path):
    folder = write(tmp_path / "c")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(ValueError, match=r"wants model.safetensors .* pytorch_model.bin is a pickle, which is never read"):
        load(folder)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (
            {"weight_map": {HEAD: "../other/model.safetensors"}},
            "wants names of safetensors files in the same folder, got '../other/model.safetensors'",
        ),
        ({"weight_map": {HEAD: "gone.safetensors"}}, "lacks gone.safetensors, of 1 files in its index"),
        ({"weights": {}}, "is no index of safetensors files"),
        ([], "is no index of safetensors files"),
    ],
)
def test_an_index_that_leads_nowhere_is_refused(tmp_path, index, words):
    folder = write(tmp_path / "c")
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"^checkpoint") as refused:
        load(folder)
    assert words in str(refused.value)


def test_a_config_of_other_sizes_is_told_by_the_first_key_that_does_not_fit(tmp_path):
    folder = write(tmp_path / "c")
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**described, "intermediate_size": 50}))
    with pytest.raises(ValueError, match=r"wants llm.model.layers.0.mlp.gate_proj.weight as \[50, 32\], by its config.json, got \[48, 32\]"):
        load(folder)
