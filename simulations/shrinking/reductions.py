"""Take something away from a session: windows, what is in them, streams, faults, frames, sound. Each returns the least that still fails."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, TypeVar

from omniflow_graph import Event, Session

PARTS, MOST_PARTS = 10, 1_000  # of a window; of a session in which that is tried

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Case:
    """Hold what may be reduced: a session, and faults, as pairs of an edge and a text, that the graph is run with."""

    session: Session
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def end(self) -> int:
        """Return how long the session is: the latest End of its sources."""
        ends = self.session.end
        return max(ends.values(), default=0) if isinstance(ends, Mapping) else ends

    @property
    def events(self) -> int:
        """Count the events that come in."""
        return sum(map(len, self.session.sources.values()))

    def having(self, streams: Mapping[str, Iterable[Event[Any]]]) -> Case:
        """Return the same with other events on these streams."""
        return replace(self, session=replace(self.session, sources={**self.session.sources, **{name: tuple(of) for name, of in streams.items()}}))

    def numbered(self) -> Case:
        """Return the same with a number for each event: it is to keep that when others go."""
        return self.having({name: self.session.events([name]) for name in self.session.sources})


Fails = Callable[[Case], bool]


def least(items: Iterable[T], still: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Take away stretches, first all, then half of them, then ever smaller ones, as long as it is `still` so with the rest.

    The last ones go first: what is needed then stands early, and what comes after it can go.

    >>> least(range(100), lambda rest: {17, 71} <= {*rest})
    [17, 71]
    """
    items = list(items)
    size = len(items)
    while size:
        end = len(items)
        while end > 0:
            rest = [*items[: max(end - size, 0)], *items[end:]]
            if still(rest):
                items = rest
            end -= size
        size //= 2
    return items


def in_time(case: Case, fails: Fails, grid: int) -> Case:
    """Cut out windows; what comes later moves up, and keeps its place in its window."""
    cells = range(-(-case.end // grid))
    return _moved(case, least(cells, lambda rest: bool(rest) and fails(_moved(case, rest, grid))), grid)


def _moved(case: Case, cells: Sequence[int], grid: int) -> Case:
    """Stand these windows one after another."""
    back = {cell: (cell - n) * grid for n, cell in enumerate(cells)}

    def place(end: int) -> int:
        cell = (end - 1) // grid
        return end - back[cell] if cell in back else bisect_left(cells, cell) * grid

    ends = case.session.end
    end = {name: place(time) for name, time in ends.items()} if isinstance(ends, Mapping) else place(ends)
    streams = {name: [_earlier(e, back[cell]) for cell in cells for e in _within(of, cell, grid)] for name, of in case.session.sources.items()}
    return replace(case, session=replace(case.session, end=end)).having(streams)


def _earlier(event: Event[Any], by: int) -> Event[Any]:
    return event._replace(time=event.time - by) if by else event


def _within(events: Sequence[Event[Any]], cell: int, grid: int) -> Sequence[Event[Any]]:
    """Return the events of one window."""
    first, after = (bisect_left(events, time, key=itemgetter(0)) for time in (cell * grid, (cell + 1) * grid))
    return events[first:after]


def within_windows(case: Case, fails: Fails, grid: int) -> Case:
    """Cut out tenths of windows, once few are left: what comes later has another place in its window, and may fail all the same."""
    part = max(grid // PARTS, 1)
    return in_time(case, fails, part) if case.end <= MOST_PARTS * part else case


def emptied(case: Case, fails: Fails, grid: int) -> Case:
    """Empty windows; all times stay."""
    streams = case.session.sources

    def having(cells: Sequence[int]) -> Case:
        wanted = {*cells}
        return case.having({name: [event for event in events if event.time // grid in wanted] for name, events in streams.items()})

    held = sorted({event.time // grid for events in streams.values() for event in events})
    return having(least(held, lambda rest: fails(having(rest))))


def streams(case: Case, fails: Fails, grid: int) -> Case:
    """Take away whole streams."""
    held = [name for name, events in case.session.sources.items() if events]

    def having(names: Sequence[str]) -> Case:
        return case.having({name: () for name in held if name not in names})

    return having(least(held, lambda rest: fails(having(rest))))


def faults(case: Case, fails: Fails, grid: int) -> Case:
    """Take away faults."""

    def having(kept: Sequence[tuple[str, str]]) -> Case:
        return replace(case, faults=tuple(kept))

    return having(least(case.faults, lambda rest: fails(having(rest))))


def frames(case: Case, fails: Fails, grid: int) -> Case:
    """Take away frames of each stream, many at a time and at last one by one."""
    for name in case.session.sources:
        case = _frames_of(case, name, fails)
    return case


def _frames_of(case: Case, name: str, fails: Fails) -> Case:
    return case.having({name: least(case.session.sources[name], lambda rest: fails(case.having({name: rest})))})


def closed(case: Case, fails: Fails, grid: int) -> Case:
    """End just after the last event, or at the end of its window."""
    last = max((event.time for events in case.session.sources.values() for event in events), default=-1)
    for end in (last + 1, (last // grid + 1) * grid):
        shorter = replace(case, session=replace(case.session, end=end))
        if last < end < case.end and fails(shorter):
            return shorter
    return case


def silenced(case: Case, fails: Fails, sound: Iterable[str]) -> Case:
    """Let frames of these streams fall silent; they stay as long as they were."""
    for name in sound:
        case = _silenced(case, name, fails)
    return case


def _silenced(case: Case, name: str, fails: Fails) -> Case:
    events = case.session.sources.get(name, ())
    loud = {event.seq: bytes(len(event.data)) for event in events if type(event.data) is bytes and any(event.data)}

    def having(kept: Sequence[int]) -> Case:
        quiet = loud.keys() - {*kept}
        return case.having({name: [event._replace(data=loud[event.seq]) if event.seq in quiet else event for event in events]})

    return having(least(loud, lambda rest: fails(having(rest)))) if loud else case


REDUCTIONS = (in_time, emptied, streams, faults, within_windows, frames, closed)  # in this order: what takes away most comes first
