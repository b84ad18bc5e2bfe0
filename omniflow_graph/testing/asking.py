"""Ask a trace: what was on its edges when, what came first, when a stage worked, and why."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omniflow_graph.engine.messages import Step
from omniflow_graph.events import Event
from omniflow_graph.testing.violation import causes_of
from omniflow_graph.trace.trace import Trace

Where = Callable[[Event[Any]], Any]  # is it one of those that are meant?


@dataclass(frozen=True)
class Asked:
    """Answer questions about one trace. What other packages registered is asked by its name, as in `about(trace).turns()`."""

    trace: Trace

    def between(self, start: int, end: int, *edges: str) -> list[Event[Any]]:
        """Return the events in [start, end) of some edges, by default of all, in the order (time, order of the edges, seq).

        Raises KeyError for an edge that the trace does not have.
        """
        rows = []
        for n, edge in enumerate(edges or self.trace.edges):
            events = self.trace[edge]
            first, last = (bisect_left(events, time, key=lambda event: event.time) for time in (start, end))
            rows.append([(event.time, n, event.seq, event) for event in events[first:last]])
        return [event for *_, event in heapq.merge(*rows, key=lambda row: row[:3])]

    def first(self, edge: str, *, after: int = 0, where: Where | None = None) -> Event[Any] | None:
        """Return the first event of an edge at `after` or later that is meant by `where`; None if there is none."""
        events = self.trace[edge]
        place = bisect_left(events, after, key=lambda event: event.time)
        return next((event for event in events[place:] if where is None or where(event)), None)

    def steps(self, stage: str) -> list[Step]:
        """Return when a stage worked: start and done, the seqs it took and those it dropped. Raises KeyError naming the stages."""
        if stage not in self.trace.stages:
            raise KeyError(f"no stage {stage!r} in this trace; there are {', '.join(self.trace.stages) or 'none'}")
        return self.trace.stages[stage]

    def why(self, event: Event[Any]) -> str:
        """Print an event's chain of causes."""
        return causes_of(self.trace, event)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a question that another package registered, about this trace. Raises AttributeError naming those that there are."""
        from omniflow_graph.testing.registered import queries

        known = {} if name.startswith("_") else queries()
        if name not in known:
            raise AttributeError(f"a trace cannot be asked for {name!r}; it can for {', '.join(['between', 'first', 'steps', 'why', *known])}")
        return lambda *args, **options: known[name](self.trace, *args, **options)


def about(trace: Trace) -> Asked:
    """Ask a trace.

    >>> from omniflow_graph import Graph, Session, replay
    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.map("twice", g.source("mic"), lambda event: 2 * event.data))
    >>> trace = replay(g, Session("s", {"mic": [(0, 1), (5, 2), (7, 3)]}, end=10), engine="direct")
    >>> [(event.time, event.stream) for event in about(trace).between(5, 7)]
    [(5, 'mic'), (5, 'twice')]
    >>> about(trace).first("twice", where=lambda event: event.data > 2).time
    5
    """
    return Asked(trace)
