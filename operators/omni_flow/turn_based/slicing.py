"""Say how a picture is cut for the model: an overview, and if it is large, cells in full resolution, row by row.

Arithmetic of LLaVA-UHD as the published processor does it (spec 3.1): one look of the encoder is some 448 x 448 pixels, a patch
is 14 x 14, and whatever its size, a look becomes 64 tokens.
"""

from __future__ import annotations

from math import ceil, log, sqrt
from typing import NamedTuple

from operators.omni_flow.tokens.vocabulary import VISUAL_TOKENS

SIDE, PATCH = 448, 14  # pixels
TURN_BASED, LARGEST = 9, 25  # cells of a picture: what the processor takes by default; what 2240 x 2240 needs

Size = tuple[int, int]  # width, height, in pixels; of a grid, columns and rows


class Slicing(NamedTuple):
    """Say to what size a picture is scaled as an overview; of one that is cut, the grid, and the size of each cell."""

    overview: Size
    grid: Size = (0, 0)
    cell: Size = (0, 0)

    @property
    def cells(self) -> int:
        """Return how many cells there are besides the overview."""
        return self.grid[0] * self.grid[1]

    @property
    def refined(self) -> Size:
        """Return the size to which the picture is scaled before cells are cut out of it; (0, 0) if none are."""
        return self.cell[0] * self.grid[0], self.cell[1] * self.grid[1]

    @property
    def tokens(self) -> int:
        """Return how many embeddings the picture becomes, marks not counted."""
        return VISUAL_TOKENS * (1 + self.cells)

    @property
    def patches(self) -> tuple[tuple[int, int], ...]:
        """Return (rows, columns) of patches of each look, in the order in which they are encoded: overview, then cells row by row."""
        return tuple((height // PATCH, width // PATCH) for width, height in (self.overview, *(self.cell,) * self.cells))


def slices(width: int, height: int, most: int = TURN_BASED) -> Slicing:
    """Cut a picture of so many pixels into at most `most` cells. Raises ValueError for sizes below 1.

    >>> slices(1280, 720, 9)
    Slicing(overview=(602, 336), grid=(3, 2), cell=(490, 406))
    """
    if min(width, height, most) < 1:
        raise ValueError(f"slices: wants a width, a height and a number of cells, 1 or more each, got {width} x {height} and {most}")
    wanted = min(ceil(width * height / SIDE**2), most)
    if wanted <= 1:
        return Slicing(_fit(width, height))
    columns, rows = grid = _grid(width / height, wanted, most)
    cell = _fit(_near(width, columns) / columns, _near(height, rows) / rows)
    return Slicing(_fit(width, height), grid, cell)  # never upscaled: it is larger than one look


def _grid(ratio: float, wanted: int, most: int) -> Size:
    """Choose the grid whose shape is nearest to the picture's, out of those of about the wanted number of cells; the first of equals."""
    counts = [n for n in (wanted - 1, wanted, wanted + 1) if 1 < n <= most]
    grids = [(columns, n // columns) for n in counts for columns in range(1, n + 1) if n % columns == 0]
    return min(grids, key=lambda grid: abs(log(ratio) - log(grid[0] / grid[1])))


def _fit(width: float, height: float) -> Size:
    """Scale to the area of one look, in whole patches, one at least."""
    ratio = width / height
    scaled = int(SIDE / sqrt(ratio))
    return _near(int(scaled * ratio), PATCH), _near(scaled, PATCH)  # the width follows the height as cut: so it is in the processor


def _near(length: float, step: int) -> int:
    """Round to a multiple, half to even, of one step at least."""
    return max(round(length / step) * step, step)
