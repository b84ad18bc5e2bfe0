"""Whatever bytes stand where a payload should, reading them gives a payload or a ValueError."""

from __future__ import annotations

from collections import namedtuple
from contextlib import suppress

import msgpack
import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.recording.wire import ARRAY, DEEPEST, ROW, codecs, pack_value, reading, unpack_value

Box = namedtuple("Box", "x")


def boxed(depth: int) -> object:
    value = 7
    for _ in range(depth):
        value = Box(value)
    return value


def packed_boxes(depth: int) -> bytes:
    """Pack boxes in boxes, as the writer would if it went so deep."""
    content = b"\x07"
    for _ in range(depth):
        content = msgpack.packb(msgpack.ExtType(ROW, b"\x92\x91\xa1x\x91" + content))
    return content


def test_records_may_stand_in_records_and_not_without_end():
    assert unpack_value(pack_value(boxed(DEEPEST))) == boxed(DEEPEST)
    assert packed_boxes(DEEPEST) == pack_value(boxed(DEEPEST))
    with pytest.raises(ValueError, match="records more than 32 deep in records"):
        pack_value(boxed(DEEPEST + 1))
    for depth in (DEEPEST + 1, 2000):  # a thousand would be more than the stack has room for
        with pytest.raises(ValueError, match="records more than 32 deep in records"):
            unpack_value(packed_boxes(depth))


def test_a_record_that_was_read_can_be_written_again():
    content = pack_value({"a": Box(Box(1))})
    assert pack_value(unpack_value(content)) == content


@pytest.mark.parametrize("name", ["O", "f4,f4", "2)i4", "V0", "<M8[9999999999999999999999ns]", "i4" * 999, 7, None, ["<i2"], {"names": ["a"]}])
def test_an_array_is_of_numbers_whatever_it_says(name):
    content = msgpack.packb(msgpack.ExtType(ARRAY, msgpack.packb([name, [1], bytes(8)])))
    with pytest.raises((ValueError, TypeError)):
        unpack_value(content)


@pytest.mark.parametrize("form", ["<i2", ">f4", "|b1", "<c16", "<M8[ns]", "<U3", "|S5"])
def test_arrays_of_numbers_times_and_texts_come_back(form):
    array = np.zeros((2, 3), form)
    assert unpack_value(pack_value(array)).tolist() == array.tolist()


LENGTHS = [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x01"]


@pytest.mark.parametrize("start", LENGTHS, ids=["list", "map", "text", "bytes", "extension"])
def test_a_length_that_lies_is_a_value_error(start):
    for content in (start, start * 300):
        with pytest.raises(ValueError):
            unpack_value(content)


@given(content=st.binary() | st.builds(lambda code, inner: msgpack.packb(msgpack.ExtType(code, inner)), st.integers(0, 3), st.binary()))
def test_any_bytes_are_a_payload_or_refused(content):
    for kind in codecs().values():
        with suppress(ValueError, TypeError, OverflowError, DecodeError):
            kind.read(content)


def test_sound_of_16_bits_has_two_bytes_a_sample():
    audio = codecs()["audio"]
    with pytest.raises(ValueError, match="3 bytes of 16-bit samples"):
        audio.write(0, bytes(3), 16_000, "pcm-s16")
    assert audio.read(audio.write(0, bytes(3), 16_000, "opus")) == bytes(3)
    odd = audio.write(0, bytes(4), 16_000, "pcm-s16").replace(b"\x12\x04\0\0\0\0", b"\x12\x03\0\0\0")
    with pytest.raises(ValueError, match="3 bytes of 16-bit samples"):
        audio.read(odd)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sample_rate": 48_000}, "sound at 48000 Hz, 1 channels, 'pcm-s16'; wants 16000 Hz, 1 channel, 'pcm-s16'"),
        ({"number_of_channels": 2}, "sound at 16000 Hz, 2 channels, 'pcm-s16'; wants"),
        ({"format": "pcm-f32"}, "sound at 16000 Hz, 1 channels, 'pcm-f32'; wants"),
        ({"format": "", "data": b"abc"}, "3 bytes of 16-bit samples"),
    ],
)
def test_sound_is_what_its_manifest_says(changes, words):
    from foxglove_schemas_protobuf.RawAudio_pb2 import RawAudio

    whole = {"data": b"abcd", "sample_rate": 16_000, "number_of_channels": 1, "format": "pcm-s16"}
    read = reading("audio", 16_000, None)
    assert read(RawAudio(**whole).SerializeToString()) == read(RawAudio(data=b"abcd").SerializeToString()) == b"abcd"
    assert reading("audio", None, "opus")(RawAudio(**{**whole, "format": "opus"}).SerializeToString()) == b"abcd"
    with pytest.raises(ValueError, match=words):
        read(RawAudio(**{**whole, **changes}).SerializeToString())
