"""Say which samples and frames belong to which unit, by one of three conventions about where the first unit ends.

The streaming encoder of MiniCPM-o 4.5 wants 1030 ms of sound before its first 100 mel frames are stable, and 1000 ms for
each 100 after them (spec 4.3). Somebody has to come up with the first 30 ms:

* `plain`: nobody. Unit n holds the n-th second of samples, and the encoder sees to it.
* `demo`: silence. The demo's server puts 560 zeros in front of the first second, takes 16,480 samples, later 16,000, and so
  holds 80 samples over for ever (spec 4.5): what is heard is 5 ms late, and frames come with the second they were taken in.
* `long-first`: the session. The first unit closes at 1030 ms, the others 1000 ms after one another, for sound and frames.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, Literal, TypeVar

import numpy as np

from omniflow_graph.events import SECOND

RATE_HZ = 16_000
LONGER = 480  # samples, of 30 ms: how much longer the first take is than the others
HELD = 560 - LONGER  # the demo fills up for 35 ms, and rounds them down to mel frames of 10 ms: the rest stays
CONVENTIONS = ("plain", "demo", "long-first")

Convention = Literal["plain", "demo", "long-first"]
T = TypeVar("T")


@dataclass(frozen=True)
class UnitInput(Generic[T]):
    """Hold what one unit is given: `zeros` of silence, then samples `[start, end)` of the session, and frames (time, item)."""

    k: int
    zeros: int
    start: int
    end: int
    frames: tuple[tuple[int, T], ...] = ()

    def sound(self, samples: np.ndarray) -> np.ndarray:
        """Return the unit's sound out of all the session's samples."""
        return np.concatenate([np.zeros(self.zeros, samples.dtype), samples[self.start : self.end]])


@dataclass(frozen=True)
class Cut(Generic[T]):
    """Hold the units of a session, and the samples `[start, end)` that were left over at its end: 80 at most."""

    units: tuple[UnitInput[T], ...]
    left_over: tuple[int, int]


def cut(chunks: Sequence[tuple[int, int]], frames: Sequence[tuple[int, T]], convention: Convention = "plain", *, window_ns: int = SECOND) -> Cut[T]:
    """Cut a session into units. `chunks` are (time of the first sample in ns, number of samples at 16 kHz), in order.

    Sound is counted, not timed: where samples are missing none are made up. A frame goes with the sample that is heard at
    its time; after the last sample, time goes on. Every frame is in one unit, every sample in one or left over; a session
    that ends inside a unit gives a short one, except that the demo's first is filled up with zeros. Raises ValueError for
    an unknown convention, times that go backwards, a negative count, and a window that is no whole number of samples.

    >>> [(unit.zeros, unit.start, unit.end) for unit in cut([(0, 32_000)], [], "demo").units]
    [(560, 0, 15920), (0, 15920, 31920)]
    """
    _check(chunks, frames, convention, window_ns)
    window, late = window_ns * RATE_HZ // SECOND, HELD if convention == "demo" else 0
    longer = LONGER if convention == "long-first" else 0
    total = sum(count for _, count in chunks)
    shown: dict[int, list[tuple[int, T]]] = {}
    for frame, position in zip(frames, _positions(chunks, [time for time, _ in frames])):
        shown.setdefault(max(0, position - longer) // window, []).append(frame)
    sounding = -(-max(total - longer, min(total, 1)) // window)
    found, start = [], 0
    for k in range(max([sounding, *(n + 1 for n in shown)])):
        end = max(start, min(total, (k + 1) * window + longer) - late)
        zeros = window + LONGER - end if late and k == 0 and total else 0
        found.append(UnitInput(k, zeros, start, end, tuple(shown.get(k, ()))))
        start = end
    return Cut(tuple(found), (start, total))


def _positions(chunks: Sequence[tuple[int, int]], times: Sequence[int]) -> list[int]:
    """Tell for each time which sample is heard then, or next; after the last one, count on."""
    chunks = chunks or [(0, 0)]
    begins, before = [time for time, _ in chunks], [0, *accumulate(count for _, count in chunks)]

    def position(time: int) -> int:
        n = bisect_right(begins, time) - 1
        if n < 0:
            return 0
        since = (time - begins[n]) * RATE_HZ // SECOND
        return before[n] + (since if n + 1 == len(chunks) else min(since, chunks[n][1]))

    return [position(time) for time in times]


def _check(chunks: Sequence[tuple[int, int]], frames: Sequence[tuple[int, object]], convention: str, window_ns: int) -> None:
    if convention not in CONVENTIONS:
        raise ValueError(f"first window: wants a convention out of {', '.join(CONVENTIONS)}, got {convention!r}")
    if window_ns <= 0 or window_ns * RATE_HZ % SECOND:
        raise ValueError(f"first window: wants a window of whole samples, 62500 ns each, got {window_ns} ns")
    if (fewest := min((count for _, count in chunks), default=0)) < 0:
        raise ValueError(f"first window: wants chunks of 0 samples or more, got {fewest}")
    for what, given in (("chunk", chunks), ("frame", frames)):
        for n in range(1, len(given)):
            if given[n][0] < given[n - 1][0]:
                raise ValueError(f"first window: wants {what}s in the order of their times, got {given[n][0]} ns after {given[n - 1][0]} ns")
