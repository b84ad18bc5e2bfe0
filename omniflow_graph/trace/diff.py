"""Compare two traces: the first event that differs, its edge, its time, and what fed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omniflow_graph.events import SECOND, Event
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import brief, chain, explain


@dataclass(frozen=True)
class Difference:
    """Name the first difference of two runs. `a` or `b` is None where that run has no such event."""

    edge: str
    time: int
    index: int
    a: Event[Any] | None
    b: Event[Any] | None
    fed_by: str  # the chain of causes, printed

    def __str__(self) -> str:
        """Print it in three lines and the chain."""
        lines = [f"first difference: edge {self.edge!r}, event {self.index}, at {self.time / SECOND:.3f} s"]
        for name, event in (("a", self.a), ("b", self.b)):
            shown = "no such event" if event is None else f"#{event.seq} at {event.time} ns: {brief(event.data)}"
            lines.append(f"  {name}: {shown}")
        return "\n".join([*lines, *(f"  {line}" for line in self.fed_by.splitlines())])


def diff(a: Trace, b: Trace) -> Difference | None:
    """Return the first event, by time and then by the order of edges, in which two traces differ; None if in none.

    Events are compared by time, seq and the digest of their payload. An edge that one run lacks counts from its first
    event; an edge that stands by reference only (an input) is compared by its digest.
    """
    found = []
    for rank, edge in enumerate(dict.fromkeys((*a.edges, *b.edges))):
        if a.digests.get(edge) != b.digests.get(edge):
            found.append((*_first(a, b, edge), rank, edge))
    if not found:
        return None
    time, index, _, edge = min(found)
    mine, other = _at(a, edge, index), _at(b, edge, index)
    source, event = (a, mine) if mine is not None else (b, other)
    fed_by = explain(chain(source, edge, event.seq)) if event is not None else "the edge's digests differ; its events are not in the trace"
    return Difference(edge, time, index, mine, other, fed_by)


def _first(a: Trace, b: Trace, edge: str) -> tuple[int, int]:
    """Return time and index of the first difference on one edge."""
    mine, other = _records(a, edge), _records(b, edge)
    index = next((n for n, (x, y) in enumerate(zip(mine, other)) if x != y), min(len(mine), len(other)))
    return min((of[index][0] for of in (mine, other) if index < len(of)), default=0), index


def _records(trace: Trace, edge: str) -> list[tuple[int, int, bytes]]:
    return [(e.time, e.seq, d) for e, d in zip(trace.edges.get(edge, ()), trace.payloads.get(edge, ()))]


def _at(trace: Trace, edge: str, index: int) -> Event[Any] | None:
    events = trace.edges.get(edge, [])
    return events[index] if index < len(events) else None
