"""One live session as the reader sees it: every record numbered, dated, logged, and handed to the graph, or counted as what it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph.engine.messages import Chunk, Start, by_stream
from omniflow_graph.events import SECOND, End, Event, Tick
from omniflow_graph.live.clock_offset import ClockOffset
from omniflow_graph.live.codecs.record import Record
from omniflow_graph.live.log import Log
from omniflow_graph.live.numbering import Numbering
from omniflow_graph.live.sequencer import Sequencer
from omniflow_graph.live.telemetry import STREAM, Telemetry
from omniflow_graph.live.watchdog import Watchdog
from omniflow_graph.session import MeasuredCosts

OLDEST = 10 * SECOND  # a stamp that is older is not believed: it would draw windows of all that time after it
LONGEST_GAP = 60 * SECOND  # a restart that took longer is told, and passes for so long

Message = Event[Any] | list[Tick | End]


@dataclass(frozen=True)
class Rules:
    """Say how live sessions are read. Times are ns."""

    allowance: int = 50_000_000  # how long a window waits for what is on its way
    stale: int = SECOND  # a sensor that is silent for so long
    dead: int = 5 * SECOND
    idle: int | None = None  # a session in which nothing comes for so long ends
    grace: int = 0  # but not before so long after one of its connections was lost
    waiting: int = 10_000  # events between the reader and the graph; what comes then is dropped, and counted
    sessions: int = 64  # at a time


@dataclass
class LiveSession:
    """Hold what the reader knows of one session. `name` is its key; its time is that of the sequencer."""

    name: str
    sequencer: Sequencer
    log: Log
    costs: MeasuredCosts
    rules: Rules
    own_clock: str = ""  # a sender with a clock of this name reads ours
    check: Callable[[str, Any], Any] = lambda stream, data: data  # raises ValueError for what no operator could take
    telemetry: Telemetry = field(default_factory=Telemetry)
    watchdog: Watchdog = field(default_factory=Watchdog)
    numbering: dict[str, Numbering] = field(default_factory=dict)
    offsets: dict[tuple[str, str], ClockOffset] = field(default_factory=dict)
    messages: deque[Message] = field(default_factory=deque)
    begun: bool = False  # whether the graph knows of it
    paused: bool = False
    heard: int = 0  # when it last was, by our clock
    origins: set[str] = field(default_factory=set)  # endpoints that its records came by
    lost: int | None = None  # when a connection of one of them was, last, by our clock
    waits: bool = False  # whether it was told that it is kept for that
    end_time: int | None = None
    since: int = 0  # session time from which on it is live, if it goes on after a restart

    def take(self, record: Record, arrived: int, origin: str = "") -> str:
        """Let a record in, or count what is wrong with it; returns what `Numbering` calls it, or why it is refused.

        `origin` is the endpoint that it came by. Raises what the log raises: then the graph has not got it.
        """
        self.heard = arrived
        self.origins.add(origin)
        stream = record.stream
        found = self.numbering.setdefault(stream, Numbering()).note(record.seq, record.captured, record.generation)
        if found != "next":
            self.telemetry.note(found, stream, self.numbering[stream].missed if found == "gap" else 1)
        if found in ("duplicate", "replaced"):
            return found
        if stream in self.watchdog.last and (silent := self.watchdog.heard(stream, arrived)) is not None:
            self.telemetry.note("back", stream, silent_ms=silent // 1_000_000)
        if refused := self._refused(record):
            return refused
        if found == "restarted":
            self.offsets.pop((origin, record.clock), None)
        event = self._admit(stream, record.data, arrived, self._captured(record, arrived, origin), record.seq)
        if event.stamps and event.stamps.late:
            self.telemetry.counts["late"] += 1
        return found

    def _refused(self, record: Record) -> str | None:
        """Say why a record is not let in."""
        if self.paused or len(self.messages) >= self.rules.waiting:
            why = "paused" if self.paused else "overflow"
            self.telemetry.note(why, record.stream)
            return why
        try:
            self.check(record.stream, record.data)
        except ValueError as error:
            self.telemetry.note("refused", record.stream, why=" ".join(str(error).split())[:200])
            return "refused"
        return None

    def _captured(self, record: Record, arrived: int, origin: str) -> int | None:
        """Return when a record was captured by our clock; None if it does not say, or not believably."""
        if record.captured is None:
            return None
        mapped = record.captured
        if not record.clock or record.clock != self.own_clock:
            mapped = self.offsets.setdefault((origin, record.clock), ClockOffset()).map(mapped, arrived)
        if arrived - OLDEST <= mapped <= arrived:
            return mapped
        self.telemetry.note("stamp", record.stream, off_ms=(mapped - arrived) // 1_000_000)
        return None

    def connection(self, what: str, origin: str, now: int) -> None:
        """Note what became of a connection of an endpoint. Whose it was nobody can know: all sessions that came by it may have lost it."""
        self.telemetry.note(what, origin)
        if what == "disconnected" and origin in self.origins:
            self.lost, self.waits = now, False

    def is_left(self, now: int) -> bool:
        """Tell whether nobody speaks any more: nothing came for `idle`, and no connection was lost in the last `grace`."""
        if self.rules.idle is None or now - self.heard <= self.rules.idle:
            return False
        if self.lost is None or now - self.lost >= self.rules.grace:
            return True
        if not self.waits:
            self.telemetry.note("grace", silent_ms=(now - self.heard) // 1_000_000)
            self.waits = True
        return False

    def say(self, stream: str, data: Any, now: int) -> Event[Any]:
        """Let in what no sensor said: a command, telemetry."""
        return self._admit(stream, data, now, None, None)

    def tick(self, now: int) -> None:
        """Look at the clock: promise what can be promised, and record what was noted."""
        for stream, state, silent in self.watchdog.look(now):
            self.telemetry.note(state, stream, silent_ms=silent // 1_000_000)
        if self.sequencer.zero is not None:
            for data in self.telemetry.due(now):
                self.say(STREAM, data, now)
        ticks = self.sequencer.tick(now)
        if ticks:
            self.log.reach(ticks[0].time)
            if self.messages and type(self.messages[-1]) is list:  # the later promise holds the earlier one
                self.messages[-1] = [*ticks]
            else:
                self.messages.append([*ticks])

    def end(self, now: int) -> None:
        """Close the session to what comes; what is under way still ends."""
        if self.end_time is None:
            if self.sequencer.zero is not None:
                for data in self.telemetry.due(now, all=True):
                    self.say(STREAM, data, now)
            ends = self.sequencer.end(now)
            self.end_time = ends[0].time if ends else 0
            self.messages.append([*ends])

    def chunk(self, most: int, seed: int) -> Chunk | None:
        """Hand what waits to the graph, up to `most` messages; None if nothing does."""
        taken = [self.messages.popleft() for _ in range(min(most, len(self.messages)))]
        if not taken and self.begun:
            return None
        start = None if self.begun else Start(self.name, self.rules.allowance, self.costs, seed)
        self.begun = True
        ticks, ends, events = {}, {}, []
        for each in taken:
            if isinstance(each, list):
                (ends if type(each[0]) is End else ticks).update((of.stream, of.time) for of in each)
            else:
                events.append(each)
                ticks[each.stream] = each.time  # an event is a tick, too
        return Chunk(by_stream(events), [], ticks, ends, start)

    def resume(self, streams: Mapping[str, Sequence[Event[Any]]], time: int, now: int, about: Mapping[str, Any]) -> None:
        """Go on at `time`, which is now: the graph first gets what was recorded before, and the log is told of the gap."""
        events = sorted((event for each in streams.values() for event in each), key=lambda event: (event.time, self._rank(event.stream), event.seq))
        self.messages.extend(event for event in events if event.stream in self.sequencer.sources)
        self.sequencer.resume({name: each[-1] for name, each in streams.items() if each}, time, now)
        self.since, self.heard = time, now
        self.telemetry.note("serve-restarted", **about)

    def _rank(self, stream: str) -> int:
        return self.sequencer.sources.index(stream) if stream in self.sequencer.sources else -1

    def _admit(self, stream: str, data: Any, arrived: int, captured: int | None, seq: int | None) -> Event[Any]:
        event = self.sequencer.admit(stream, data, arrived=arrived, captured=captured, sender_seq=seq)
        self.log.add(event)
        if stream in self.sequencer.sources:
            self.messages.append(event)
        return event
