"""A scene is drawn the same from the same seed, and whatever can be asked about it is to be seen in it."""

from __future__ import annotations

import numpy as np
import pytest

from simulations.nano.scenes import LIT, Scene, called, draw, lay_out


def drawn(scene: Scene, seed: int = 3) -> np.ndarray:
    return draw(scene, np.random.default_rng([seed, 0]), lay_out(np.random.default_rng(seed)))


def test_the_same_seed_draws_the_same_picture():
    assert np.array_equal(drawn(Scene(1, 3, 1)), drawn(Scene(1, 3, 1)))
    assert not np.array_equal(drawn(Scene(1, 3, 1)), drawn(Scene(1, 3, 1), seed=4))


@pytest.mark.parametrize("lamp", range(5))
def test_the_lamp_has_its_colour(lamp):
    where = lay_out(np.random.default_rng(3))
    row, column, _ = where.lamp
    beside = drawn(Scene(lamp))[row + 4, column].astype(int)
    assert np.argmin(np.abs(LIT * where.brightness - beside).sum(axis=1)) == lamp


@pytest.mark.parametrize("blocks", range(6))
def test_each_block_covers_as_many_pixels(blocks):
    off = np.abs(drawn(Scene(0, blocks)).astype(int) - drawn(Scene(0, 0)).astype(int)).sum(axis=2)
    assert (off > 0).sum() == 36 * blocks


def test_only_a_kettle_that_boils_steams():
    off = np.abs(drawn(Scene(0, 0, 1)).astype(int) - drawn(Scene(0, 0, 0)).astype(int)).max(axis=2)
    changed = np.argwhere(off > 100)
    row, column = lay_out(np.random.default_rng(3)).kettle
    assert len(changed) > 20
    assert changed[:, 0].max() < row + 1
    assert changed[:, 1].min() >= column


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="wants a name such as 'blue lamp, 3 blocks, kettle boiling', got 'pink lamp, 3 blocks, kettle off'"):
        called("pink lamp, 3 blocks, kettle off")
