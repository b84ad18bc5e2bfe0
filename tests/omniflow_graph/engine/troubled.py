"""Graphs with trouble in them: in each something raises at 1.5 s, each time in another place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from omniflow_graph import Event, Graph, Session, Wake, seconds

AT = seconds(1.5)


class Trouble(Exception):
    """Stand for what users raise."""


class Case(NamedTuple):
    """Say where the trouble is, and what is raised."""

    where: str  # kind of the operator that is to blame
    build: Callable[[Graph, str], str]
    wanted: tuple[type[Exception], str] = (Trouble, "no, not at 1.5 s")
    payload: Any = 1  # of the event at 1.5 s

    @property
    def graph(self) -> Graph:
        """Build the graph; the operator to blame is `bad`."""
        g = Graph("troubled")
        g.sink("out", self.build(g, g.source("mic")))
        return g

    def notes(self, session: str) -> list[str]:
        """Return what is noted on the error."""
        name = "mic" if self.where == "source" else "bad"
        return [f"in {self.where} {name!r}, session {session!r}, at 1500000000 ns (1.500 s)"]


def session(case: Case, name: str = "ann", end: float = 3.0) -> Session:
    """Make a session that runs into trouble, unless it ends before."""
    events = [(0, 1), (seconds(1.0), 1), (AT, case.payload), (seconds(2.0), 1)]
    return Session(name, {"mic": [event for event in events if event[0] < seconds(end)]}, end=seconds(end))


def refuse(event: Event) -> int:
    """Raise, once it is 1.5 s."""
    if event.time >= AT:
        raise Trouble("no, not at 1.5 s")
    return event.data


def refuse_by_chance(event: Event, rng: Callable) -> int:
    """Raise from a function that asks for chance."""
    return refuse(event) + rng(event).below(2)


def step(state: int, event: Event) -> tuple[int, list]:
    """Raise from a scan."""
    return state, [(event.time, refuse(event))]


def at_a_wake(state: int, cause: Any) -> tuple[int, list]:
    """Raise from a scan when it is woken."""
    return state, [(cause.time, refuse(cause))] if isinstance(cause, Wake) else []


def work(state: int, event: Event) -> tuple[int, list]:
    """Raise from a stage."""
    return state, [refuse(event)]


def answer(state: int, event: Event) -> tuple[int, list]:
    """Be a stage that does as it should."""
    return state, [event.data]


def in_a_cycle(g: Graph, mic: str) -> str:
    """Put a map that raises between a merge and its feedback."""
    everything = g.merge("all", mic)
    bad = g.map("bad", everything, refuse)
    g.feedback("again", g.map("none", bad, lambda event: None), everything, delay=1)
    return bad


UNDIGESTED = (TypeError, "no canonical form for set: use numbers, text, bytes, arrays, lists, maps")

TROUBLES = {
    "map": Case("map", lambda g, mic: g.map("bad", mic, refuse)),
    "map with chance": Case("map", lambda g, mic: g.map("bad", mic, refuse_by_chance)),
    "map in a cycle": Case("map", in_a_cycle),
    "scan": Case("scan", lambda g, mic: g.scan("bad", mic, step)),
    "scan at a wake": Case("scan", lambda g, mic: g.scan("bad", mic, at_a_wake, wakes=[AT])),
    "stage": Case("stage", lambda g, mic: g.stage("bad", mic, work)),
    "stage that looks at all that waits": Case("stage", lambda g, mic: g.stage("bad", mic, work, overrun="newest")),
    "cost": Case("stage", lambda g, mic: g.stage("bad", mic, answer, cost=refuse)),
    "payload of a map": Case("map", lambda g, mic: g.map("bad", mic, lambda event: {1} if event.time == AT else 1), UNDIGESTED),
    "payload of a source": Case("source", lambda g, mic: g.map("good", mic, lambda event: 1), UNDIGESTED, {1}),
}
