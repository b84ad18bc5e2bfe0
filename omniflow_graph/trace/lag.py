"""Tell which stages could not keep up: how late their last answers were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from omniflow_graph.engine.messages import Step
from omniflow_graph.events import SECOND, Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import between


class Lag(NamedTuple):
    """Say by how much a stage was late at the end of a session, and how long its windows are: nanoseconds."""

    stage: str
    lag: int
    window: int

    def __str__(self) -> str:
        """Write it as a sentence."""
        late, window = self.lag / SECOND, self.window / SECOND
        return (
            f"stage {self.stage!r} ends the session behind: its last answer comes {late:.2f} s after what it answers, in windows of {window:g} s; "
            "it would not hold real time: take longer windows, or a stage that costs less"
        )


def behind(trace: Trace) -> list[Lag]:
    """List the stages whose last answer came more than a window after the window, or the answer, that it was about.

    Each stage answers for itself: what waits for a slow one is not late. Stages that no window leads to have none.
    """
    found = []
    for stage, steps in trace.stages.items():
        window, lag = _window(trace, stage), _last(steps, trace.edges[trace.graph.nodes[stage].inputs[0]])
        if window and lag > window:
            found.append(Lag(stage, lag, window))
    return found


def _last(steps: Sequence[Step], events: list[Event[Any]]) -> int:
    """Return how late the last answer was that is about an event which the trace has; a fence may have dropped others."""
    for step in reversed(steps):
        about = between(events, step.taken[-1], step.taken[-1]) if {*step.taken} - {*step.dropped} else []
        if about:
            return step.done - about[0].time
    return 0


def _window(trace: Trace, stage: str) -> int | None:
    """Return how long the windows are that lead to a stage, by the way that its events came; None if none do."""
    graph: Graph = trace.graph
    reads = list(graph.nodes[stage].forward)
    for edge in reads:  # grows: what is nearest comes first
        node = graph.nodes[edge]
        if node.kind == "align":
            first = next(iter(trace.edges[edge]), None)
            return first and first.time // (first.seq + 1)  # they begin at 0 and leave no gap
        reads += [each for each in node.forward if each not in reads]
    return None
