"""Follow an event back to what caused it, and print the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from omniflow_graph.events import SECOND, Event, Window
from omniflow_graph.trace.trace import NOT_KEPT, Trace


@dataclass(frozen=True)
class Link:
    """Hold one cause in a chain: `depth` steps before the event asked for, `last` seq of a range that begins with it."""

    depth: int
    event: Event[Any]
    last: int


def chain(trace: Trace, edge: str, seq: int) -> list[Link]:
    """Return an event and its causes, nearest first, back through one window to what was seen and heard in it.

    Of a range of events it holds the first and the last seq. What a window was fed by feedback belongs to an earlier
    window and is named, not followed. Raises KeyError if there is no such event.
    """
    return list(_links(trace, find(trace, edge, seq), 0, inside=False))


def find(trace: Trace, edge: str, seq: int) -> Event[Any]:
    """Return the event of an edge that has this seq. Raises KeyError naming what the edge holds."""
    events = trace[edge]
    found = _search(events, seq)
    if found is None:
        holds = f"its seqs are {events[0].seq}..{events[-1].seq}" if events else "it holds none"
        raise KeyError(f"edge {edge!r} has no event with seq {seq}; {holds}")
    return found


def at(trace: Trace, edge: str, time: int) -> Event[Any]:
    """Return the last event of an edge that is not later than a time. Raises KeyError if there is none."""
    earlier = [event for event in trace[edge] if event.time <= time]
    if not earlier:
        raise KeyError(f"edge {edge!r} has no event up to {time / SECOND:.3f} s")
    return earlier[-1]


def explain(links: list[Link]) -> str:
    """Print a chain, one line a cause, indented by how far back it is."""
    return "\n".join(f"{'  ' * link.depth}{'<- ' if link.depth else ''}{_line(link)}" for link in links)


def brief(data: Any, width: int = 100) -> str:
    """Write a payload on one short line."""
    if data is NOT_KEPT:
        return "(payload not kept)"
    if isinstance(data, bytes):
        return f"{len(data)} bytes"
    if isinstance(data, Window):
        return f"window {data.k} [{data.start / SECOND:g} s, {data.end / SECOND:g} s)" + (" partial" if data.partial else "")
    if hasattr(data, "_fields"):
        data = {name: getattr(data, name) for name in data._fields}
    if isinstance(data, dict):
        line = "  ".join(
            f"{key}={brief(value, 60)}" for key, value in data.items() if value is not None and not (isinstance(value, str) and not value)
        )
    elif hasattr(data, "dtype"):
        line = f"{data.dtype}{list(data.shape)}"
    else:
        line = str(data)
    return line if len(line) <= width else line[: width - 3] + "..."


def _line(link: Link) -> str:
    event = link.event
    seqs = f"{event.seq}" if link.last == event.seq else f"{event.seq}..{link.last}"
    return f"{event.stream} #{seqs} at {event.time / SECOND:.3f} s: {brief(event.data)}"


def _links(trace: Trace, event: Event[Any], depth: int, inside: bool, last: int | None = None) -> Iterator[Link]:
    yield Link(depth, event, event.seq if last is None else last)
    window = trace.graph.nodes.get(event.stream)
    inside = inside or (window is not None and window.kind == "align")
    for stream, first, final in event.made_of:
        cause = _search(trace.edges.get(stream, []), first)
        if cause is None:  # an input that stands in the trace by reference only
            cause = Event(event.time, stream, first, NOT_KEPT)
        if inside and stream in trace.graph.feedbacks:
            yield Link(depth + 1, cause, final)
        else:
            yield from _links(trace, cause, depth + 1, inside, final)


def _search(events: list[Event[Any]], seq: int) -> Event[Any] | None:
    """Find a seq: on an edge they strictly increase, with gaps."""
    low, high = 0, len(events)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if events[middle].seq < seq else (low, middle)
    return events[low] if low < len(events) and events[low].seq == seq else None
