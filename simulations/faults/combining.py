"""Make faults of faults: one after another, for a while, now and then, where something is true, or so that nothing overtakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from omniflow_graph import Event
from omniflow_graph.chance import Rng
from simulations.faults.verdicts import UNCHANGED, Delay, Drop, Fault, Pass, Verdict, Written, draws, fault, verdicts


@fault
def both(event: Event[Any], rng: Rng, *faults: Fault) -> tuple[Verdict, ...]:
    """Let each fault see what those before it let through, at the time that it comes to then."""
    found: tuple[Verdict, ...] = (Pass(),)
    for of, turn in zip(faults, _turns(faults)):
        found = tuple(after for n, verdict in enumerate(found) for after in _then(verdict, of, event, _apart(rng, turn, n)))
    return found


def _then(first: Verdict, of: Fault, event: Event[Any], rng: Rng) -> tuple[Verdict, ...]:
    """Judge what came through by another fault."""
    if isinstance(first, Drop):
        return (first,)
    by, in_order = (first.by, first.in_order) if isinstance(first, Delay) else (0, False)
    data = event.data if first.data is UNCHANGED else first.data
    return tuple(_joined(first, by, in_order, each) for each in verdicts(of, event._replace(time=event.time + by, data=data), rng))


def _joined(first: Pass | Delay, by: int, in_order: bool, second: Verdict) -> Verdict:
    if isinstance(second, Drop):
        return second
    data = first.data if second.data is UNCHANGED else second.data
    reason = ", ".join(filter(None, (first.reason, second.reason)))
    if isinstance(second, Delay):
        by, in_order = by + second.by, in_order or second.in_order
    return Delay(by, data, reason, in_order) if by or in_order else Pass(data, reason)


@lru_cache(maxsize=256)
def _turns(faults: tuple[Fault, ...]) -> tuple[int, ...]:
    """Number faults of one kind, so that two of them do not draw the same."""
    seen: list[frozenset[str]] = []
    for of in faults:
        seen.append(kinds(of))
    return tuple(sum(bool(kind & before) for before in seen[:n]) for n, kind in enumerate(seen))


def _apart(rng: Rng, turn: int, copy: int) -> Rng:
    """Let the second of a kind, and the second copy of an event, draw something of their own."""
    return replace(rng, operator=f"{rng.operator}/{turn}.{copy}") if turn or copy else rng


def kinds(of: Fault) -> frozenset[str]:
    """Name the kinds of faults in a fault."""
    if isinstance(of, Written):
        return frozenset({of.name}).union(*map(kinds, of.inside))
    return frozenset({getattr(of, "__qualname__", type(of).__qualname__)})


@fault
def during(event: Event[Any], rng: Rng, fault: Fault, start: int, end: int) -> Verdict | tuple[Verdict, ...]:
    """Let a fault happen in [start, end) only."""
    return fault(event, rng) if start <= event.time < end else Pass()


@fault
def one_in(event: Event[Any], rng: Rng, fault: Fault, n: int) -> Verdict | tuple[Verdict, ...]:
    """Let a fault happen to one event in n, by chance."""
    return fault(event, rng) if draws(rng, "one_in", event).below(n) == 0 else Pass()


@fault
def only(event: Event[Any], rng: Rng, fault: Fault, where: Callable[[Event[Any]], bool]) -> Verdict | tuple[Verdict, ...]:
    """Let a fault happen only where a function of the event is true. It cannot be written as text."""
    return fault(event, rng) if where(event) else Pass()


@fault
def in_order(event: Event[Any], rng: Rng, fault: Fault) -> tuple[Verdict, ...]:
    """Let nothing overtake: what is delayed holds up all after it, as on a connection that keeps the order."""
    return tuple(_ordered(each) for each in verdicts(fault, event, rng))


def _ordered(verdict: Verdict) -> Verdict:
    if isinstance(verdict, Pass):
        return Delay(0, verdict.data, verdict.reason, True)
    return verdict._replace(in_order=True) if isinstance(verdict, Delay) else verdict
