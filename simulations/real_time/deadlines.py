"""Tell which steps of a run were late, each stage with a processor of its own, or all of them on one."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from omniflow_graph.engine.messages import Step

Key = tuple[str, int]  # a step: its stage, and the number of the last event that it took


class Work(NamedTuple):
    """Hold one step: what it works on, when that was there, how long it takes, and by when it should be done."""

    stage: str
    seq: int
    cost: int
    ready: int
    start: int
    done: int
    window: int | None  # the end of the window that it is about
    deadline: int | None  # the end of the next window
    after: Key | None  # the step without which there would be nothing to work on

    @property
    def late(self) -> bool:
        """Tell whether it is done later than the next window's end."""
        return self.deadline is not None and self.done > self.deadline


def work(trace: Trace) -> list[Work]:
    """Return what all stages did, in the order in which they began; not what a fence made them let go."""
    follow, places = follower(trace), {name: n for n, name in enumerate(trace.stages)}
    made = {(stage, seq): step.taken[-1] for stage, steps in trace.stages.items() for step in steps if step.taken for seq in step.taken}
    found = []
    for stage, steps in trace.stages.items():
        edge = trace.graph.nodes[stage].forward[0]
        inputs = {event.seq: event for event in trace[edge]}
        for step in steps:
            if {*step.taken} - {*step.dropped} and step.taken[-1] in inputs:
                found.append(_work(trace, stage, step, inputs[step.taken[-1]], follow, made))
    return sorted(found, key=lambda each: (each.start, places[each.stage], each.seq))


def _work(trace: Trace, stage: str, step: Step, event: Event[Any], follow: Callable[..., Event[Any] | None], made: Mapping[Key, int]) -> Work:
    window = follow(event, "align")
    answer = follow(event, "stage")
    after = None
    if answer is not None and answer.made_of:
        key = answer.stream, answer.made_of[-1][2]
        after = (answer.stream, made[key]) if key in made else None
    deadline = window and window.time + window.time // (window.seq + 1)
    return Work(stage, event.seq, step.done - step.start, event.time, step.start, step.done, window and window.time, deadline, after)


def follower(trace: Trace) -> Callable[..., Event[Any] | None]:
    """Return what follows an event back to the nearest one, or itself, that an operator of some kind put out; None if there is none.

    What a scan put out at a wake has no cause; it is taken for an answer to the last event that came to the scan before.
    """
    numbers: dict[str, dict[int, Event[Any]]] = {}

    def follow(event: Event[Any], kind: str) -> Event[Any] | None:
        found: Event[Any] | None = event
        while found is not None and _kind(trace, found.stream) != kind:
            found = _cause(trace, found, numbers)
        return found

    return follow


def _kind(trace: Trace, edge: str) -> str:
    return trace.graph.nodes[edge].kind if edge in trace.graph.nodes else "feedback"


def _cause(trace: Trace, event: Event[Any], numbers: dict[str, dict[int, Event[Any]]]) -> Event[Any] | None:
    if event.made_of:
        stream, _, seq = event.made_of[-1]
        known = numbers.setdefault(stream, {})
        if len(known) != len(trace.edges.get(stream, ())):
            known.update((each.seq, each) for each in trace.edges[stream])
        return known.get(seq)
    node = trace.graph.nodes.get(event.stream)
    if node is None or node.kind != "scan":
        return None
    return next((each for each in reversed(trace.edges.get(node.forward[0], [])) if each.time <= event.time), None)


def shared(of: Sequence[Work]) -> list[Work]:
    """Return the same work as one processor would do it: one step after another, whichever is there first.

    What depends on a step comes as long after that as it did. What the run would have decided otherwise, had it been so
    late, cannot be known from it.
    """
    steps = {(each.stage, each.seq): each for each in of}
    next_: dict[Key | None, list[Work]] = {}
    for each in of:
        next_.setdefault(each.after if each.after in steps else None, []).append(each)
    left = [(each.ready, n, each) for n, each in enumerate(next_.get(None, ()))]
    heapq.heapify(left)
    found, free, n = [], 0, len(of)
    while left:
        ready, _, each = heapq.heappop(left)
        start = max(free, ready)
        free = start + each.cost
        found.append(each._replace(ready=ready, start=start, done=free))
        for after in next_.get((each.stage, each.seq), ()):
            n += 1
            heapq.heappush(left, (free + max(after.ready - each.done, 0), n, after))
    return found
