"""Say why the assistant spoke: the chain word <- wave <- decision <- window <- frames and samples."""

from __future__ import annotations

from typing import Any

from omniflow_graph import Event, Trace, chain, seconds
from omniflow_graph.events import Causes
from omniflow_graph.trace.why import Link, at
from operators.turns import turns

HEARD, DECIDED = "out-stream", "decide"


def why(trace: Trace, *, window: int | None = None, turn: int | None = None, second: float | None = None, edge: str | None = None) -> list[Link]:
    """Return the chain of causes of what a window decided, a turn (counted from 1) said, or what sounded at a second.

    Without any of these it is of the first sound. `edge` looks at another edge. Raises KeyError if there is no such
    event. Print it with `explain`.
    """
    if window is not None:
        return _of_window(trace, edge or DECIDED, window)
    if turn is not None:
        return _of_turn(trace, edge or HEARD, turn)
    edge = edge or HEARD
    if second is not None:
        return _chain(trace, at(trace, edge, seconds(second)))
    if not trace[edge]:
        hint = ": the assistant said nothing; try --window 0" if edge == HEARD else " in this trace; name another one"
        raise KeyError(f"edge {edge!r} holds no event{hint}")
    return _chain(trace, trace[edge][0])


def _of_window(trace: Trace, edge: str, window: int) -> list[Link]:
    windows = {name for name, node in trace.graph.nodes.items() if node.kind == "align"}
    for event in trace[edge]:
        links = _chain(trace, event)
        if any(link.event.stream in windows and link.event.seq <= window <= link.last for link in links):
            return links
    raise KeyError(f"edge {edge!r} holds nothing made of window {window}; it has {len(trace[edge])} events")


def _of_turn(trace: Trace, edge: str, turn: int) -> list[Link]:
    spoken = turns(trace)
    if not 1 <= turn <= len(spoken):
        raise KeyError(f"there is no turn {turn}; the trace has {len(spoken)}")
    links = _chain(trace, at(trace, HEARD, spoken[turn - 1].start))
    found = [link.event for link in links if link.event.stream == edge]
    decided = {link.event.seq for link in links if link.event.stream == DECIDED}
    found = found or [e for e in trace[edge] if any(of == DECIDED and first in decided for of, first, _ in e.made_of)]  # a branch, such as text
    if not found:
        raise KeyError(f"edge {edge!r} has no part in turn {turn}")
    return _chain(trace, found[0])


def _chain(trace: Trace, event: Event[Any]) -> list[Link]:
    return chain(trace, event.stream, event.seq, woken=wave_of)


def wave_of(trace: Trace, event: Event[Any]) -> Causes:
    """Name the wave that sounds where the player acted on a wake: the part begins to sound, or was heard so far."""
    if event.stream != "play" or "wave" not in trace.edges:
        return ()
    sounds = [e.data for e in trace["play"] if e.seq <= event.seq and hasattr(e.data, "samples") and e.data.response == event.data.response]
    waves = [e for e in trace["wave"] if sounds and not getattr(e.data, "cut", True)]
    return tuple(("wave", e.seq, e.seq) for e in waves if (e.data.response, e.data.part) == (sounds[-1].response, sounds[-1].part))
