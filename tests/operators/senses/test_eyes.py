"""Scene changes on pictures made here, and pictures that are none."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from omniflow_graph import Event, RecordingError, Wake
from operators.senses.eyes import Eyes, Glance, see, see_fast, thumbnail
from tests.foreign import png


def picture(grey: int, size: tuple[int, int] = (320, 240), form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(file, form)
    return file.getvalue()


def seen(fn, *pictures: bytes) -> list[Glance]:
    eyes, glances = Eyes(), []
    for n, data in enumerate(pictures):
        eyes, answers = fn(eyes, Event(n * 1_000, "env-visual", n, data))
        assert [time for time, _ in answers] == [n * 1_000]
        glances += [glance for _, glance in answers]
    return glances


def test_another_brightness_is_another_scene_and_a_flicker_is_none():
    assert seen(see, picture(50), picture(52), picture(202), picture(202)) == [
        Glance(0, 1, False),
        Glance(7, 1, False),
        Glance(588, 2, True),
        Glance(0, 2, False),
    ]


def test_a_broken_picture_is_reported_and_forgotten():
    whole = picture(50)
    assert seen(see, whole, b"no picture", whole[:200], b"", picture(52)) == [
        Glance(0, 1, False),
        Glance(0, 1, False, broken=True),
        Glance(0, 1, False, broken=True),
        Glance(0, 1, False, broken=True),
        Glance(7, 1, False),
    ]


def test_a_first_picture_that_is_broken_begins_no_scene():
    assert seen(see, b"no picture", picture(50)) == [Glance(0, 0, False, broken=True), Glance(0, 1, False)]


def test_a_picture_too_large_to_be_one_is_not_decoded():
    file = io.BytesIO()
    Image.new("1", (8000, 8000)).save(file, "PNG")  # whole, and small as a file
    assert thumbnail(file.getvalue()) is None


@pytest.mark.parametrize("side", [9500, 14_000, 60_000])
def test_what_a_picture_says_of_its_size_is_looked_at_before_anything_else(recwarn, side):
    head = picture(50)
    at = head.index(b"\xff\xc0") + 5  # where a JPEG's size stands
    jpeg = head[:at] + struct.pack(">HH", side, side) + head[at + 4 :]
    tracemalloc.start()
    assert seen(see, jpeg, png(side, side)) == [Glance(0, 0, False, broken=True)] * 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert list(recwarn) == []  # PIL warns of what has more than 89 million pixels


def test_a_thumbnail_is_the_same_size_whatever_the_picture():
    sizes = [len(thumbnail(picture(50, size, form)) or b"") for size in ((16, 12), (1, 1), (4000, 30)) for form in ("JPEG", "PNG")]
    assert sizes == [16 * 12] * 6


def test_the_fast_eyes_compare_bytes_and_decode_nothing():
    assert seen(see_fast, b"a", b"a", b"b") == [Glance(0, 1, False), Glance(0, 1, False), Glance(1000, 2, True)]


@pytest.mark.parametrize("fn", [see, see_fast])
def test_a_wake_changes_nothing(fn):
    assert fn(Eyes(b"x", 3), Wake(5)) == (Eyes(b"x", 3), [])


def test_no_damage_to_a_picture_raises():
    rng = np.random.default_rng(3)
    for form in ("JPEG", "PNG"):
        whole = picture(90, (40, 30), form)
        for _ in range(100):
            data = bytearray(whole[: int(rng.integers(1, len(whole) + 1))])
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
            assert thumbnail(bytes(data)) is None or len(thumbnail(bytes(data)) or b"") == 16 * 12


@pytest.mark.parametrize("fn", [see, see_fast])
def test_what_is_no_picture_at_all_is_refused_by_its_stream_number_and_time(fn):
    with pytest.raises(RecordingError, match=r"^stream 'env-visual', event 3 at 0\.500 s: wants a JPEG or PNG as bytes, got str; `omniflow import`"):
        fn(Eyes(), Event(500_000_000, "env-visual", 3, "a text"))
