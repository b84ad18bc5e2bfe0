"""One conversation: what came in, and how long it lasted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, repeat
from operator import itemgetter, le, lt
from typing import Any, Protocol

import numpy as np

from omniflow_graph.errors import RunError
from omniflow_graph.events import Event, made

HARMLESS = frozenset((bytes, str, int, float, bool, type(None)))  # payloads that nobody can change


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


class KnownCosts(dict[tuple[str, int], int]):
    """Hold what is known of the costs of stages in a damaged recording: a step that is missing costs what is declared."""


class MeasuredCosts(dict[tuple[str, int], int]):
    """Measure what stages cost in a live session, and tell each cost before the answer leaves.

    What it holds was measured before, by a session that goes on. `now` returns ns, `told` is called with (stage, seq, ns).
    """

    def __init__(self, now: Callable[[], int], told: Callable[[str, int, int], object], known: Mapping[tuple[str, int], int] = {}) -> None:
        super().__init__(known)
        self.now, self.told, self.began = now, told, 0

    def begin(self) -> None:
        """Start the stopwatch: a step begins."""
        self.began = self.now()

    def cost(self, stage: str, seq: int) -> int:
        """Return what the step cost that took the event with this seq."""
        if (stage, seq) in self:
            return self.pop((stage, seq))
        ns = max(self.now() - self.began, 0)
        self.told(stage, seq, ns)
        return ns


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

    def __post_init__(self) -> None:
        ends = tuple(self.end.values()) if isinstance(self.end, Mapping) else (self.end,)
        for what, time in (("an allowance", self.allowance), *(("an end", end) for end in ends)):
            if type(time) is not int or time < 0:
                raise self._refused(f": wants {what} of 0 ns or more as an int, got {time!r}; use seconds(1.0)")

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        """Yield the events of these sources in order; a source that the session does not hold has none.

        Raises RunError for an event that is not in [0, End), and if the session holds streams and none of these.
        """
        if self.sources and sources and not any(name in self.sources for name in sources):
            held, read = ", ".join(self.sources), ", ".join(sources)
            raise self._refused(f": holds {held}, and the graph reads {read}: nothing would come in; name the sources as the graph does")
        ends = self.ends(sources)
        events = [event for name in sources for event in self._stream(name, ends[name])]
        events.sort(key=itemgetter(0))  # by time; stable, so ties stay in the order (source, seq)
        return iter(events)

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Return the time of each source's End. Raises RunError for a source that has none."""
        if not isinstance(self.end, Mapping):
            return dict.fromkeys(sources, self.end)
        if missing := [name for name in sources if name not in self.end]:
            raise self._refused(f": has no end for {', '.join(missing)}; give every source one, or all of them one: end=seconds(1.0)")
        return {name: self.end[name] for name in sources}

    def _stream(self, name: str, end: int) -> list[Event[Any]]:
        entries = self.sources.get(name, ())
        kinds = set(map(type, entries))
        if kinds == {Event} and HARMLESS.issuperset(map(type, map(itemgetter(3), entries))):  # as a recording has them
            events = list(entries)
        elif kinds <= {tuple, list} and set(map(len, entries)) <= {2}:
            times, payloads = zip(*entries) if entries else ((), ())
            if not HARMLESS.issuperset(map(type, payloads)):
                payloads = map(_unchangeable, payloads)
            events = list(map(made, repeat(Event), zip(times, repeat(name), count(), payloads, repeat(()), repeat(None))))
        else:
            events = [self._event(name, n, entry) for n, entry in enumerate(entries)]
        if not self._in_order(name, events, end):
            self._refuse_disorder(name, events, end)
        return events

    def _in_order(self, name: str, events: list[Event[Any]], end: int) -> bool:
        """Tell whether events of a source are what an edge may hold: look at all of them at a stroke."""
        if not events:
            return True
        times, streams, seqs, _, _, _ = zip(*events)
        whole = set(map(type, times)) == {int} and set(streams) == {name} and set(map(type, seqs)) <= {int}
        return whole and times[0] >= 0 and times[-1] < end and seqs[0] >= 0 and all(map(le, times, times[1:])) and all(map(lt, seqs, seqs[1:]))

    def _refuse_disorder(self, name: str, events: list[Event[Any]], end: int) -> None:
        """Raise RunError that names the first event that may not stand where it does."""
        last, last_seq = 0, -1
        for n, event in enumerate(events):
            if type(event.time) is not int or not last <= event.time < end:
                raise self._refused(
                    f", source {name!r}: event {n} has time {event.time!r}; wants times in ns, as ints that never decrease, in [0, {end}); "
                    "use seconds(...), sort it, or give the session a later end"
                )
            if event.stream != name or type(event.seq) is not int or event.seq <= last_seq:
                raise self._refused(
                    f", source {name!r}: event {n} is number {event.seq} of {event.stream!r}; wants those of {name!r}, each number "
                    "above the one before; give (time, payload) to have them numbered"
                )
            last, last_seq = event.time, event.seq

    def _event(self, name: str, n: int, entry: Any) -> Event[Any]:
        if isinstance(entry, Event):
            return entry._replace(data=_unchangeable(entry.data)) if isinstance(entry.data, np.ndarray) else entry
        if type(entry) not in (tuple, list) or len(entry) != 2:
            raise self._refused(f", source {name!r}: entry {n} is a {type(entry).__name__}; wants (time, payload) or an Event")
        return Event(entry[0], name, n, _unchangeable(entry[1]))

    def _refused(self, words: str) -> RunError:
        return RunError(f"session {self.name!r}{words}")


def _unchangeable(data: Any) -> Any:
    """Show an array read-only, so that no operator can change what the next run is given."""
    if not isinstance(data, np.ndarray):
        return data
    view = data.view()
    view.flags.writeable = False
    return view
