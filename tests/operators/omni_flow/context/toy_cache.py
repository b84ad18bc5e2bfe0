"""A key/value cache that carries out plans: two layers of attention with rotary positions, in numpy, with weights from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from operators.omni_flow.context.cache_plan import CachePlan, Rows

DIM, LAYERS, THETA = 8, 2, 1e4
_RNG = np.random.default_rng(8)
QKV = _RNG.standard_normal((LAYERS, 3, DIM, DIM)) / DIM**0.5


@dataclass(frozen=True)
class Cache:
    """Hold keys, turned to their positions, and values: [layer, row, DIM]."""

    keys: np.ndarray
    values: np.ndarray

    @property
    def length(self) -> int:
        """Return how many rows there are."""
        return self.keys.shape[1]


def empty() -> Cache:
    """Begin."""
    return Cache(np.zeros((LAYERS, 0, DIM)), np.zeros((LAYERS, 0, DIM)))


@cache
def embedding(token: int) -> np.ndarray:
    """Return what stands for a token."""
    return np.random.default_rng(token).standard_normal(DIM)


def turn(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Turn vectors [..., row, DIM] by their positions: rotate-half, as the language model does."""
    angles = positions[:, None] * THETA ** (-np.arange(0, DIM, 2) / DIM)
    cos, sin = np.cos(angles), np.sin(angles)
    a, b = vectors[..., : DIM // 2], vectors[..., DIM // 2 :]
    return np.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def feed(past: Cache, ids: Sequence[int]) -> tuple[Cache, np.ndarray]:
    """Feed ids at the positions after the last row. Returns also what comes out at each: [row, DIM]."""
    first, n = past.length, len(ids)
    positions = np.arange(first, first + n)
    hidden = np.array([embedding(token) for token in ids]).reshape(n, DIM)
    keys, values = [], []
    for layer in range(LAYERS):
        query, key, value = (hidden @ weight for weight in QKV[layer])
        keys.append(np.concatenate([past.keys[layer], turn(key, positions)]))
        values.append(np.concatenate([past.values[layer], value]))
        scores = turn(query, positions) @ keys[-1].T / DIM**0.5
        scores[np.arange(first + n)[None, :] > positions[:, None]] = -np.inf
        weights = np.exp(scores - scores.max(axis=1, keepdims=True)) if n else scores
        hidden = hidden + weights / weights.sum(axis=1, keepdims=True) @ values[-1]
    return Cache(np.array(keys), np.array(values)), hidden


def carry_out(plan: CachePlan, old: Cache) -> Cache:
    """Make the new cache of the old one, part by part."""
    assert old.length == plan.before
    new = empty()
    for part in plan.parts:
        assert part.to == new.length
        if isinstance(part, Rows):
            keys = turn(old.keys[:, part.start : part.end], np.full(part.length, part.shift))
            values = old.values[:, part.start : part.end]
            new = Cache(np.concatenate([new.keys, keys], axis=1), np.concatenate([new.values, values], axis=1))
        else:
            new, _ = feed(new, part.ids)
    assert new.length == plan.after
    return new


def alike(a: Cache, b: Cache) -> bool:
    """Tell whether two caches are the same but for rounding."""
    return a.keys.shape == b.keys.shape and np.allclose(a.keys, b.keys, atol=1e-9) and np.allclose(a.values, b.values, atol=1e-9)
