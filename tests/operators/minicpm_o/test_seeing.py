"""A picture is cut, laid out and encoded so that no look depends on another, whatever the size of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from operators.minicpm_o.seeing import looks, pixels, places_of, position_ids, see
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def picture(width, height, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_patches_lie_beside_one_another_from_minus_1_to_1():
    look = picture(42, 28)
    laid = pixels(look)
    assert (laid.shape, laid.dtype) == ((3, 14, 14 * 6), np.float32)
    second_row = look[14:28, 0:14].astype(np.float32) / 127.5 - 1  # the fourth patch
    assert np.abs(laid[:, :, 42:56] - second_row.transpose(2, 0, 1)).max() < 1e-6


@pytest.mark.parametrize(
    ("count", "begins"),
    [
        (24, [0, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 37, 40, 43, 46, 49, 52, 55, 58, 61, 64, 67]),
        (32, [0, 2, 4, 6, 8, 10, 13, 15, 17, 19, 21, 24, 26, 28, 30, 32, 35, 37, 39, 41, 43, 45, 48, 50, 52, 54, 56, 59, 61, 63, 65, 67]),
        (70, list(range(70))),
    ],
)
def test_positions_are_those_of_the_specification(count, begins):
    assert position_ids(1, count).tolist() == begins
    assert position_ids(count, 1).tolist() == [70 * begin for begin in begins]


@pytest.mark.parametrize("count", [28, 35, 49, 58, 77])
def test_where_a_patch_begins_at_a_border_torch_decides(count):
    import torch

    begins = torch.arange(0, 1 - 1e-6, 1 / torch.tensor(count))
    assert position_ids(1, count).tolist() == torch.bucketize(begins, torch.arange(1 / 70, 1.0, 1 / 70), right=True).tolist()


def test_the_first_place_is_no_sine_and_every_cosine():
    assert places_of(16, 2, 2)[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]


def test_a_picture_comes_to_an_overview_and_its_cells(weights):
    one, large, largest = see(weights, [picture(320, 180), picture(640, 480), picture(672, 672)], [1, 9, 25])
    assert (one.shape, large.shape, largest.shape) == ((1, 64, 32), (3, 64, 32), (5, 64, 32))


def test_cells_come_row_by_row_after_the_overview():
    quarters = np.zeros((1000, 1000, 3), np.uint8)
    for n, (y, x) in enumerate(((0, 0), (0, 500), (500, 0), (500, 500))):
        quarters[y : y + 500, x : x + 500] = 50 * (n + 1)
    assert [int(np.median(look)) for look in looks(quarters, 9)[1:]] == [50, 100, 150, 200]


def test_the_largest_picture_is_cut_into_25_cells():
    assert [look.shape for look in looks(picture(2240, 2240), 25)] == [(448, 448, 3)] * 26


def test_what_comes_out_of_a_picture_depends_on_no_other(weights):
    first, second, third = picture(320, 180, 1), picture(180, 320, 2), picture(320, 180, 3)
    together = see(weights, [first, second, third])
    for alone, among in zip((first, second, third), together):
        assert np.abs(see(weights, [alone])[0] - among).max() < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1), (1, 20_000), (13, 27)])
def test_a_picture_of_any_size_is_seen(weights, size):
    (seen,) = see(weights, [picture(*size)])
    assert (seen.shape, np.isfinite(seen).all()) == ((1, 64, 32), True)


@pytest.mark.parametrize(
    ("shown", "got"),
    [
        (np.zeros((4, 4), np.uint8), r"got uint8 \[4, 4\]"),
        (np.zeros((4, 4, 4), np.uint8), r"got uint8 \[4, 4, 4\]"),
        (np.zeros((4, 4, 3), np.float32), r"got float32 \[4, 4, 3\]"),
        (np.zeros((0, 4, 3), np.uint8), r"got uint8 \[0, 4, 3\]"),
    ],
)
def test_what_is_no_picture_is_refused(weights, shown, got):
    with pytest.raises(ValueError, match=f"wants a picture as uint8 .height, width, 3., .* {got}"):
        see(weights, [shown])


def test_limits_of_cells_go_with_pictures(weights):
    with pytest.raises(ValueError, match="wants a number of cells for each of 1 pictures, got 2"):
        see(weights, [picture(8, 8)], [1, 2])
