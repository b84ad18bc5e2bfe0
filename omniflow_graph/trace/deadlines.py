"""Tell which steps of which stage came too late: done only after the window that follows their own had ended."""

from __future__ import annotations

from typing import NamedTuple

from omniflow_graph.engine.messages import Step
from omniflow_graph.trace.trace import Trace


class Deadlines(NamedTuple):
    """Hold how a stage kept its deadlines: how many of its steps are about a window, how many of them came too late, or never.

    A step that was dropped for want of time is `missed`; what a fence let go of is not wanted any more, and counts as nothing.
    `latest` is how long after its deadline the last of them was done, in nanoseconds; 0 if none was late.
    """

    stage: str
    steps: int
    missed: int
    latest: int


def deadlines(trace: Trace) -> list[Deadlines]:
    """Return how each stage kept its deadlines, of the stages that a window leads to."""
    ends, length = window_ends(trace), window_length(trace)
    found = []
    for stage, steps in trace.stages.items():
        known = ends.get(trace.graph.nodes[stage].forward[0], {})
        wanted = [step for step in steps if not flushed(step)]
        done = [step.done - known[step.taken[-1]] - length for step in wanted if step.taken[-1] in known]
        lost = sum(seq in known for step in wanted for seq in step.dropped)
        if done or lost:
            late = [each for each in done if each > 0]
            found.append(Deadlines(stage, len(done) + lost, len(late) + lost, max(late, default=0)))
    return found


def flushed(step: Step) -> bool:
    """Tell whether a fence made a stage let go of all of this step; else what it dropped had to wait for too long."""
    return not {*step.taken} - {*step.dropped}


def window_ends(trace: Trace) -> dict[str, dict[int, int]]:
    """Tell, for each edge that a window leads to, when the window ended that each of its events, by number, answers."""
    found: dict[str, dict[int, int]] = {}
    for name, node in trace.graph.nodes.items():
        if node.kind == "align":
            found[name] = {event.seq: event.time for event in trace.edges.get(name, ())}
        elif node.kind != "sink":
            origin = next((edge for edge in node.forward if edge in found), None)
            known = found.get(origin, {}) if origin else {}
            events = trace.edges.get(name, ()) if known else ()
            found[name] = {e.seq: known[last] for e in events for of, _, last in e.made_of if of == origin and last in known}
    return found


def window_length(trace: Trace) -> int:
    """Return how long the windows of the first align are, in nanoseconds, also of a stored trace; 0 if there are none."""
    aligned = next((name for name, node in trace.graph.nodes.items() if node.kind == "align"), None)
    first = next(iter(trace.edges.get(aligned, ())), None) if aligned else None
    return first.time // (first.seq + 1) if first else 0  # they begin at 0 and leave no gap
