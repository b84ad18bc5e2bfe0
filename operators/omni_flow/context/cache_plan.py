"""What becomes of a key/value cache: which rows stay, where they move to, what is computed anew. A model's cache carries it out."""

from __future__ import annotations

from typing import NamedTuple


class Rows(NamedTuple):
    """Keep rows `[start, end)` of the cache as it is, from row `to` on in the new one.

    Values stay as they are. Keys are turned from their old positions to the new ones, all by the same `shift`:
    k' = R(to + i) R(start + i)^-1 k, with the frequencies of the model's rotary embedding; a position is a row's number.
    """

    start: int
    end: int
    to: int

    @property
    def shift(self) -> int:
        """Return by how many positions the keys turn; 0 leaves them alone."""
        return self.to - self.start

    @property
    def length(self) -> int:
        """Return how many rows these are."""
        return self.end - self.start


class Prefill(NamedTuple):
    """Compute rows from row `to` on by feeding these ids, seeing all rows before them in the new cache.

    Where an id stands for an embedding of a picture or of sound, the embedding is fed. `made_of` says whose the ids are:
    runs (unit, start, end) of the units' own ids, in order; it does not cover what belongs to no unit.
    """

    ids: tuple[int, ...]
    to: int
    made_of: tuple[tuple[int, int, int], ...] = ()

    @property
    def length(self) -> int:
        """Return how many rows these are."""
        return len(self.ids)


class CachePlan(NamedTuple):
    """Say what the new cache is made of, from its first row to its last, each part where the one before it ends.

    A part needs only what stands before it, so parts are carried out in order: copy and turn `Rows` of the old cache,
    feed a `Prefill` on what is there by then.
    """

    before: int  # rows of the cache as it is
    parts: tuple[Rows | Prefill, ...]

    @property
    def after(self) -> int:
        """Return how many rows the new cache has."""
        return sum(part.length for part in self.parts)

    @property
    def changes(self) -> bool:
        """Tell whether there is anything to be done."""
        return self.parts != _all(self.before)


def _all(rows: int) -> tuple[Rows, ...]:
    return (Rows(0, rows, 0),) if rows else ()


def joined(before: int, parts: tuple[Rows | Prefill, ...]) -> CachePlan:
    """Make a plan of parts: leave out the empty ones, and join rows that stay together.

    >>> joined(9, (Rows(0, 4, 0), Rows(4, 4, 4), Rows(4, 9, 4))).changes
    False
    """
    found: list[Rows | Prefill] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Rows) and isinstance(last, Rows) and last.end == part.start:
            found[-1] = Rows(last.start, part.end, last.to)
        elif part.length:
            found.append(part)
    return CachePlan(before, tuple(found))
