"""Speech lies in the checkpoint of the whole model, among weights that are not its own."""

import numpy as np
import pytest

from operators.nano.speech.bundled import put, speech
from operators.nano.tensors import read_tensors, write_tensors

GRAPHS = {"speaking": b"1", "flow": b"2", "vocoder": b"3"}


def test_what_others_wrote_stays(tmp_path):
    write_tensors(tmp_path / "model.safetensors", {"ears.w": np.ones(2, np.float16), "speech.old": np.ones(1, np.float16)})
    put(tmp_path, GRAPHS, {"flow.w": np.zeros(3, np.float16)}, ("one,", "two"))
    assert sorted(read_tensors(tmp_path / "model.safetensors")) == ["ears.w", "speech.flow.w", "speech.words"]
    assert read_tensors(tmp_path / "model.safetensors")["speech.words"].tobytes() == b"one, two"
    assert (tmp_path / "speech_flow.onnx").read_bytes() == b"2"


def test_a_checkpoint_without_speech_says_how_to_make_it(tmp_path):
    with pytest.raises(ValueError, match=r"has no model\.safetensors, speech_speaking\.onnx, .* python -m simulations\.nano\.training\.speech"):
        speech(tmp_path)
    put(tmp_path, GRAPHS, {}, ())
    write_tensors(tmp_path / "model.safetensors", {})
    with pytest.raises(ValueError, match=r"model\.safetensors: holds no tensors speech\.\*; train speech"):
        speech(tmp_path)
