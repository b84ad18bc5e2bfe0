"""A voice is loaded from its two files, which vocoder it has is seen by their shapes, and what is wrong with them is said by name."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.voice import drawn

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()
    import torch

    return torch


@pytest.mark.parametrize("version", ["hift", "causal"])
def test_the_checkpoint_s_folder_or_the_voice_s_own_can_be_named(tmp_path, version):
    from operators.minicpm_o.voice import load

    folder = drawn.write(tmp_path, version)
    assert load(folder).version == load(folder / "assets" / "token2wav").version == version


def test_safetensors_are_taken_where_there_are_any(tmp_path):
    from safetensors.torch import save_file

    from operators.minicpm_o.voice import load

    place = drawn.write(tmp_path) / "assets" / "token2wav"
    before = load(place)
    save_file(drawn.tensors(drawn.flow(drawn.SMALL), seed=2), place / "flow.safetensors")
    assert not bool((load(place).flow["encoder_proj.weight"] == before.flow["encoder_proj.weight"]).all())


def test_lengths_and_directions_are_folded_however_they_are_spelt(tmp_path, torch):
    from operators.minicpm_o.voice import load

    one = drawn.tensors([("conv_pre.weight", (16, 80, 5))])["conv_pre.weight"]
    length = torch.linalg.vector_norm(one, dim=(1, 2), keepdim=True)
    plain = load(drawn.write(tmp_path / "a", hift={"conv_pre.weight": one}))
    folder = drawn.write(tmp_path / "b")
    for first, second in ((".parametrizations.weight.original0", ".parametrizations.weight.original1"), (".weight_g", ".weight_v")):
        held = {**drawn.tensors(drawn.vocoder(drawn.VocoderSizes("causal", 16, 8))), f"conv_pre{first}": length, f"conv_pre{second}": 3 * one}
        del held["conv_pre.weight"]
        torch.save({f"generator.{key}": each for key, each in held.items()}, folder / "assets" / "token2wav" / "hift.pt")
        assert float((load(folder).vocoder["conv_pre.weight"] - plain.vocoder["conv_pre.weight"]).abs().max()) < 1e-6


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"flow": {"more": np.zeros(2)}}, "holds more, which the voice of MiniCPM-o 4.5 has not"),
        ({"flow": {"encoder_proj.weight": np.zeros((80, 3))}}, r"wants encoder_proj.weight as \[80, 24\], got \[80, 3\]"),
        ({"hift": {"conv_post.bias": np.full(18, np.nan)}}, "wants finite weights, got NaN or infinity in conv_post.bias"),
        ({"hift": {"conv_pre.weight": np.zeros(3)}}, "lacks conv_pre.weight; name a folder with the voice"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(tmp_path, torch, changed, words):
    from operators.minicpm_o.voice import load

    given = {part: {key: torch.from_numpy(each) for key, each in held.items()} for part, held in changed.items()}
    with pytest.raises(ValueError, match=words):
        load(drawn.write(tmp_path, **given))


def test_a_weight_that_is_missing_is_told_by_name(torch):
    from operators.minicpm_o.voice.noise import noise
    from operators.minicpm_o.voice.weights import made

    flow, hift = drawn.tensors(drawn.flow(drawn.SMALL)), drawn.tensors(drawn.vocoder(drawn.VocoderSizes("hift", 16, 8)))
    del flow["encoder.up_layer.conv.bias"]
    with pytest.raises(ValueError, match=r"voice in memory, flow: lacks encoder.up_layer.conv.bias, \[24\]; copy it again"):
        made(flow, hift, None, noise(1))


def test_a_pickle_of_anything_but_tensors_is_never_opened(tmp_path, torch):
    from pathlib import PurePosixPath

    from operators.minicpm_o.voice import load

    place = drawn.write(tmp_path) / "assets" / "token2wav"
    torch.save({"a": PurePosixPath("/")}, place / "flow.pt")
    with pytest.raises(ValueError, match=r"flow.pt: cannot be read as weights"):
        load(place)
    torch.save([1], place / "flow.pt")
    with pytest.raises(ValueError, match=r"flow.pt: wants tensors by name, got list"):
        load(place)


def test_a_folder_without_a_voice_is_refused(tmp_path):
    from operators.minicpm_o.voice import load

    with pytest.raises(ValueError, match=r"wants flow.pt or flow.safetensors; there is neither, copy assets/token2wav of the checkpoint"):
        load(tmp_path)


def test_the_published_sizes_are_those_that_were_published():
    from operators.minicpm_o.voice.shapes import FlowSizes, VocoderSizes, flow, vocoder

    counts = [sum(int(np.prod(shape)) for _, shape in named) for named in (flow(FlowSizes()), vocoder(VocoderSizes()))]
    assert [round(count / 1e6) for count in counts] == [156, 21]  # millions, as others counted them
