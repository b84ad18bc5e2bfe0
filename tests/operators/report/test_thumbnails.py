"""Pictures on a page are small, and each stands there once while it stays the same."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from omniflow_graph import Event
from operators.report import thumbnails as module
from operators.report.thumbnails import thumbnail, thumbnails


def picture(grey: int, size: tuple[int, int] = (320, 240)) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0]), grey, np.uint8)).save(out, "JPEG")
    return out.getvalue()


def shots(*greys: int) -> list[Event[bytes]]:
    return [Event(1000 * n, "env-visual", n, picture(grey)) for n, grey in enumerate(greys)]


def test_a_picture_that_stays_the_same_stands_there_once():
    assert [time for time, _ in thumbnails(shots(10, 10, 200, 200, 10))] == [0, 2000, 4000]


def test_a_thumbnail_has_72_rows_and_the_shape_of_its_picture():
    small = Image.open(io.BytesIO(thumbnail(picture(90)) or b""))
    assert small.size == (96, 72)
    assert abs(np.asarray(small).mean() - 90) < 3


def test_what_is_no_picture_is_left_out():
    broken = [Event(5, "env-visual", 0, b"no picture"), Event(9, "env-visual", 1, picture(50)[:200])]
    assert thumbnails(broken) == []


def test_of_too_many_pictures_some_are_chosen_evenly(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    assert [time for time, _ in thumbnails(shots(*range(0, 250, 25)))] == [0, 3000, 6000]
