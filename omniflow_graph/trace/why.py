"""Follow an event back to what caused it, and print the chain."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND, Causes, Event, Window
from omniflow_graph.trace.trace import NOT_KEPT, Elsewhere, Trace

Woken = Callable[[Trace, Event[Any]], Causes]
Telling = Callable[[Event[Any]], bool]
KEPT = Window._fields[:-1]  # of a window, in a stored trace: all but its events
DEEPEST = 100  # steps of indentation; a chain may have as many as there are events, and would take their square in blanks
MOST_TELLING = 5  # events of a range that are shown because they say something


class Shown(NamedTuple):
    """Hold another event of a range, and how many stand between it and the one that is shown before it."""

    between: int
    event: Event[Any]


@dataclass(frozen=True)
class Link:
    """Hold one cause in a chain: `depth` steps before the event asked for, `last` seq of a range that begins with it.

    `more` of the range are those that say something, and its last one.
    """

    depth: int
    event: Event[Any]
    last: int
    more: tuple[Shown, ...] = ()


def chain(trace: Trace, edge: str, seq: int, *, woken: Woken = lambda trace, event: (), telling: Telling = lambda event: False) -> list[Link]:
    """Return an event and its causes, nearest first, back through one window to what was seen and heard in it.

    Of a range of events it holds the first, the last and those that are `telling`, and follows the causes of all. What a
    window was fed by feedback belongs to an earlier window and is named, not followed, and so is what was followed
    already: a forged trace may hold an event that names itself. What a scan answered to a wake no event has caused;
    `woken` may know better. Raises KeyError if there is no such event.
    """
    found: list[Link] = []
    followed: set[tuple[str, int, int, bool]] = set()
    event = find(trace, edge, seq)
    left = [(Link(0, event, event.seq), False)]
    while left:
        link, beyond = left.pop()  # beyond a window feedback is not followed
        found.append(link)
        step = (link.event.stream, link.event.seq, link.last, beyond)
        if step in followed or (beyond and link.event.stream in trace.graph.feedbacks):
            continue
        followed.add(step)
        beyond = beyond or _kind(trace, link.event.stream) == "align"
        for stream, first, last in reversed(_made_of(trace, link, woken)):
            left.append((_link(trace, link, (stream, first, last), telling), beyond))
    return found


def _link(trace: Trace, of: Link, cause: tuple[str, int, int], telling: Telling) -> Link:
    stream, first, last = cause
    events = between(trace.edges.get(stream, []), first, last)
    if not events or events[0].seq != first:  # an input that stands in the trace by reference only
        return Link(of.depth + 1, Event(of.event.time, stream, first, trace.elsewhere.get(stream, NOT_KEPT)), last)
    shown = [n for n in range(1, len(events) - 1) if telling(events[n])][:MOST_TELLING] + [len(events) - 1] * (len(events) > 1)
    more = tuple(Shown(n - before - 1, events[n]) for before, n in zip([0, *shown], shown))
    return Link(of.depth + 1, events[0], last, more)


def find(trace: Trace, edge: str, seq: int) -> Event[Any]:
    """Return the event of an edge that has this seq. Raises KeyError naming what the edge holds."""
    events = trace[edge]
    found = _search(events, seq)
    if found is None:
        holds = f"its seqs are {events[0].seq}..{events[-1].seq}" if events else "it holds none"
        raise KeyError(f"edge {edge!r} has no event with seq {seq}; {holds}")
    return found


def between(events: list[Event[Any]], first: int, last: int) -> list[Event[Any]]:
    """Return the events of an edge whose seqs are in a range, both ends included."""
    return events[_place(events, first) : _place(events, last + 1)]


def at(trace: Trace, edge: str, time: int) -> Event[Any]:
    """Return the last event of an edge that is not later than a time. Raises KeyError if there is none."""
    earlier = [event for event in trace[edge] if event.time <= time]
    if not earlier:
        raise KeyError(f"edge {edge!r} has no event up to {time / SECOND:.3f} s")
    return earlier[-1]


def explain(links: list[Link]) -> str:
    """Print a chain: a line for each cause, or a few for a range of events; indented by how far back it is, up to DEEPEST steps."""
    return "\n".join(line for link in links for line in _lines(link))


def brief(data: Any, width: int = 100) -> str:
    """Write a payload on one short line."""
    if data is NOT_KEPT:
        return "(payload not kept)"
    if isinstance(data, Elsewhere):
        return data.about
    if isinstance(data, bytes):
        return f"{len(data)} bytes"
    if hasattr(data, "_fields"):
        data = {name: getattr(data, name) for name in data._fields if name in KEPT or not isinstance(data, Window)}
    if isinstance(data, dict) and tuple(data) == KEPT:
        return f"window {data['k']} [{data['start'] / SECOND:g} s, {data['end'] / SECOND:g} s)" + (" partial" if data["partial"] else "")
    if isinstance(data, dict):
        line = "  ".join(
            f"{key}={brief(value, 60)}" for key, value in data.items() if value is not None and not (isinstance(value, str) and not value)
        )
    elif getattr(data, "shape", ()):  # an array; a NumPy number has none
        line = f"{data.dtype}{list(data.shape)}"
    else:
        line = " ".join(str(data).splitlines())
    return line if len(line) <= width else line[: width - 3] + "..."


def _lines(link: Link) -> list[str]:
    """Write the events of a link that are shown; a range that begins and ends alike, and says nothing else, on one line."""
    indent = "  " * min(link.depth, DEEPEST)
    first, rest = f"{indent}{'<- ' if link.depth else ''}{_line(link)}", f"{indent}   "
    if len(link.more) == 1 and brief(link.more[0].event.data) == brief(link.event.data):
        between, last = link.more[0]
        return [f"{first}, and {between + 1} more up to {last.time / SECOND:.3f} s"]
    lines = [first]
    for between, event in link.more:
        lines += [f"{rest}({between} between)"] * (between > 0)
        lines.append(f"{rest}#{event.seq} at {event.time / SECOND:.3f} s: {brief(event.data)}")
    return lines


def _line(link: Link) -> str:
    event = link.event
    seqs = f"{event.seq}" if link.last == event.seq else f"{event.seq}..{link.last}"
    return f"{event.stream} #{seqs} at {event.time / SECOND:.3f} s: {brief(event.data)}"


def _made_of(trace: Trace, link: Link, woken: Woken) -> Causes:
    """Name what the events of a link were made of: one range for each stream."""
    events = trace.edges.get(link.event.stream, [])
    scanned = _kind(trace, link.event.stream) == "scan"
    spans: dict[str, tuple[int, int]] = {}
    for event in between(events, link.event.seq, link.last):
        for stream, first, last in event.made_of or (woken(trace, event) if scanned else ()):
            low, high = spans.get(stream, (first, last))
            spans[stream] = min(low, first), max(high, last)
    return tuple((stream, first, last) for stream, (first, last) in spans.items())


def _kind(trace: Trace, edge: str) -> str:
    return trace.graph.nodes[edge].kind if edge in trace.graph.nodes else "feedback"


def _search(events: list[Event[Any]], seq: int) -> Event[Any] | None:
    place = _place(events, seq)
    return events[place] if place < len(events) and events[place].seq == seq else None


def _place(events: list[Event[Any]], seq: int) -> int:
    """Find where a seq is, or would be: on an edge they strictly increase, with gaps."""
    return bisect_left(events, seq, key=lambda event: event.seq)
