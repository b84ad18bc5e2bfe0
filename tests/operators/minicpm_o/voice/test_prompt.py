"""A voice to speak with is codes, their mel, and a vector of who speaks: given, kept in a file, or taken from sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import DATA, needs_torch
from tests.operators.minicpm_o.voice import drawn

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def test_a_prompt_is_kept_in_a_file(tmp_path):
    from operators.minicpm_o.voice import load_prompt, save_prompt

    one = drawn.prompt()
    save_prompt(tmp_path / "voice.npz", one)
    other = load_prompt(tmp_path / "voice.npz")
    assert (other.codes, np.array_equal(other.mel, one.mel), np.array_equal(other.speaker, one.speaker)) == (one.codes, True, True)


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 99])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    from operators.minicpm_o.voice import load_prompt

    (tmp_path / "voice.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"voice.npz: wants an .npz file with codes, mel and speaker"):
        load_prompt(tmp_path / "voice.npz")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"codes": (1, 2)}, "wants 3 codes or more of 0 to 6560, got 2"),
        ({"codes": (1, 2, 6561)}, "wants 3 codes or more of 0 to 6560, got 3"),
        ({"mel": np.zeros((5, 80))}, r"wants mel as finite numbers \[12, 80\], got \[5, 80\]"),
        ({"speaker": np.full(192, np.inf)}, r"wants speaker as finite numbers \[192\], got \[192\], finite: False"),
    ],
)
def test_what_does_not_fit_together_is_refused(changed, words):
    from dataclasses import replace

    with pytest.raises(ValueError, match=words):
        replace(drawn.prompt(), **changed)


def sound(seconds=2.0):
    import wave

    with wave.open(str(DATA / "inputs" / "user.wav")) as opened:
        return np.frombuffer(opened.readframes(int(16_000 * seconds)), "<i2").astype(np.float32) / 32_768


def stand_ins(place):
    """Write the checkpoint's two ONNX files as graphs that tell what they were given: a code for each 40 ms, and means of bands."""
    onnx = pytest.importorskip("onnx", reason="the package onnx is not installed: pip install '.[model]'")
    of, info = onnx.helper, onnx.helper.make_tensor_value_info
    F, I32, I64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT32, onnx.TensorProto.INT64

    def constant(name, *values):
        return of.make_tensor(name, I64, [len(values)], values)

    pick = [
        of.make_node("Slice", ["feats", "zero", "end", "axis", "four"], ["every"]),
        of.make_node("Mul", ["every", "hundred"], ["large"]),
        of.make_node("Abs", ["large"], ["positive"]),
        of.make_node("Cast", ["positive"], ["whole"], to=I32),
        of.make_node("Slice", ["whole", "zero", "one", "first", "one"], ["codes"]),
    ]
    given = [constant("zero", 0), constant("end", 1 << 40), constant("axis", 2), constant("four", 4), constant("one", 1), constant("first", 1)]
    given.append(of.make_tensor("hundred", F, [1], [100.0]))
    inputs = [info("feats", F, [1, 128, "t"]), info("feats_length", I32, [1])]
    tokenizer = of.make_graph(pick, "t", inputs, [info("codes", I32, [1, 1, "n"])], given)
    means = [of.make_node("ReduceMean", ["bands", "axis"], ["mean"], keepdims=0), of.make_node("Pad", ["mean", "pads"], ["who"])]
    who = of.make_graph(
        means, "w", [info("bands", F, [1, "t", 80])], [info("who", F, [1, 192])], [constant("axis", 1), constant("pads", 0, 0, 0, 112)]
    )
    place.mkdir(parents=True, exist_ok=True)
    for name, graph in (("speech_tokenizer_v2_25hz", tokenizer), ("campplus", who)):
        model = of.make_model(graph, opset_imports=[of.make_opsetid("", 18)], ir_version=9)
        onnx.save(model, place / f"{name}.onnx")


def test_a_voice_is_taken_from_sound_by_the_checkpoint_s_own_files(tmp_path):
    from operators.minicpm_o.voice.features import resampled, spoken_mel, voice_mel
    from operators.minicpm_o.voice.listening import can_listen, listened

    assert not can_listen(tmp_path)
    stand_ins(tmp_path / "assets" / "token2wav")
    assert can_listen(tmp_path)
    found = listened(tmp_path, sound(), 16_000)
    heard = spoken_mel(sound())
    assert found.codes == tuple(np.abs(heard[0, ::4] * 100).astype(int).tolist())
    assert np.array_equal(found.mel, voice_mel(resampled(sound(), 16_000, 24_000)))
    assert np.abs(found.speaker).max() < 1e-4  # bands are less their mean, so their mean is nothing


def test_without_those_files_it_is_said_what_else_there_is(tmp_path):
    from operators.minicpm_o.voice.listening import listened

    with pytest.raises(ValueError, match=r"speech_tokenizer_v2_25hz.onnx; there is none, .* or give a prompt made elsewhere"):
        listened(tmp_path, sound(), 16_000)
    (tmp_path / "speech_tokenizer_v2_25hz.onnx").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"is no ONNX file that can be run"):
        listened(tmp_path, sound(), 16_000)


@pytest.mark.parametrize("samples", [np.zeros((2, 2)), np.zeros(100), np.zeros(300_000), np.full(16_000, np.nan)])
def test_sound_that_is_no_prompt_is_refused(tmp_path, samples):
    from operators.minicpm_o.voice.listening import listened

    with pytest.raises(ValueError, match=r"wants 0.5 to 17.0 s of finite sound"):
        listened(tmp_path, samples, 16_000)


def test_features_are_those_that_other_libraries_compute():
    """Compared once with librosa (5e-5), kaldi_native_fbank (5e-4 at the quietest); their figures at some places."""
    from operators.minicpm_o.voice.features import kaldi_bands, resampled, spoken_mel, voice_mel

    found = voice_mel(sound(3.0)), spoken_mel(sound(3.0)), kaldi_bands(sound(3.0)), resampled(sound(3.0), 16_000, 24_000)
    assert [each.shape for each in found] == [(100, 80), (128, 300), (298, 80), (72_000,)]
    places = np.stack([each[[[20], [60]], [5, 40]] for each in found[:3]])
    wanted = [
        [[-2.045, -4.145], [-3.611, -6.188]],
        [[-0.305, 0.250], [-0.123, 0.103]],
        [[-8.179, -5.370], [3.391, 5.556]],
    ]
    assert np.abs(places - wanted).max() < 1e-3
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    wanted = np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    assert np.abs(resampled(tone, 16_000, 24_000) - wanted)[200:-200].max() < 2e-3
    assert int(voice_mel(wanted.astype(np.float32))[20].argmax()) == 11  # Slaney's bands are 33 Hz apart down there
