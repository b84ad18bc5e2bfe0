"""Stages at work: one event at a time, each for as long as it costs; a fence lets go of what is under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from math import inf
from typing import Any, NamedTuple

from omniflow_graph.engine.cell import PLAIN, Cell, Edge, Host, begun, bound, pair, settled
from omniflow_graph.engine.messages import Start, Step
from omniflow_graph.errors import RunError, blame
from omniflow_graph.events import Event, Window, causes, ready
from omniflow_graph.graph.nodes import Node
from omniflow_graph.session import KnownCosts, MeasuredCosts


def stage(node: Node, rank: int, island: Host) -> Cell:
    """Return the cell of a stage, with or without a fence."""
    return FencedStage(node, rank, island) if node.fence else Stage(node, rank, island)


class Stage(Cell):
    """Takes one event at a time and takes time: start = max(free, ready), done = start + cost."""

    changes = ("state", "queue", "free_at")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        assert node.fn
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.fn, self.state = bound(node.fn, node.name, island.start.session, island.start.seed), begun(node, island.start.session)
        self.cost = _cost_of(node, island.start)
        self.measured = island.start.costs if isinstance(island.start.costs, MeasuredCosts) else None
        self.queue: list[Event[Any]] = []
        self.free_at = -1

    def take(self, port: int, event: Event[Any]) -> None:
        if self.node.overrun == "queue":
            self.work(max(self.free_at, ready(event)), [event], [])
            return
        self.queue.append(event)
        if len(self.queue) == 1:
            self.island.at(max(self.free_at, ready(event)), self.rank)

    def turn(self, time: int) -> None:
        """Look at all that waits: what is ready just when the stage gets free counts."""
        waiting = list(takewhile(lambda event: ready(event) <= time, self.queue))
        del self.queue[: len(waiting)]
        taken = waiting[-1:] if self.node.overrun == "newest" else waiting
        self.work(time, taken, waiting[: -len(taken)])
        if self.queue:
            self.island.at(max(self.free_at, ready(self.queue[0])), self.rank)

    def work(self, start: int, taken: list[Event[Any]], dropped: list[Event[Any]]) -> None:
        """Let the operator work on what it takes, and note when."""
        self.state, answers, cost = self.called(start, taken)
        self.free_at = done = start + cost
        self.told(start, done, taken, dropped)
        made_of = causes(taken)
        for data in answers:
            self.edge.answer(done, data, made_of, start)

    def called(self, start: int, taken: list[Event[Any]]) -> tuple[Any, Sequence[Any], int]:
        """Call the operator's function, and return its state, its answers and what the step costs."""
        event = taken[0] if len(taken) == 1 else self.joined(taken)
        if self.measured is not None:
            self.measured.begin()
        try:
            state, answers = pair(self.fn(self.state, event), "(state, [payload, ...])")
            cost = self.cost(event)
        except Exception as error:
            blame(error, self.node.whose, self.island.start.session, start)
            raise
        if not isinstance(answers, (list, tuple)):
            raise RunError(f"{self.edge.whose}: answers {answers!r} at {start}; wants (state, [payload, ...])")
        if type(cost) is not int or cost < 0:
            raise RunError(f"{self.edge.whose}: event {event.seq} costs {cost!r}; wants nanoseconds as an int, 0 or more")
        return state, answers, cost

    def told(self, start: int, done: int, taken: Sequence[Event[Any]], dropped: Sequence[Event[Any]]) -> None:
        """Note when the stage worked on what, and what it let go."""
        self.island.logs.append(Step(self.node.name, start, done, tuple(e.seq for e in taken), tuple(e.seq for e in dropped)))

    def joined(self, events: list[Event[Any]]) -> Event[Any]:
        """Make one window of several: from the start of the first to the end of the last, with the last one's k."""
        if not all(type(event.data) is Window for event in events):
            got = type(events[0].data).__name__
            raise RunError(f"{self.edge.whose}: overrun='merge' joins windows, got {got} from {events[0].stream!r}; put an align before it")
        first, last = events[0], events[-1]
        window = last.data._replace(start=first.data.start, events=tuple(e for event in events for e in event.data.events))
        return last._replace(data=window)

    def promise(self, inputs: list[float]) -> float:
        return max(self.free_at, min(inputs[0], ready(self.queue[0])) if self.queue else inputs[0])

    def ended(self) -> float:
        over = self.island.over(self.node)
        return inf if self.queue or self.island.now < over else max(over, self.free_at + 1)


class Running(NamedTuple):
    """Hold a step that is under way: its answers are put out when it is done, unless a fence comes before."""

    start: int
    done: int
    taken: list[Event[Any]]
    before: Any  # the state, to be put back
    answers: list[Any]


class FencedStage(Stage):
    """Lets go, at an event on its fence, of what waits and of what is under way; then it is free, or when that would be done.

    At one time the fence comes first: what is done just then is dropped, what comes just then is worked on. A step that is
    dropped leaves the state as it was.
    """

    changes = ("state", "queue", "free_at", "running", "fences")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        self.running: Running | None = None
        self.fences: list[int] = []

    def take(self, port: int, event: Event[Any]) -> None:
        if port:
            self.fences.append(event.time)
            self.island.at(event.time, self.rank)
        else:
            self.queue.append(event)
            self.island.at(max(self.free_at, ready(event)), self.rank)

    def turn(self, time: int) -> None:
        while self.fences and self.fences[0] <= time:
            self.fenced(self.fences.pop(0))
        if self.running and self.running.done <= time:
            self.finish()
        while self.queue and not self.running and max(self.free_at, ready(self.queue[0])) <= time:
            self.begin_step(time)

    def fenced(self, time: int) -> None:
        """Drop what came before the fence."""
        waiting = [event for event in self.queue if event.time < time]
        self.queue = self.queue[len(waiting) :]
        if self.running:
            start, done, taken, self.state, _ = self.running
            self.running = None
            self.free_at = time if self.node.cancellable else done
            self.told(start, self.free_at, taken, [*taken, *waiting])
            if self.queue:
                self.island.at(max(self.free_at, ready(self.queue[0])), self.rank)
        elif waiting:
            self.told(time, time, [], waiting)

    def begin_step(self, time: int) -> None:
        """Start on what is ready: one event, or what `overrun` makes of all that waits."""
        waiting = self.queue[:1] if self.node.overrun == "queue" else list(takewhile(lambda event: ready(event) <= time, self.queue))
        del self.queue[: len(waiting)]
        taken = waiting[-1:] if self.node.overrun == "newest" else waiting
        if dropped := waiting[: -len(taken)]:
            self.told(time, time, [], dropped)
        before = self.state
        self.state, answers, cost = self.called(time, taken)
        answers = [data if type(data) in PLAIN else settled(data) for data in answers]
        self.free_at = time + cost
        self.running = Running(time, self.free_at, taken, before, answers)
        if cost:
            self.island.at(self.free_at, self.rank)
        else:
            self.finish()

    def finish(self) -> None:
        """Put out the answers of the step that is done."""
        assert self.running
        start, done, taken, _, answers = self.running
        self.running = None
        self.told(start, done, taken, [])
        made_of = causes(taken)
        for data in answers:
            self.edge.answer(done, data, made_of, start)
        if self.queue:
            self.island.at(max(done, ready(self.queue[0])), self.rank)

    def promise(self, inputs: list[float]) -> float:
        least = min(inputs)
        if self.running:
            return min(least, self.running.done)
        return min(least, max(self.free_at, ready(self.queue[0]))) if self.queue else least

    def ended(self) -> float:
        return inf if self.running else super().ended()


def _cost_of(node: Node, start: Start) -> Callable[[Event[Any]], int]:
    """Return the cost of a step: as it is measured, if it is, as it was recorded, if it was, and else as declared."""
    if isinstance(measured := start.costs, MeasuredCosts):
        return lambda event: measured.cost(node.name, event.seq)
    recorded = {seq: cost for (stage, seq), cost in (start.costs or {}).items() if stage == node.name}
    if recorded and isinstance(start.costs, KnownCosts):
        declared = _declared(node, start)
        return lambda event: recorded[event.seq] if event.seq in recorded else declared(event)
    return (lambda event: _recorded(recorded, node, start, event)) if recorded else _declared(node, start)


def _declared(node: Node, start: Start) -> Callable[[Event[Any]], int]:
    declared = node.cost
    if isinstance(declared, int):
        return lambda event: declared
    if callable(declared):
        return bound(declared, f"cost of {node.name}", start.session, start.seed)
    return lambda event: declared[event.seq % len(declared)]


def _recorded(costs: Mapping[int, int], node: Node, start: Start, event: Event[Any]) -> int:
    if event.seq not in costs:
        raise RunError(
            f"session {start.session!r}, stage {node.name!r}: the recording holds no cost for event {event.seq} of "
            f"{event.stream!r}; replay with declared costs instead (--cost declared)"
        )
    return costs[event.seq]
