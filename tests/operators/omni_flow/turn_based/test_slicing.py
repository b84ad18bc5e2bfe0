"""A picture is cut as the published processor cuts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operators.omni_flow.turn_based.slicing import LARGEST, SIDE, TURN_BASED, slices

PUBLISHED = json.loads((Path(__file__).parent / "slicing_published.json").read_text())["rows"]

TABLE = [  # of spec 3.1: size, most cells, grid, overview, cell, embeddings
    ((1280, 720), 1, (0, 0), (602, 336), (0, 0), 64),
    ((1280, 720), 2, (2, 1), (602, 336), (420, 476), 192),
    ((1280, 720), 9, (3, 2), (602, 336), (490, 406), 448),
    ((640, 480), 1, (0, 0), (518, 392), (0, 0), 64),
    ((640, 480), 9, (2, 1), (518, 392), (364, 546), 192),
    ((1920, 1080), 9, (4, 2), (602, 336), (420, 476), 576),
    ((100, 100), 9, (0, 0), (448, 448), (0, 0), 64),
    ((2240, 2240), 9, (3, 3), (448, 448), (448, 448), 640),
    ((2240, 2240), 25, (5, 5), (448, 448), (448, 448), 1664),
]


@pytest.mark.parametrize(("size", "most", "grid", "overview", "cell", "tokens"), TABLE)
def test_the_table_of_the_specification_comes_out(size, most, grid, overview, cell, tokens):
    found = slices(*size, most)
    assert (found.grid, found.overview, found.cell, found.tokens) == (grid, overview, cell, tokens)


def test_the_published_processor_cuts_sixty_pictures_in_the_same_way():
    for width, height, most, overview, grid, refined, last in PUBLISHED:
        found = slices(width, height, most)
        got = [*map(list, (found.overview, found.grid, found.refined, found.patches[-1]))]
        assert got == [overview, grid or [0, 0], refined or [0, 0], last], (width, height, most)
    assert len(PUBLISHED) == 60


def test_the_overview_is_encoded_first_then_cells_row_by_row():
    assert slices(1280, 720, 1).patches == ((24, 43),)
    assert slices(1280, 720, 9).patches == ((24, 43), *((29, 35),) * 6)


def test_a_picture_of_one_look_is_scaled_to_it_whatever_its_size():
    assert slices(SIDE, SIDE).overview == slices(10, 10).overview == (448, 448)
    assert slices(SIDE + 1, SIDE).cells == 2


def test_the_largest_picture_wants_25_cells_which_is_more_than_by_default():
    assert (slices(2240, 2240, LARGEST).cells, slices(2240, 2240).cells) == (25, TURN_BASED)


def test_a_cell_is_scaled_from_whole_pixels():
    assert slices(805, 1242).cell == (434, 448)  # 402.5 pixels are 402: an even half goes down, and with it a patch


def test_the_first_of_two_grids_that_fit_as_well_is_taken():
    assert slices(1000, 1000, 2).grid == (1, 2)


@pytest.mark.parametrize("given", [(0, 10, 9), (10, 0, 9), (10, 10, 0), (-1, 5, 1)])
def test_what_is_no_picture_or_no_number_of_cells_is_refused(given):
    with pytest.raises(ValueError, match="wants a width, a height and a number of cells, 1 or more each, got "):
        slices(*given)
