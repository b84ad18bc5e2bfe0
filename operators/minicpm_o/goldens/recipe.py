"""Weights that were never written down: each a function of a seed, its name and its shape, between offset - scale and offset + scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from operators.minicpm_o.goldens.tally import splitmix

WORD = (1 << 64) - 1


def weight(seed: int, name: str, shape: Sequence[int], scale: float, offset: float) -> np.ndarray:
    """Draw one weight, float32.

    >>> weight(5501, "rand_noise", (2,), 3**0.5, 0.0).astype(float).round(3).tolist()
    [-0.797, 0.891]
    """
    numbers = splitmix(((seed * 1_000_003) ^ _fnv(name)) & WORD, prod(shape))
    return (offset + scale * (2.0 * numbers - 1.0)).astype(np.float32).reshape(shape)


def _fnv(name: str) -> int:
    """Hash a name with FNV-1a, 64 bits."""
    found = 0xCBF29CE484222325
    for byte in name.encode():
        found = (found ^ byte) * 0x100000001B3 & WORD
    return found
