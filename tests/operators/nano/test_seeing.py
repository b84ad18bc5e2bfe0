"""A picture becomes four tokens, and is told as what it shows; what cannot be decoded is reported."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from omniflow_graph import Event
from operators.nano.seeing import Eyes, attributes, decoded, see
from simulations.nano.scenes import Scene, draw, named
from tests.operators.nano.shipped import MODEL, nano


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def seen(*pictures: bytes) -> list:
    eyes, found = Eyes(), []
    for n, picture in enumerate(pictures):
        eyes, answers = see(eyes, Event(n, "env-visual", n, picture), model=MODEL)
        found += [data for _, data in answers]
    return found


def test_what_is_shown_is_told_and_a_change_is_a_cut():
    rng = np.random.default_rng(1)
    scenes = [Scene(0, 3, 0), Scene(0, 3, 0), Scene(2, 1, 1)]
    found = seen(*(png(draw(scene, rng)) for scene in scenes))
    assert [each.shows for each in found] == ["red lamp, three blocks, kettle off"] * 2 + ["blue lamp, one block, kettle boiling"]
    assert [(each.scene, each.cut, each.broken) for each in found] == [(1, False, False), (1, False, False), (2, True, False)]
    assert [each.tokens.shape for each in found] == [(4, nano().config.width)] * 3


def test_at_most_three_in_a_hundred_pictures_are_seen_wrongly():
    rng = np.random.default_rng(2)
    scenes = [Scene(int(rng.integers(5)), int(rng.integers(6)), int(rng.integers(2))) for _ in range(300)]
    wrong = [named(one) for one, other in zip(scenes, attributes(nano(), np.stack([draw(scene, rng) for scene in scenes]))) if one != other]
    assert len(wrong) <= 9, wrong


def test_a_broken_picture_changes_nothing_and_is_reported():
    whole = png(draw(Scene(1, 2, 0), np.random.default_rng(3)))
    first, broken, again = seen(whole, b"\x89PNG\r\n\x1a\n and no more", whole)
    assert (broken.broken, broken.shows, broken.tokens.shape) == (True, first.shows, (0, nano().config.width))
    assert again[:4] == first[:4]


def test_a_larger_picture_is_made_small():
    assert decoded(png(np.zeros((480, 640, 3), np.uint8)), 64).shape == (64, 64, 3)
