"""Give live records their place in time, once and for all: what it decides is logged, and a replay needs no clock.

A record's time is that of its capture, unless time has moved on: then it enters at the last tick and is marked late.
Ticks follow the wall clock by an allowance, so that records on their way still find their window open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph.events import End, Event, Stamps, Tick

TICK = 20_000_000  # at most this far apart: a barge-in cannot wait for a window


@dataclass
class Sequencer:
    """Order one live session. Times given to it are nanoseconds of one clock, such as CLOCK_MONOTONIC.

    Zero of the session is the capture of its first record. `step` is where windows end, so that they close on time. Streams
    `beside` the sources are let in like them, but nothing is promised of them: no graph reads them.
    """

    sources: Sequence[str]
    allowance: int
    step: int
    beside: Sequence[str] = ()
    zero: int | None = None
    ticked: int = 0
    last: dict[str, int] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)

    def admit(self, stream: str, data: Any, *, arrived: int, captured: int | None = None, sender_seq: int | None = None) -> Event[Any]:
        """Return the record as the event that enters the graph. Raises KeyError for a stream that is no source."""
        if stream not in self.sources and stream not in self.beside:
            raise KeyError(f"stream {stream!r}: the graph has no such source; it has {', '.join(self.sources)}")
        stamp = arrived if captured is None else captured
        if self.zero is None:
            self.zero = stamp
        wanted = stamp - self.zero
        time = max(wanted, self.last.get(stream, 0), self.ticked)
        seq = self.seqs.get(stream, 0)
        self.seqs[stream], self.last[stream] = seq + 1, time
        stamps = Stamps(None if captured is None else wanted, arrived - self.zero, None, time != wanted, sender_seq)
        return Event(time, stream, seq, data, stamps=stamps)

    def tick(self, now: int) -> list[Tick]:
        """Return what can be promised at this moment: nothing earlier than now less the allowance will be let in."""
        if self.zero is None:
            return []
        reached = now - self.zero - self.allowance
        time = max(reached // TICK * TICK, reached // self.step * self.step)
        if time <= self.ticked:
            return []
        self.ticked = time
        return [Tick(time, source) for source in self.sources]

    def due(self) -> int | None:
        """Return when the next tick can be given; None before the first record."""
        if self.zero is None:
            return None
        return self.zero + self.allowance + min((self.ticked // each + 1) * each for each in (TICK, self.step))

    def resume(self, last: Mapping[str, Event[Any]], time: int, now: int) -> None:
        """Go on with a session of which these were the last events: now it is `time` in it, and nothing earlier is let in."""
        self.zero, self.ticked = now - time, time
        self.seqs = {stream: event.seq + 1 for stream, event in last.items()}
        self.last = {stream: event.time for stream, event in last.items()}

    def end(self, now: int) -> list[End]:
        """Close the session: its End is later than all that was let in."""
        reached = 0 if self.zero is None else now - self.zero - self.allowance
        time = max(reached, self.ticked, *(last + 1 for last in self.last.values()), 0)
        return [End(time, source) for source in self.sources]
