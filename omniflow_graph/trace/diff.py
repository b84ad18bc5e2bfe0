"""Compare two traces: the first event that differs, its edge, its time, and what fed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omniflow_graph.events import SECOND, Event
from omniflow_graph.trace.trace import Trace, not_run
from omniflow_graph.trace.why import brief, chain, explain

WIDTH = 400  # of a field that differs
EMPTY = bytes(32).hex()  # the digest of an edge without events


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
        if self.a is None and self.b is None:
            return f"first difference: edge {self.edge!r}\n  {self.fed_by}"
        lines = [f"first difference: edge {self.edge!r}, event {self.index}, at {self.time / SECOND:.3f} s"]
        for name, event, other in (("a", self.a, self.b), ("b", self.b, self.a)):
            shown = "no such event" if event is None else f"#{event.seq} at {event.time} ns: {_apart(event.data, other and other.data)}"
            lines.append(f"  {name}: {shown}")
        return "\n".join([*lines, *(f"  {line}" for line in self.fed_by.splitlines())])


def _apart(data: Any, other: Any) -> str:
    """Write a payload on one line; of two records that look alike when cut short, the fields that differ, in full."""
    names = getattr(data, "_fields", ())
    if names and names == getattr(other, "_fields", ()) and brief(data) == brief(other):
        fields = {name: getattr(data, name) for name in names if brief(getattr(data, name), WIDTH) != brief(getattr(other, name), WIDTH)}
        if fields:
            return "  ".join(f"{name}={brief(value, WIDTH)}" for name, value in fields.items())
    return brief(data)


def diff(a: Trace, b: Trace) -> Difference | None:
    """Return the first event, by time and then by the order of edges, in which two traces differ; None if in none.

    Events are compared by time, seq and the digest of their payload. An edge that one run lacks counts from its first
    event; an edge whose events one trace does not hold (an input by reference) is compared by its digest, and named if
    no event differs. What one run left out, since only frozen operators needed it, is not compared.
    """
    found = []
    unknown = []
    apart = not_compared(a, b)
    for rank, edge in enumerate(dict.fromkeys((*a.edges, *b.edges))):
        if edge in apart:
            continue
        if a.digests.get(edge, EMPTY) != b.digests.get(edge, EMPTY):
            first = _first(a, b, edge)
            if first:
                found.append((first[0], rank, first[1], edge))
            else:
                unknown.append((edge, "the digests of its events differ; the events are not in both traces"))
        elif (edge in a.edges) != (edge in b.edges):
            unknown.append((edge, f"only {'a' if edge in a.edges else 'b'} has this edge; there is no event on it"))
    if not found:
        return Difference(unknown[0][0], 0, 0, None, None, unknown[0][1]) if unknown else None
    time, _, index, edge = min(found)
    mine, other = _at(a, edge, index), _at(b, edge, index)
    source = a if mine is not None and mine.time == time else b
    return Difference(edge, time, index, mine, other, explain(chain(source, edge, source[edge][index].seq)))


def not_compared(a: Trace, b: Trace) -> list[str]:
    """List the edges that one of two runs left out because only its frozen operators needed them."""
    return [edge for edge in dict.fromkeys((*a.edges, *b.edges)) if any(edge not in of.edges and edge in not_run(of.graph) for of in (a, b))]


def _first(a: Trace, b: Trace, edge: str) -> tuple[int, int] | None:
    """Return time and index of the first difference on one edge; None if its events are not in both traces."""
    if not (_holds(a, edge) and _holds(b, edge)):
        return None
    mine, other = _records(a, edge), _records(b, edge)
    index = next((n for n, (x, y) in enumerate(zip(mine, other)) if x != y), min(len(mine), len(other)))
    times = [of[index][0] for of in (mine, other) if index < len(of)]
    return (min(times), index) if times else None


def _holds(trace: Trace, edge: str) -> bool:
    return bool(trace.edges.get(edge)) or trace.digests.get(edge, EMPTY) == EMPTY


def _records(trace: Trace, edge: str) -> list[tuple[int, int, bytes]]:
    return [(e.time, e.seq, d) for e, d in zip(trace.edges.get(edge, ()), trace.payloads.get(edge, ()))]


def _at(trace: Trace, edge: str, index: int) -> Event[Any] | None:
    events = trace.edges.get(edge, [])
    return events[index] if index < len(events) else None
