"""Draw what nano's camera sees: a lamp of five colours, up to five blocks, a kettle that steams when it boils."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulations.nano.words import COLOURS, KETTLE

SIZE = 64  # pixels, both ways
CELL = 8  # a block lies in a cell of this grid, give or take a pixel: so it can be counted by small eyes
COLUMNS, ROWS, FIRST_ROW = 8, 3, 5  # of cells that may hold a block
BLOCK = 6  # pixels, both ways
LIT = np.array([(225, 45, 40), (40, 190, 70), (50, 80, 235), (240, 215, 50), (165, 50, 200)], np.float32)  # as COLOURS
WOODS = np.array([(170, 115, 65), (60, 35, 20), (235, 200, 150), (30, 30, 35), (225, 225, 230)], np.float32)
ROWS_OF, COLUMNS_OF = (axis.astype(np.float32) for axis in np.mgrid[:SIZE, :SIZE])


class Scene(NamedTuple):
    """Say what is to be seen."""

    lamp: int = 0  # which of COLOURS
    blocks: int = 0  # 0 to 5
    kettle: int = 0  # 1: it boils


class Layout(NamedTuple):
    """Say where in the picture things are, and how bright it is: it stays for a session."""

    wall: np.ndarray  # float32 [3]
    table: np.ndarray
    wood: np.ndarray
    lamp: tuple[int, int, float]  # row, column, radius
    kettle: tuple[int, int]  # the upper left corner of its body
    cells: np.ndarray  # which cells hold the first block, the second one, ...
    offsets: np.ndarray  # [5, 2], pixels
    brightness: float


def lay_out(rng: np.random.Generator) -> Layout:
    """Draw a layout."""
    wall, table = rng.uniform(80, 170, 3), rng.uniform(40, 150, 3)
    lamp = (int(rng.integers(9, 15)), int(rng.integers(10, 23)), float(rng.uniform(5.5, 8)))
    strange = np.argsort(np.abs(WOODS - table).sum(axis=1))[-2:]  # those that stand out
    wood = WOODS[strange[rng.integers(2)]]
    cells, offsets = rng.permutation(COLUMNS * ROWS)[:5], rng.integers(0, 3, (5, 2))
    kettle = (int(rng.integers(20, 25)), int(rng.integers(36, 46)))
    brightness = float(rng.uniform(0.7, 1.15))
    return Layout(wall.astype(np.float32), table.astype(np.float32), wood, lamp, kettle, cells, offsets, brightness)


def draw(scene: Scene, rng: np.random.Generator, layout: Layout | None = None) -> np.ndarray:
    """Draw a scene in a layout, or in one of its own, with noise: uint8 [64, 64, 3], rows first, red first.

    >>> draw(Scene(lamp=1, blocks=3), np.random.default_rng(0)).shape
    (64, 64, 3)
    """
    where = layout or lay_out(rng)
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[: FIRST_ROW * CELL - 4], picture[FIRST_ROW * CELL - 4 :] = where.wall, where.table
    _lamp(picture, scene, where)
    _kettle(picture, scene, where, rng)
    for cell, (down, right) in zip(where.cells[: scene.blocks], where.offsets):
        row, column = (FIRST_ROW + cell // COLUMNS) * CELL + down, cell % COLUMNS * CELL + right
        picture[row : row + BLOCK, column : column + BLOCK] = where.wood
        picture[row, column : column + BLOCK] = where.wood * 1.3
    picture *= where.brightness
    begin = int(rng.integers(len(_noise()) - picture.size))
    picture += _noise()[begin : begin + picture.size].reshape(picture.shape)
    return np.minimum(np.maximum(picture, 0), 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    """Draw a long tape of noise once: a picture takes a piece of it, as drawing afresh costs more than all the rest."""
    return 6 * np.random.default_rng(64).standard_normal(1 << 19, np.float32)


def _lamp(picture: np.ndarray, scene: Scene, where: Layout) -> None:
    row, column, radius = where.lamp
    picture[row : FIRST_ROW * CELL - 4, column - 1 : column + 1] = 30  # its stem
    top = picture[: FIRST_ROW * CELL - 4]
    far = (ROWS_OF[: len(top)] - row) ** 2 + (COLUMNS_OF[: len(top)] - column) ** 2
    top[far < radius**2] = LIT[scene.lamp]
    top[far < (radius / 3) ** 2] = (LIT[scene.lamp] + 255) / 2


def _kettle(picture: np.ndarray, scene: Scene, where: Layout, rng: np.random.Generator) -> None:
    row, column = where.kettle
    picture[row : row + 12, column : column + 13] = (60, 62, 70)
    picture[row + 2 : row + 5, column + 13 : column + 17] = (60, 62, 70)  # its spout
    if scene.kettle:
        for n in range(4):  # steam, never twice the same
            down, right = row - 4 - 4 * n + rng.integers(-1, 2), column + 8 + rng.integers(-3, 6)
            picture[max(down, 0) : max(down + 4, 0), right : right + 5] = 245


def shows(scene: Scene, awaited: int) -> bool:
    """Tell whether what is awaited, a colour or KETTLE, is to be seen."""
    return bool(scene.kettle) if awaited == KETTLE else scene.lamp == awaited


def named(scene: Scene) -> str:
    """Name a scene, as a shot of a camera does.

    >>> named(Scene(2, 3, 1)), called("blue lamp, 3 blocks, kettle boiling")
    ('blue lamp, 3 blocks, kettle boiling', Scene(lamp=2, blocks=3, kettle=1))
    """
    return f"{COLOURS[scene.lamp]} lamp, {scene.blocks} blocks, kettle {'boiling' if scene.kettle else 'off'}"


def called(name: str) -> Scene:
    """Return the scene of a name. Raises ValueError for a name that is none."""
    lamp, blocks, kettle = ([*part.split(), ""] for part in [*name.split(", "), "", ""][:3])
    try:
        scene = Scene(COLOURS.index(lamp[0]), int(blocks[0]), int(kettle[1] == "boiling"))
    except ValueError:
        scene = None
    if scene is None or named(scene) != name:
        raise ValueError(f"scene: wants a name such as {named(Scene(2, 3, 1))!r}, got {name!r}") from None
    return scene
