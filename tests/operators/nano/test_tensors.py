"""Tensors are written and read without any other package, byte for byte the same."""

import numpy as np
import pytest

from operators.nano.tensors import read_tensors, write_tensors

TENSORS = {
    "ears.b": np.arange(6, dtype=np.float16).reshape(2, 3),
    "speech.a": np.array([1.5, -2], np.float32),
    "speech.words": np.frombuffer(b"one two", np.uint8),
    "n": np.array(7),
}


def test_what_was_written_is_read(tmp_path):
    write_tensors(tmp_path / "t", TENSORS)
    read = read_tensors(tmp_path / "t")
    assert {name: (array.dtype, array.tolist()) for name, array in read.items()} == {n: (a.dtype, a.tolist()) for n, a in TENSORS.items()}


def test_a_prefix_chooses_and_is_taken_off(tmp_path):
    write_tensors(tmp_path / "t", TENSORS)
    assert sorted(read_tensors(tmp_path / "t", "speech.")) == ["a", "words"]


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    write_tensors(tmp_path / "a", TENSORS)
    write_tensors(tmp_path / "b", dict(reversed(TENSORS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_safetensors_itself_reads_it(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy", reason="comes with transformers")
    write_tensors(tmp_path / "t", TENSORS)
    assert {name: array.tolist() for name, array in theirs.load_file(tmp_path / "t").items()} == {n: a.tolist() for n, a in TENSORS.items()}


@pytest.mark.parametrize(
    "content", [b"", b"RIFF....WAVE", b"\x02\0\0\0\0\0\0\0[]", b'\x40\0\0\0\0\0\0\0{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}']
)
def test_a_file_that_is_none_is_named(tmp_path, content):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(ValueError, match="t: wants a safetensors file of F16, F32, I64, U8, got"):
        read_tensors(tmp_path / "t")


def test_a_type_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match="tensor 'a': wants one of float16, float32, int64, uint8, got float64"):
        write_tensors(tmp_path / "t", {"a": np.zeros(1)})
