"""Assert that one thing follows another in time; whatever fails says why by its chain of causes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omniflow_graph.events import SECOND, Event
from omniflow_graph.testing.asking import Where, about
from omniflow_graph.testing.violation import causes_of
from omniflow_graph.trace.trace import Trace

Pairs = list[tuple[Event[Any], Event[Any]]]  # (cause, effect)


def assert_follows_within(
    trace: Trace, cause: str, effect: str, within: int, where: Where | None = None, *, so: Callable[..., Any] | None = None, least: int = 1
) -> Pairs:
    """Assert that each event of the edge `cause` is followed on the edge `effect`, up to `within` ns later; return the pairs.

    `where` picks the causes that are meant, `so(cause, effect)` the effects that will do. A cause whose time is not up
    when the session ends proves nothing; if fewer than `least` causes prove anything, that fails, too. Raises
    AssertionError with the chain of causes of what came instead, or too late.

    >>> from omniflow_graph import Graph, Session, replay
    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.scan("again", g.source("mic"), lambda state, event: (state, [(event.time + 3, event.data)])))
    >>> trace = replay(g, Session("s", {"mic": [(0, 1), (5, 2)]}, end=10), engine="direct")
    >>> [(cause.time, effect.time) for cause, effect in assert_follows_within(trace, "mic", "again", 3)]
    [(0, 3), (5, 8)]
    """
    pairs: Pairs = []
    for event in (each for each in trace[cause] if where is None or where(each)):
        found = about(trace).first(effect, after=event.time, where=None if so is None else lambda other, event=event: so(event, other))
        if found is not None and found.time <= event.time + within:
            pairs.append((event, found))
        elif event.time + within < trace.end:
            raise AssertionError(_missed(trace, event, effect, within, found))
    if len(pairs) < least:
        raise AssertionError(
            f"session {trace.session!r}: wants {least} events or more on {cause!r} that are followed by one on {effect!r}, got {len(pairs)}: "
            f"nothing would be proved; give it other input, or least={len(pairs)}"
        )
    return pairs


def _missed(trace: Trace, event: Event[Any], effect: str, within: int, found: Event[Any] | None) -> str:
    """Say what did not follow, what came instead, and print its chain; of nothing, that of the cause."""
    came = "none comes" if found is None else f"the next comes {(found.time - event.time) / SECOND:.3f} s later"
    what = f"{event.stream} #{event.seq} at {event.time / SECOND:.3f} s"
    head = f"session {trace.session!r}, seed {trace.seed}: after {what}, wants an event on {effect!r} within {within / SECOND:.3f} s; {came}"
    return f"{head}\n{causes_of(trace, found or event)}"
