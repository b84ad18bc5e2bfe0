"""The only file that reads a real clock. A clock says what time it is in the session, and how long to wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """Tell the session's time, and when a session time comes on the wall."""

    def now(self) -> int:
        """Return nanoseconds since the session began."""
        ...

    def awake(self, at: int) -> datetime | None:
        """Return the wall time of session time `at`, or None if it has come."""
        ...


@dataclass
class WallClock:
    """Run with the real clock; zero is the first call."""

    zero: int | None = None

    def now(self) -> int:
        """Return nanoseconds since the session began."""
        reading = time.monotonic_ns()
        if self.zero is None:
            self.zero = reading
        return reading - self.zero

    def awake(self, at: int) -> datetime | None:
        """Return the wall time of session time `at`, or None if it has come."""
        return _after(at - self.now())


@dataclass
class VirtualClock:
    """Jump from event to event, or with `pace` walk: 1.0 is real time, 2.0 twice as fast."""

    pace: float | None = None
    wall: WallClock = field(default_factory=WallClock)

    def __post_init__(self) -> None:
        if self.pace is not None and not 0 < self.pace < float("inf"):
            raise ValueError(f"clock: wants a pace above 0, or None to wait for nobody, got {self.pace}; 1.0 is real time")

    def now(self) -> int:
        """Return nanoseconds of session time that the wall has seen, at this pace."""
        return round(self.wall.now() * (self.pace or 1.0))

    def awake(self, at: int) -> datetime | None:
        """Return the wall time of session time `at`; None if it has come, or if nobody waits."""
        return None if self.pace is None else _after(round((at - self.now()) / self.pace))


def _after(nanoseconds: int) -> datetime | None:
    if nanoseconds <= 0:
        return None
    return datetime.now(timezone.utc) + timedelta(microseconds=nanoseconds // 1000)


def wall_seconds() -> float:
    """Read a stopwatch, for reports of how long a run took."""
    return time.perf_counter()


def wall_span(nanoseconds: int) -> timedelta:
    """Return a stretch of wall time as Bytewax takes it."""
    return timedelta(microseconds=nanoseconds // 1000)
