"""Say what is wrong with a run: each violation with its time, and, once it is to fail, with the chain of causes of the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND, Event
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import chain, explain

MOST = 5  # violations that are shown

Why = Callable[[Trace, Event[Any]], str]


class Violation(NamedTuple):
    """Say which invariant a run breaks, when, and by what. `event` is (edge, seq) of an event that shows it, if there is one.

    >>> str(Violation("windows_tile_time", 1_500_000_000, "window 1 holds an event of window 0"))
    'windows_tile_time: at 1.500 s: window 1 holds an event of window 0'
    """

    invariant: str
    time: int
    words: str
    event: tuple[str, int] | None = None

    def __str__(self) -> str:
        """Write it on one line."""
        return f"{self.invariant}: at {self.time / SECOND:.3f} s: {self.words}"


def place(event: Event[Any]) -> tuple[str, int]:
    """Name an event as a violation does: (edge, seq)."""
    return event.stream, event.seq


def causes_of(trace: Trace, event: Event[Any]) -> str:
    """Print an event's chain of causes."""
    return explain(chain(trace, event.stream, event.seq))


def must_hold(found: Iterable[Violation], trace: Trace, why: Why = causes_of) -> None:
    """Raise AssertionError if anything was found: the violations in the order of their times, then the first one's chain."""
    violations = sorted(found, key=lambda each: each.time)
    if not violations:
        return
    lines = [str(each) for each in violations[:MOST]]
    if rest := len(violations) - MOST:
        lines += [f"and {rest} more"] * (rest > 0)
    shown = next((each.event for each in violations if each.event), None)
    raise AssertionError("\n".join([f"session {trace.session!r}, seed {trace.seed}:", *lines, *_because(trace, shown, why)]))


def _because(trace: Trace, shown: tuple[str, int] | None, why: Why) -> list[str]:
    event = next((each for each in trace.edges.get(shown[0], ()) if each.seq == shown[1]), None) if shown else None
    return [why(trace, event)] if event else []
