"""Pictures of imagezmq are taken as JPEG, and raw ones become JPEG."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from omniflow_graph.live.codecs.imagezmq import codec
from omniflow_graph.live.codecs.record import CodecError, Record
from tests.omniflow_graph.live.codecs.pictures import JPEG

READ = codec("env-visual").read


def raw(shape, data, **more) -> list[bytes]:
    return [json.dumps({"msg": "robot", "dtype": "uint8", "shape": list(shape), **more}).encode(), data]


def test_a_jpeg_is_taken_as_it_is():
    assert READ([b'{"msg": "robot"}', JPEG]) == [Record("env-visual", JPEG)]


def test_another_sender_is_left_to_others():
    assert codec("env-visual", name="robot").read([b'{"msg": "other"}', JPEG]) == []
    assert codec("env-visual", name="robot").read([b'{"msg": "robot"}', JPEG]) == [Record("env-visual", JPEG)]


def test_raw_bgr_becomes_a_jpeg_of_the_same_colours():
    blue = np.zeros((16, 24, 3), np.uint8)
    blue[..., 0] = 200
    (record,) = READ(raw((16, 24, 3), blue.tobytes()))
    picture = np.asarray(Image.open(io.BytesIO(record.data)), int)
    assert picture.shape == (16, 24, 3)
    assert np.abs(picture - [0, 0, 200]).max() <= 3


def test_raw_grey_becomes_a_jpeg():
    (record,) = READ(raw((16, 24), bytes([90]) * (16 * 24)))
    assert np.abs(np.asarray(Image.open(io.BytesIO(record.data)), int) - 90).max() <= 1


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([JPEG], "wants 2 parts, got 1"),
        ([b"[]", JPEG], "wants a JSON object"),
        ([b'{"msg": "robot"}', b"GIF"], "no JPEG or PNG"),
        (raw((16, 24, 3), bytes(5)), "5 bytes for 16 x 24 x 3"),
        (raw((1, 1, 4), bytes(4)), "4 bytes for 1 x 1 x 4"),
        (raw((10**9, 10**9, 3), b""), "0 bytes for 1000000000 x"),
        (raw((0, 24, 3), b""), "wants uint8 of a shape"),
        (raw((True, 1, 3), bytes(3)), "wants uint8 of a shape"),
        (raw((1, 1, 3), bytes(3), dtype="float64"), "wants uint8 of a shape .* got float64"),
        (raw((1,), bytes(1)), "wants uint8 of a shape"),
    ],
)
def test_anything_else_is_refused(parts, words):
    with pytest.raises(CodecError, match=words):
        READ(parts)
