"""The values that travel on edges. Time is an int: nanoseconds since the session began."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from typing_extensions import NamedTuple

SECOND = 1_000_000_000

T = TypeVar("T")

Causes = tuple[tuple[str, int, int], ...]  # (stream, first seq, last seq), one entry per stream


def seconds(of: float) -> int:
    """Convert seconds, as people type them, to nanoseconds.

    >>> seconds(1.5)
    1500000000
    """
    return round(of * SECOND)


class Stamps(NamedTuple):
    """Keep what a live source knew about a record besides its time: nanoseconds of session time, or None."""

    captured: int | None = None
    arrived: int | None = None
    started: int | None = None
    late: bool = False
    sender_seq: int | None = None


class Event(NamedTuple, Generic[T]):
    """Hold one value on an edge. On an edge times never decrease and seq strictly increases."""

    time: int
    stream: str  # the name of the edge it is on
    seq: int
    data: T
    made_of: Causes = ()
    stamps: Stamps | None = None


made: Any = tuple.__new__
"""Make an event of all its six fields: `made(Event, (time, stream, seq, data, made_of, stamps))`.

The same as calling Event, in a third of the time; for loops that make one event of another, hundreds of thousands of times.
"""


class Tick(NamedTuple):
    """Promise that no event earlier than `time` will follow on the edge `stream`."""

    time: int
    stream: str


class End(NamedTuple):
    """Promise that nothing at all will follow on `stream`, and that all its events were earlier than `time`."""

    time: int
    stream: str


class Wake(NamedTuple):
    """Ask, from a scan, to be called at `time`: after all that is earlier, before the events of that time."""

    time: int


class Window(NamedTuple):
    """Hold what happened in `[start, end)`: the data of an event that has time `end` and seq `k`."""

    k: int
    start: int
    end: int
    ready: int  # when a stage may start on it: end + the session's allowance
    partial: bool  # the session ended inside
    events: tuple[Event[Any], ...]  # of all inputs, in the order (time, input, seq)

    def of(self, stream: str) -> tuple[Event[Any], ...]:
        """Pick the events of one input."""
        return tuple(event for event in self.events if event.stream == stream)


def causes(events: Iterable[Event[Any]]) -> Causes:
    """Name what an event was made of: for each stream the first and the last seq, streams as they first appear.

    >>> causes([Event(0, "mic", 3, b""), Event(1, "eye", 0, b""), Event(2, "mic", 5, b"")])
    (('mic', 3, 5), ('eye', 0, 0))
    """
    spans: dict[str, tuple[int, int]] = {}
    for event in events:
        first, last = spans.get(event.stream, (event.seq, event.seq))
        spans[event.stream] = (min(first, event.seq), max(last, event.seq))
    return tuple((stream, first, last) for stream, (first, last) in spans.items())


def ready(event: Event[Any]) -> int:
    """Tell when a stage may start on it: a window's `ready`, the time of anything else."""
    return event.data.ready if type(event.data) is Window else event.time
