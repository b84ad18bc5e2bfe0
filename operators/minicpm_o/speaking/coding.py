"""Choose a speech code of logits: temperature, what was said lately, top-p, top-k, and where the end is not allowed yet.

Chance is handed in: a number in [0, 1) that falls between the sums of probabilities. Source: spec 6.2 to 6.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from operators.omni_flow.deciding.choosing import Draw

LATELY = 16  # codes
Told = Callable[[np.ndarray, np.ndarray], object]  # hears of each choice the logits and how likely each code was


@dataclass(frozen=True)
class Coding:
    """Say how a code is chosen. `top_p` and `top_k`, where they are given, keep at least `keep` codes. Raises ValueError."""

    mode: Literal["sampling", "greedy"] = "sampling"
    temperature: float = 0.8
    repetition: float = 1.05
    top_p: float | None = 0.85
    top_k: int | None = 25
    keep: int = 3

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.mode not in ("sampling", "greedy"):
            raise ValueError(f"coding: wants mode sampling or greedy, got {self.mode!r}")
        for name in ("temperature", "repetition", "top_p", "top_k", "keep"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise ValueError(f"coding: wants {name} above 0, got {value!r}")


WHOLE = Coding()  # of an utterance, and of groups
UNITS = Coding(top_p=None, top_k=None)  # of duplex windows


def unheard(logits: np.ndarray, likely: np.ndarray) -> None:
    """Hear of a choice, and do nothing."""


def chances(logits: np.ndarray, said: Sequence[int], settings: Coding, *, end: int, may_end: bool = True) -> np.ndarray:
    """Return how likely each code is, float64, after `said`, the codes before it. At the first one only the temperature counts.

    Raises ValueError for logits that are not finite.
    """
    if not np.isfinite(logits).all():
        raise ValueError("coding: wants finite logits, got NaN or infinity; look at what the speech decoder was fed")
    ruled = logits / np.float32(settings.temperature)
    if len(said):
        ruled = _shortened(_weakened(ruled, said, settings), settings)
    if not may_end:
        ruled[end] = -np.inf
    found = np.exp(ruled.astype(np.float64) - float(ruled.max()))
    return found / found.sum()


def chosen(
    logits: np.ndarray,
    said: Sequence[int],
    settings: Coding,
    draw: Draw | None = None,
    *,
    end: int,
    may_end: bool = True,
    told: Told = unheard,
) -> int:
    """Choose a code, or the end: the likeliest without a draw. Raises ValueError for logits that are not finite."""
    likely = chances(logits, said, settings, end=end, may_end=may_end)
    told(logits, likely)
    if draw is None or settings.mode == "greedy":
        return int(likely.argmax())
    sums = np.cumsum(likely)
    return int(np.searchsorted(sums, draw() * sums[-1], "right"))


def _weakened(logits: np.ndarray, said: Sequence[int], settings: Coding) -> np.ndarray:
    """Make codes of the last ones less likely, each as often as it was said."""
    codes, counts = np.unique(np.asarray(said[-LATELY:], np.intp), return_counts=True)
    by = np.float32(settings.repetition) ** counts.astype(np.float32)
    logits[codes] = np.where(logits[codes] < 0, logits[codes] * by, logits[codes] / by)
    return logits


def _shortened(logits: np.ndarray, settings: Coding) -> np.ndarray:
    """Leave the likeliest codes that together are as likely as top-p, and of those as many as top-k."""
    if settings.top_p is not None:
        order = np.argsort(logits, kind="stable")
        sums = np.cumsum(np.exp(logits[order].astype(np.float64) - float(logits.max())))
        gone = sums / sums[-1] <= 1 - settings.top_p
        gone[len(gone) - settings.keep :] = False
        logits[order[gone]] = -np.inf
    if settings.top_k is not None:
        k = min(max(settings.top_k, settings.keep), len(logits))
        logits[logits < np.partition(logits, len(logits) - k)[len(logits) - k]] = -np.inf
    return logits
