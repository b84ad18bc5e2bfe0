"""What rounding costs: how often the likeliest token is another one, and how far what is likely has moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from operators.minicpm_o import thinking
from operators.minicpm_o.loading import Weights


class Quality(NamedTuple):
    """Hold how the rounded model compares: rows, the share of them with the same likeliest token, and the mean of KL(exact | rounded)."""

    rows: int
    agree: float
    kl: float


def quality(exact: Weights, rounded: Weights, ids: Sequence[int]) -> Quality:
    """Compare what two models expect after each id.

    KL is in nats: sum of p (log p - log q), p of the exact model.
    """
    p, q = (_log_likely(weights, ids) for weights in (exact, rounded))
    return Quality(len(ids), float((p.argmax(-1) == q.argmax(-1)).mean()), float((np.exp(p) * (p - q)).sum(-1).mean()))


def _log_likely(weights: Weights, ids: Sequence[int]) -> np.ndarray:
    """Return the logarithms of how likely each token is after each id, float64 [n, vocabulary]."""
    _, hidden = thinking.feed(weights, thinking.begin(weights), [list(ids)])
    found = thinking.logits(weights, hidden).astype(np.float64)
    found -= found.max(-1, keepdims=True)
    return found - np.log(np.exp(found).sum(-1, keepdims=True))
