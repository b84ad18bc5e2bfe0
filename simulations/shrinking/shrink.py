"""Reduce a session that fails to a small one that still does: delta debugging over time, streams, faults, frames and sound.

Time is cut out in whole windows, and what comes later moves up by as much: each event keeps its place in its window, so
most failures outlive it, and the session gets short. What fails at one time only stays there, and the stretch is emptied
instead. Parts of windows go last, when few windows are left to try that with. What stays keeps its number, its payload
and the session's name, which draws of chance depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import lcm
from typing import Any

from omniflow_graph import Graph
from omniflow_graph.canonical import pack, payload_digest, records
from omniflow_graph.events import SECOND
from omniflow_graph.session import KnownCosts
from simulations.shrinking.reductions import REDUCTIONS, Case, silenced

MOST = 5_000  # runs


@dataclass(frozen=True)
class Shrunk:
    """Hold the smallest case that was found, and how many runs that took. `done` is False if the budget was spent before."""

    case: Case
    tries: int
    known: int  # cases that came up again and were not run
    done: bool


def grid_of(graph: Graph) -> int:
    """Return by what events can be moved so that they keep their places in all windows; a second, without windows.

    >>> g = Graph("two")
    >>> _ = g.align("short", g.source("mic"), length=200), g.align("long", "mic", length=300)
    >>> grid_of(g)
    600
    """
    lengths = [node.length for node in graph.nodes.values() if node.kind == "align"]
    return lcm(*lengths) if lengths else SECOND


def shrink(
    case: Case,
    fails: Callable[[Case], bool],
    *,
    grid: int = SECOND,
    sound: Iterable[str] = (),
    within: Callable[[], bool] = lambda: True,
    most: int = MOST,
) -> Shrunk:
    """Return a case that still `fails`, and does not if anything more is taken from it.

    `grid` is what time is cut in, `sound` the streams whose frames may fall silent. It stops after `most` runs, or when
    it is no longer `within` its budget, with what it has by then. Raises ValueError for a case that does not fail.

    >>> from omniflow_graph import Session
    >>> hour = Session("s", {"mic": [(n * SECOND, n) for n in range(3600)]}, end=3600 * SECOND)
    >>> found = shrink(Case(hour), lambda case: any(event.data == 1234 for event in case.session.sources["mic"]))
    >>> found.case.session.sources["mic"], found.case.end
    ((Event(time=0, stream='mic', seq=1234, data=1234, made_of=(), stamps=None),), 1)
    """
    search = Search(fails, within, most)
    case = case.numbered()
    if not search(case):
        raise ValueError(f"session {case.session.name!r}: does not fail, so there is nothing to shrink")
    try:
        _reduced(_priced(case, search), search, grid, list(sound))
    except Spent:
        return Shrunk(search.best or case, search.tries, search.again, False)
    return Shrunk(search.best or case, search.tries, search.again, True)


def _reduced(case: Case, search: Search, grid: int, sound: list[str]) -> None:
    """Take away what can be, again and again, until nothing more can."""
    before = b""
    while (content := search.content(case)) != before:
        before = content
        for reduced in REDUCTIONS:
            case = reduced(case, search, grid)
        case = silenced(case, search, sound)


def _priced(case: Case, search: Search) -> Case:
    """Let stages cost what they declare, if it fails then, too; else what is known of their costs, which no longer has to be all."""
    costs = case.session.costs
    if costs is None:
        return case
    free = replace(case, session=replace(case.session, costs=None))
    return free if search(free) else replace(case, session=replace(case.session, costs=KnownCosts(costs)))


class Spent(Exception):
    """Say that the budget is spent."""


@dataclass
class Search:
    """Ask whether cases fail, each one once, as long as the budget lasts. Remembers the last one that does: each is less than the one before."""

    fails: Callable[[Case], bool]
    within: Callable[[], bool]
    most: int
    tries: int = 0
    again: int = 0
    best: Case | None = None
    known: dict[bytes, bool] = field(default_factory=dict)
    digests: dict[int, tuple[bytes, Any]] = field(default_factory=dict)  # of payloads by id, with what has that id

    def __call__(self, case: Case) -> bool:
        """Tell whether a case fails. Raises Spent where it would have to be run, and may not be."""
        content = self.content(case)
        if content in self.known:
            self.again += 1
        elif self.tries >= self.most or not self.within():
            raise Spent
        else:
            self.tries += 1
            self.known[content] = self.fails(case)
            self.best = case if self.known[content] else self.best
        return self.known[content]

    def content(self, case: Case) -> bytes:
        """Name a case by all that is in it."""
        session = case.session
        streams = [[name, records([(e.time, e.seq, self._digest(e.data)) for e in events])] for name, events in session.sources.items() if events]
        ends = dict(session.end) if isinstance(session.end, Mapping) else session.end
        return sha256(pack([streams, ends, case.faults, session.costs is None])).digest()

    def _digest(self, data: Any) -> bytes:
        if id(data) not in self.digests:
            self.digests[id(data)] = payload_digest(data), data
        return self.digests[id(data)][0]
