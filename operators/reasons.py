"""Say why the assistant spoke: the chain word <- wave <- decision <- window <- frames and samples."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from omniflow_graph import Event, Trace, chain, seconds
from omniflow_graph.events import Causes
from omniflow_graph.trace.why import Link, at
from operators.turns import SPOKEN, turns

HEARD, DECIDED = "out-stream", "decide"


def why(trace: Trace, *, window: int | None = None, turn: int | None = None, second: float | None = None, edge: str | None = None) -> list[Link]:
    """Return the chain of causes of what a window decided, a turn (counted from 1) said, or what sounded at a second.

    Without any of these it is of the first sound. `edge` looks at another edge. Raises KeyError if there is no such
    event. Print it with `explain`.
    """
    follow = follower(trace)
    if turn is not None:
        return _of_turn(trace, edge or HEARD, turn, follow)
    edge = edge or _usual(trace, HEARD if window is None else DECIDED)
    if window is not None:
        return _of_window(trace, edge, window, follow)
    if not trace[edge]:
        raise KeyError(f"edge {edge!r} holds no event{_instead(trace, edge)}")
    return follow(trace[edge][0] if second is None else at(trace, edge, seconds(second)))


def follower(trace: Trace) -> Callable[[Event[Any]], list[Link]]:
    """Return what leads from an event of this trace to its causes, and knows what was said, and what is telling."""
    woken = wave_of(trace)
    return lambda event: chain(trace, event.stream, event.seq, woken=woken, telling=decisive)


def decisive(event: Event[Any]) -> bool:
    """Tell whether something can be decided on an event that others of its kind give no reason for: speech ended, a scene began."""
    return any(getattr(event.data, name, None) is True for name in ("ended", "cut"))


def _usual(trace: Trace, edge: str) -> str:
    """Return an edge to look at where none is named. Raises KeyError for a graph in which nobody speaks."""
    if edge in trace.edges:
        return edge
    raise KeyError(f"this graph has no edge {edge!r} to begin at; name one with --edge (and --at SECONDS): {', '.join(trace.edges)}")


def _instead(trace: Trace, edge: str) -> str:
    """Say why an edge holds nothing, and what to ask instead."""
    if edge in trace.elsewhere:
        return f" in this trace ({trace.elsewhere[edge].about}); replay with --copy-inputs to have them in it"
    return ": the assistant said nothing; try --window 0" if edge == HEARD else " in this trace; name another one"


def _of_window(trace: Trace, edge: str, window: int, follow: Callable[[Event[Any]], list[Link]]) -> list[Link]:
    windows = {name for name, node in trace.graph.nodes.items() if node.kind == "align"}
    for event in trace[edge]:
        links = follow(event)
        if any(link.event.stream in windows and link.event.seq <= window <= link.last for link in links):
            return links
    raise KeyError(f"edge {edge!r} holds nothing made of window {window}; it has {len(trace[edge])} events")


def _of_turn(trace: Trace, edge: str, turn: int, follow: Callable[[Event[Any]], list[Link]]) -> list[Link]:
    if missing := sorted((SPOKEN | {HEARD}) - trace.edges.keys()):
        raise KeyError(f"turns are those of the duplex pipeline, and this graph has no {', '.join(missing)}; ask with --edge NAME --at SECONDS")
    spoken = turns(trace)
    if not 1 <= turn <= len(spoken):
        raise KeyError(f"there is no turn {turn}; the trace has {len(spoken)}")
    links = follow(at(trace, HEARD, spoken[turn - 1].start))
    found = [link.event for link in links if link.event.stream == edge]
    decided = {link.event.seq for link in links if link.event.stream == DECIDED}
    found = found or [e for e in trace[edge] if any(of == DECIDED and first in decided for of, first, _ in e.made_of)]  # a branch, such as text
    if not found:
        raise KeyError(f"edge {edge!r} has no part in turn {turn}")
    return follow(found[0])


def wave_of(trace: Trace) -> Callable[[Trace, Event[Any]], Causes]:
    """Return what names the wave that sounds where the player acted on a wake: the part begins to sound, or was heard so far."""
    if not {"play", "wave"} <= trace.edges.keys():
        return lambda trace, event: ()
    begun: dict[int, tuple[list[int], list[int]]] = {}  # of each answer, when its parts began to sound: seqs, and which parts
    for event in trace["play"]:
        if hasattr(event.data, "samples") and hasattr(event.data, "part"):
            seqs, parts = begun.setdefault(event.data.response, ([], []))
            seqs.append(event.seq)
            parts.append(event.data.part)
    waves = {(e.data.response, e.data.part): e.seq for e in trace["wave"] if hasattr(e.data, "part")}

    def woken(trace: Trace, event: Event[Any]) -> Causes:
        seqs, parts = begun.get(getattr(event.data, "response", 0), ([], [])) if event.stream == "play" else ([], [])
        n = bisect_right(seqs, event.seq)
        wave = waves.get((event.data.response, parts[n - 1])) if n else None
        return () if wave is None else (("wave", wave, wave),)

    return woken
