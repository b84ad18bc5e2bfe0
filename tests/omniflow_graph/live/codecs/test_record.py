"""What a picture's head says is read without decoding it, and a picture that may not be decoded is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from omniflow_graph.live.codecs.record import CodecError, checked_parts, checked_picture, picture_size, unix_ns
from tests.omniflow_graph.live.codecs.pictures import JPEG, jpeg, lying


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("more", [{}, {"progressive": True}, {"exif": b"Exif\x00\x00" + bytes(300)}])
def test_the_size_of_a_picture_stands_in_its_head(kind, more):
    out = io.BytesIO()
    Image.new("RGB", (37, 11)).save(out, kind, **more)
    assert picture_size("cam", out.getvalue()) == (37, 11)
    assert checked_picture("cam", out.getvalue()) == out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JPEG or PNG"),
        (b"GIF89a", "no JPEG or PNG"),
        (JPEG[:20], "a JPEG without a frame header"),
        (b"\xff\xd8\xff\xd9" + JPEG[2:], "a JPEG without a frame header"),
        (b"\xff\xd8" + b"\xff" * 1000, "a JPEG without a frame header"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1000, "a JPEG without a frame header"),
        (lying(12_000, 12_000), "a picture of 12000 x 12000, wants 1 to 16777216 pixels"),
        (lying(0, 9), "a picture of 0 x 9, wants 1 to"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(data, words):
    with pytest.raises(CodecError, match=words):
        checked_picture("cam", data)


def test_a_picture_of_the_largest_size_is_taken():
    assert picture_size("cam", checked_picture("cam", lying(4096, 4096))) == (4096, 4096)
    with pytest.raises(CodecError):
        checked_picture("cam", lying(4096, 4097))


def test_a_message_has_as_many_parts_as_its_format():
    checked_parts("x", [b"a", b"b"], 1, 2)
    with pytest.raises(CodecError, match="x: wants 1 part, got 2"):
        checked_parts("x", [b"a", b"b"], 1)
    with pytest.raises(CodecError, match="x: a part of more than 8 MB"):
        checked_parts("x", [bytes((8 << 20) + 1)], 1)


@pytest.mark.parametrize(("stamp", "ns"), [(0, 0), (1.5, 1_500_000_000), (1_700_000_000.25, 1_700_000_000_250_000_000)])
def test_unix_seconds_become_nanoseconds(stamp, ns):
    assert unix_ns("x", stamp) == ns


@pytest.mark.parametrize("stamp", [-1.0, 1 << 32, float("nan"), float("inf"), "1.5", True, None, [1.5]])
def test_what_is_no_time_is_refused(stamp):
    with pytest.raises(CodecError, match="x: a timestamp is Unix seconds"):
        unix_ns("x", stamp)


def test_pictures_here_are_what_they_say():
    assert picture_size("x", jpeg(9, 7)) == (9, 7)
