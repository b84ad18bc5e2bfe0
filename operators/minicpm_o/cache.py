"""A key/value cache that is a value: whoever holds one keeps it as it is, whatever is fed on top of it.

Rows are appended in place where nobody else has appended before, and copied where somebody has: a cache that grows token by token
costs what the token costs, and a fork nothing until it goes another way. Keys are held as they were turned to their positions;
a position is a row's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from operators.minicpm_o.door import Tensor, torch

ROOM = 256  # rows at least that are made ahead


class Layout(NamedTuple):
    """Say what a cache is made of: layers, heads of keys and values, their width, and torch's type and device."""

    layers: int
    heads: int
    width: int
    dtype: object
    device: str


@dataclass
class Store:
    """Hold the memory that caches share: keys and values [layer, head, row, width]. Rows before `used` are never written again."""

    keys: Tensor
    values: Tensor
    used: int = 0

    @property
    def rows(self) -> int:
        """Return for how many rows there is room."""
        return self.keys.shape[2]


@dataclass(frozen=True)
class Cache:
    """Hold the first `length` rows of a store."""

    layout: Layout
    length: int = 0
    store: Store | None = field(default=None, repr=False, compare=False)

    def keys(self, layer: int) -> Tensor:
        """Return a layer's keys [head, row, width]."""
        return self._held().keys[layer, :, : self.length]

    def values(self, layer: int) -> Tensor:
        """Return a layer's values [head, row, width]."""
        return self._held().values[layer, :, : self.length]

    def truncated(self, length: int) -> Cache:
        """Return the first rows only. Nothing is copied. Raises ValueError for more rows than there are."""
        if not 0 <= length <= self.length:
            raise ValueError(f"cache: wants a length of 0 to {self.length}, got {length}")
        return Cache(self.layout, length, self.store)

    def forgotten(self) -> Cache:
        """Return an empty cache of the same layout, which holds on to no memory."""
        return Cache(self.layout)

    def _held(self) -> Store:
        return self.store if self.store is not None else _store(self.layout, 0)


@dataclass(frozen=True)
class Growing:
    """Hold room for `rows` more rows of a cache while they are computed, layer by layer. Until `done`, nothing has changed."""

    before: Cache
    rows: int
    store: Store = field(repr=False)

    @property
    def start(self) -> int:
        """Return the number of the first new row."""
        return self.before.length

    def put(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Write a layer's new keys and values [head, rows, width]; return all of that layer's."""
        start, end = self.before.length, self.before.length + self.rows
        all_keys, all_values = self.store.keys[layer, :, :end], self.store.values[layer, :, :end]
        all_keys[:, start:], all_values[:, start:] = keys, values
        return all_keys, all_values

    def done(self) -> Cache:
        """Return the cache with the new rows."""
        self.store.used = self.before.length + self.rows
        return Cache(self.before.layout, self.store.used, self.store)


def growing(cache: Cache, rows: int) -> Growing:
    """Make room for more rows: in place if the cache ends where its store does, else in a copy, twice as long where it was too short."""
    store, end = cache.store, cache.length + rows
    if store is not None and store.used == cache.length and end <= store.rows:
        return Growing(cache, rows, store)
    wider = _store(cache.layout, end + max(ROOM, end // 2 if cache.length else 0))
    if cache.length:
        held = cache._held()
        wider.keys[:, :, : cache.length] = held.keys[:, :, : cache.length]
        wider.values[:, :, : cache.length] = held.values[:, :, : cache.length]
    return Growing(cache, rows, wider)


def joined(cache: Cache, parts: Sequence[tuple[int, int, int]], turned: Sequence[Tensor | None]) -> Cache:
    """Make a cache of rows [start, end) of another, one part after the other. `turned`: a part's keys if they have moved."""
    length = sum(end - start for start, end, _ in parts)
    held, store, at = cache._held(), _store(cache.layout, length + ROOM), 0
    for (start, end, _), keys in zip(parts, turned):
        store.keys[:, :, at : at + end - start] = held.keys[:, :, start:end] if keys is None else keys
        store.values[:, :, at : at + end - start] = held.values[:, :, start:end]
        at += end - start
    store.used = length
    return Cache(cache.layout, length, store)


def _store(layout: Layout, rows: int) -> Store:
    shape = (layout.layers, layout.heads, rows, layout.width)
    made = (torch().empty(shape, dtype=layout.dtype, device=layout.device) for _ in range(2))
    return Store(*made)
