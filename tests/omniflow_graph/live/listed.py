"""A log that is a list, and a clock that stands still until it is moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omniflow_graph import Event

MS = 1_000_000


@dataclass
class ListLog:
    """Remember what was logged. `breaks_at` is the number of the event at which the disk is full."""

    events: list[Event[Any]] = field(default_factory=list)
    costs: list[tuple[str, int, int]] = field(default_factory=list)
    reached: int = 0
    closed: tuple[int, dict[str, Any]] | None = None
    breaks_at: int | None = None

    @property
    def sensed(self) -> list[Event[Any]]:
        """Leave out what no sensor said."""
        return [event for event in self.events if event.stream not in ("telemetry", "control")]

    def add(self, event: Event[Any]) -> None:
        if len(self.events) == self.breaks_at:
            raise OSError("the disk is full")
        self.events.append(event)

    def cost(self, stage: str, seq: int, ns: int) -> None:
        self.costs.append((stage, seq, ns))

    def reach(self, time: int) -> None:
        self.reached = time

    def close(self, end: int, notes: dict[str, Any]) -> None:
        self.closed = end, notes


@dataclass
class ByHand:
    """Be a wall clock that stands still until it is moved."""

    reading: int = 0

    def now(self) -> int:
        return self.reading
