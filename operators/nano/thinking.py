"""The language model without torch: rows in, hidden states out, and a cache of plain arrays. As `operators.minicpm_o.thinking`, in onnxruntime.

A cache is a value: arrays of keys, turned to their positions, and of values. Words and scores are a table of a few dozen rows;
whoever asks sees the published ids, of which all others score lower than any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from operators.omni_flow.context.cache_plan import CachePlan, Rows
from operators.omni_flow.tokens.vocabulary import SIZE

if TYPE_CHECKING:
    from operators.nano.loading import Nano

NEVER = np.float32(-1e4)  # the score of an id that it does not know


@dataclass(frozen=True, eq=False)
class Cache:
    """Hold keys and values, float32 [layer, head, row, width]."""

    keys: np.ndarray
    values: np.ndarray

    @property
    def length(self) -> int:
        """Return how many rows it has."""
        return self.keys.shape[2]

    def truncated(self, length: int) -> Cache:
        """Return the first rows only."""
        return Cache(self.keys[:, :, :length], self.values[:, :, :length])

    def forgotten(self) -> Cache:
        """Return an empty cache of the same layout, which holds on to no memory."""
        return Cache(self.keys[:, :, :0].copy(), self.values[:, :, :0].copy())


def begin(weights: Nano) -> Cache:
    """Return an empty cache."""
    of = weights.config.language
    none = np.zeros((of.num_hidden_layers, of.num_key_value_heads, 0, of.head_dim), np.float32)
    return Cache(none, none)


def embedded(weights: Nano, pieces: Sequence[Any]) -> np.ndarray:
    """Make rows [n, D] of ids and embeddings. Raises ValueError for ids that it does not know, and for embeddings of another width."""
    width = weights.config.width
    found = [np.zeros((0, width), np.float32)]
    for piece in pieces:
        if isinstance(piece, np.ndarray):
            if piece.ndim != 2 or piece.shape[1] != width:
                raise ValueError(f"nano: wants embeddings [n, {width}], got {list(piece.shape)}")
            found.append(piece)
            continue
        rows = weights.vocabulary.rows[list(piece)]
        if (rows < 0).any():
            raise ValueError(f"nano: wants ids of its own words and marks, got {piece[int(np.argmin(rows))]}")
        found.append(weights.table[rows])
    return np.concatenate(found)


def feed(weights: Nano, cache: Cache, pieces: Sequence[Any]) -> tuple[Cache, np.ndarray]:
    """Feed rows behind those of the cache. Returns the cache with them, and the hidden state at each [n, D]. The given one stays."""
    rows = embedded(weights, pieces)
    if not len(rows):
        return cache, rows
    cos, sin = turning(weights, cache.length, len(rows))
    given = {"rows": rows, "cos": cos, "sin": sin, "mask": _mask(cache.length, len(rows)), "keys": cache.keys, "values": cache.values}
    hidden, keys, values = weights.thinks.run(None, given)
    return Cache(keys, values), hidden


def logits(weights: Nano, hidden: np.ndarray) -> np.ndarray:
    """Return the logits [..., published vocabulary] at hidden states [..., D]."""
    scores = np.full((*hidden.shape[:-1], SIZE), NEVER, np.float32)
    scores[..., weights.ids] = hidden @ weights.scores.T
    return scores


def carry_out(weights: Nano, cache: Cache, plan: CachePlan, rows_of: Sequence[Sequence[Any]] = ()) -> Cache:
    """Make the cache that a plan describes: rows that stay, rows that move, rows that are fed anew: by default their ids.

    Raises ValueError for a plan of another cache.
    """
    if plan.before != cache.length:
        raise ValueError(f"nano: wants a plan for a cache of {cache.length} rows, got one for {plan.before}")
    if not plan.changes:
        return cache
    new, anew = cache.truncated(0), iter(rows_of)
    for part in plan.parts:
        new = _moved(weights, cache, new, part) if isinstance(part, Rows) else feed(weights, new, next(anew, [part.ids]))[0]
    return new


def _moved(weights: Nano, old: Cache, new: Cache, part: Rows) -> Cache:
    """Append rows of an old cache to a new one, their keys turned by R(to) R(start)^-1."""
    keys, values = (each[:, :, part.start : part.end] for each in (old.keys, old.values))
    if part.shift:
        cos, sin = turning(weights, part.shift, 1)
        low, high = np.split(keys, 2, axis=-1)
        keys = keys * cos + np.concatenate([-high, low], axis=-1) * sin
    return Cache(np.concatenate([new.keys, keys], axis=2), np.concatenate([new.values, values], axis=2))


def turning(weights: Nano, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return cos and sin [count, width of a head] at positions from `first` on."""
    of = weights.config.language
    angles = np.arange(first, first + count, dtype=np.float32)[:, None] * _frequencies(of.head_dim, of.rope_theta)
    angles = np.concatenate([angles, angles], axis=-1)
    return np.cos(angles), np.sin(angles)


@lru_cache(maxsize=4)
def _frequencies(width: int, theta: float) -> np.ndarray:
    return (1.0 / theta ** (np.arange(0, width, 2, dtype=np.float32) / width)).astype(np.float32)


def _mask(before: int, count: int) -> np.ndarray:
    """Return what is added to the scores of keys, float32 [count, before + count]: rows see those up to themselves."""
    mask = np.zeros((count, before + count), np.float32)
    mask[:, before:] = np.triu(np.full((count, count), -1e9, np.float32), 1)
    return mask
