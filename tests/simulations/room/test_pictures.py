"""A scene's name decides its picture, which any decoder reads."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from operators.senses.eyes import CHANGED, thumbnail
from simulations.room.pictures import picture, png


def change(before: str, after: str) -> int:
    """Return how much changes, in permille, as `see` counts."""
    small = [np.frombuffer(thumbnail(picture(scene)) or b"", np.uint8).astype(int) for scene in (before, after)]
    return int(np.abs(small[0] - small[1]).sum()) * 1000 // (255 * len(small[0]))


def test_a_picture_is_written_as_any_decoder_reads_it():
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_what_is_larger_than_a_block_is_written_whole():
    pixels = (np.arange(200 * 150 * 3) % 251).astype(np.uint8).reshape(150, 200, 3)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_another_scene_is_another_picture():
    assert len({picture(scene) for scene in ("a lamp", "a kettle", "dark", "a cat")}) == 4
    assert picture("a lamp") == picture("a lamp")


def test_eyes_tell_any_two_scenes_apart():
    scenes = ["dark", *(f"scene {n}" for n in range(30))]
    assert min(change(a, b) for n, a in enumerate(scenes) for b in scenes[:n]) >= CHANGED


def test_in_the_dark_nothing_is_seen():
    assert thumbnail(picture("dark")) == bytes(16 * 12)
