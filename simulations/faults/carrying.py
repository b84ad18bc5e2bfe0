"""Carry events through a fault: a scan that holds what is late and lets it come in its turn, and one that tells of it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from omniflow_graph import Event, Wake, Window
from omniflow_graph.chance import Rng
from simulations.faults.verdicts import UNCHANGED, Delay, Drop, Fault, Verdict, verdicts

T = TypeVar("T")


class Told(NamedTuple):
    """Say what a fault did to an event, or to one copy of it."""

    done: str  # dropped, delayed, copied, changed
    reason: str  # the kinds of faults
    by: int = 0  # ns later; what would come when the session is over does not come


class Held(NamedTuple):
    """Hold what is on its way: when it comes, and the place of what it is a copy of."""

    time: int
    seq: int
    copy: int
    data: Any


class Line(NamedTuple):
    """Remember what is on its way, in the order in which it comes, and when the last one comes that none may overtake."""

    held: tuple[Held, ...] = ()
    last: int = 0


def carry(line: Line, cause: Event[T] | Wake, rng: Rng, *, fault: Fault, place: str) -> tuple[Line, list[tuple[int, T] | Wake]]:
    """Let through what a fault lets through, when it does."""
    if isinstance(cause, Wake):
        due = [each for each in line.held if each.time <= cause.time]
        return line._replace(held=line.held[len(due) :]), [(cause.time, _ready(each.data, cause.time)) for each in due]
    last, coming = arrivals(line.last, cause, fault, rng, place)
    now: list[Any] = [(cause.time, each.data) for each in coming if each.time == cause.time]
    later = [each for each in coming if each.time > cause.time]
    held = [*line.held]
    for each in later:
        insort(held, each, key=lambda one: one[:3])
    return (Line(tuple(held), last) if later or last != line.last else line), [*now, *(Wake(each.time) for each in later)]


def tell(line: Line, cause: Event[Any] | Wake, rng: Rng, *, fault: Fault, place: str) -> tuple[Line, list[tuple[int, tuple[Told, ...]]]]:
    """Tell what a fault does to an event; nothing of one that it leaves alone."""
    if isinstance(cause, Wake):
        return line, []
    told: list[Told] = []
    judged = _judged(cause, fault, rng, place)
    last, coming = arrivals(line.last, cause, fault, rng, place)
    comes = iter(coming)
    for n, verdict in enumerate(judged):
        if isinstance(verdict, Drop):
            told.append(Told("dropped", verdict.reason))
            continue
        by = next(comes).time - cause.time
        if n or by or verdict.data is not UNCHANGED:
            done = "copied" if n else "delayed" if by else "changed"
            told.append(Told(done, verdict.reason or "in_order", by))
    return line._replace(last=last), [(cause.time, tuple(told))] if told else []


def arrivals(last: int, event: Event[Any], fault: Fault, rng: Rng, place: str) -> tuple[int, list[Held]]:
    """Return when each copy of an event comes, and the time before which nothing comes that may not overtake."""
    found = []
    for n, verdict in enumerate(_judged(event, fault, rng, place)):
        if isinstance(verdict, Drop):
            continue
        time = event.time + (verdict.by if isinstance(verdict, Delay) else 0)
        if isinstance(verdict, Delay) and verdict.in_order:
            time = last = max(last, time)
        found.append(Held(time, event.seq, n, event.data if verdict.data is UNCHANGED else verdict.data))
    return last, found


def _judged(event: Event[Any], fault: Fault, rng: Rng, place: str) -> tuple[Verdict, ...]:
    """Ask the fault, whoever asks: what is let through and what is told draw alike."""
    return verdicts(fault, event, replace(rng, operator=f"{place}/faults"))


def _ready(data: Any, time: int) -> Any:
    """Let a window that is late be worked on when it is there."""
    return data._replace(ready=max(data.ready, time)) if isinstance(data, Window) else data


def named(event: Event[Window], *, names: Mapping[str, str]) -> Window:
    """Call the events in a window by the names of the edges that they would be on without faults."""
    window = event.data
    return window._replace(events=tuple(each._replace(stream=names.get(each.stream, each.stream)) for each in window.events))
