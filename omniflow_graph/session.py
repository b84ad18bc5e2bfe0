"""One conversation: what came in, and how long it lasted."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from omniflow_graph.errors import RunError
from omniflow_graph.events import Event


class Feed(Protocol):
    """Give an engine one session's input: a Session held in memory, a recording read as it goes, or a live feed."""

    @property
    def name(self) -> str:
        """Name the session."""
        ...

    @property
    def allowance(self) -> int:
        """Return how much later than its end a window may be worked on: nanoseconds, 0 unless the session was live."""
        ...

    @property
    def costs(self) -> Mapping[tuple[str, int], int] | None:
        """Return what stages cost then, if it was measured."""
        ...

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        """Yield the events of these sources in the order (time, order of `sources`, seq)."""
        ...

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Return the time of each source's End, as far as it is known; of all once `events` is exhausted."""
        ...


@dataclass(frozen=True)
class Session:
    """Bind Python lists as sources: `Session("test", {"mic": [(0, b"..."), (20_000_000, b"...")]}, end=seconds(1))`.

    An entry is `(time, payload)`, numbered in order, or an Event. `end` is one time for all sources, or one for each.
    `costs` are those of stages that were measured: `{(stage, seq of what it took): nanoseconds}`.
    """

    name: str
    sources: Mapping[str, Sequence[Any]]
    end: int | Mapping[str, int]
    allowance: int = 0
    costs: Mapping[tuple[str, int], int] | None = field(default=None, repr=False)

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        """Yield the events of these sources in order. Raises RunError for one that is not in [0, End)."""
        ends = self.ends(sources)
        streams = [self._stream(name, ends[name]) for name in sources]
        return heapq.merge(*streams, key=lambda event: event.time) if len(streams) != 1 else iter(streams[0])

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Return the time of each source's End."""
        return {name: self.end[name] if isinstance(self.end, Mapping) else self.end for name in sources}

    def _stream(self, name: str, end: int) -> list[Event[Any]]:
        events, last = [], 0
        for seq, entry in enumerate(self.sources.get(name, ())):
            event = entry if isinstance(entry, Event) else Event(entry[0], name, seq, entry[1])
            if not last <= event.time < end:
                raise RunError(
                    f"session {self.name!r}, source {name!r}: event {seq} has time {event.time}; "
                    f"wants times that never decrease, in [0, {end}); sort it, or give the session a later end"
                )
            last = event.time
            events.append(event)
        return events
