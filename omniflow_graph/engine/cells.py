"""The operators at work in one session: one cell for each, fed by an island.

What an event settles by itself (a map, a scan's step, a stage that takes one event at a time) is done when it is
delivered; what must know all of an instant (merge, align, a wake, a stage that looks at all that waits) has a turn.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from itertools import takewhile
from math import inf
from typing import Any, Protocol

from omniflow_graph.chance import Rng
from omniflow_graph.engine.messages import Arrival, Start, Step
from omniflow_graph.errors import RunError
from omniflow_graph.events import Event, Wake, Window, causes, ready
from omniflow_graph.graph.nodes import Node, first_state, takes_rng


def bound(fn: Callable[..., Any], node: Node, session: str, seed: int) -> Callable[..., Any]:
    """Hand chance to a function that asks for it."""
    if not takes_rng(fn):
        return fn
    rng = Rng(seed, session, node.name)
    return lambda *args: fn(*args, rng=rng)


def blame(error: BaseException, node: Node, session: str, time: int) -> None:
    """Note on an operator's own exception whose it is: step, session and event time."""
    note = f"in {node.kind} {node.name!r}, session {session!r}, at {time} ns ({time / 1e9:.3f} s)"
    setattr(error, "__notes__", [*getattr(error, "__notes__", ()), note])  # noqa: B010 - add_note, also for CPython 3.10


class Host(Protocol):
    """Be where cells work: an island."""

    start: Start
    out: list[Any]  # what came about
    first_end: float  # before this no edge has ended
    now: float

    def at(self, time: int, rank: int) -> None:
        """Ask for a turn."""
        ...

    def emit(self, event: Event[Any]) -> None:
        """Put an event on an edge."""
        ...

    def over(self, node: Node) -> float:
        """Return the End of an operator's forward inputs."""
        ...


class Cell:
    """What the cells of all kinds share: their place, and how an event leaves."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        self.node, self.name, self.rank, self.island = node, node.name, rank, island
        self.seq, self.last = 0, -1

    def begin(self) -> None:
        """Ask for what comes about without any event."""

    def take(self, port: int, event: Event[Any]) -> None:
        """Be given an event on input `port`."""

    def turn(self, time: int) -> None:
        """Do what this instant holds."""

    def promise(self, inputs: list[float]) -> float:
        """Say before which time no event will follow, given the same of the inputs."""
        return min(inputs)

    def ended(self) -> float:
        """Say when this edge has ended."""
        return self.island.over(self.node)

    def answer(self, time: int, data: Any, made_of: tuple, now: int) -> None:
        """Put out an answer, numbered, after checking that its time is possible."""
        if type(time) is not int or time < now or time < self.last:
            self._refuse(time, now)
        event = Event(time, self.name, self.seq, data, made_of)
        self.last = time
        self.seq += 1
        self.island.emit(event)

    def _refuse(self, time: Any, now: int) -> None:
        whose = f"session {self.island.start.session!r}, {self.node.kind} {self.name!r}"
        if type(time) is not int:
            raise RunError(f"{whose}: an answer has the time {time!r}; wants nanoseconds as an int, use seconds(...)")
        if time < now:
            raise RunError(f"{whose}: answers at {time}, which is before its cause at {now}; answer at the cause's time or later")
        raise RunError(f"{whose}: answers at {time} after it answered at {self.last}; times on an edge never decrease")

    def open(self, time: int) -> bool:
        """Tell whether the inputs are still open at this time."""
        return time < self.island.first_end or time < self.island.over(self.node)


class Map(Cell):
    """One event to zero or one; keeps time and seq."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        assert node.fn
        self.fn = bound(node.fn, node, island.start.session, island.start.seed)

    def take(self, port: int, event: Event[Any]) -> None:
        try:
            data = self.fn(event)
        except Exception as error:
            blame(error, self.node, self.island.start.session, event.time)
            raise
        if data is not None:
            self.island.emit(Event(event.time, self.name, event.seq, data, ((event.stream, event.seq, event.seq),)))


class Scan(Cell):
    """State; one to many. A wake fires after all that is earlier and before the events of its time."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        assert node.fn
        self.fn, self.state = bound(node.fn, node, island.start.session, island.start.seed), first_state(node)
        self.wakes: list[int] = []

    def begin(self) -> None:
        for time in self.node.wakes:
            self.ask(time)

    def ask(self, time: int) -> None:
        if time not in self.wakes:  # a set of times: asking twice is asking once
            heapq.heappush(self.wakes, time)
            self.island.at(time, self.rank)

    def take(self, port: int, event: Event[Any]) -> None:
        while self.wakes and self.wakes[0] <= event.time:
            time = heapq.heappop(self.wakes)
            self.step(Wake(time), time, ())
        self.step(event, event.time, ((event.stream, event.seq, event.seq),))

    def turn(self, time: int) -> None:
        if not self.wakes or self.wakes[0] > time:
            return
        if not self.open(time):
            self.wakes.clear()
            return
        heapq.heappop(self.wakes)
        self.step(Wake(time), time, ())

    def step(self, cause: Event[Any] | Wake, now: int, made_of: tuple) -> None:
        try:
            self.state, answers = self.fn(self.state, cause)
        except Exception as error:
            blame(error, self.node, self.island.start.session, now)
            raise
        for answer in answers:
            if type(answer) is not Wake:
                self.answer(answer[0], answer[1], made_of, now)
            elif answer.time > now:
                self.ask(answer.time)
            else:
                whose = f"session {self.island.start.session!r}, scan {self.name!r}"
                raise RunError(f"{whose}: asks at {now} for Wake({answer.time}); a wake is later than its cause")

    def promise(self, inputs: list[float]) -> float:
        return min(inputs[0], self.wakes[0]) if self.wakes else inputs[0]

    def ended(self) -> float:
        return max(self.island.over(self.node), self.last + 1)


class Merge(Cell):
    """Joins its inputs in (time, input order, seq), numbered anew."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        self.held: list[tuple[int, int, int, Event[Any]]] = []
        self.asked = -1

    def take(self, port: int, event: Event[Any]) -> None:
        heapq.heappush(self.held, (event.time, port, event.seq, event))
        if event.time != self.asked:
            self.asked = event.time
            self.island.at(event.time, self.rank)

    def turn(self, time: int) -> None:
        held, open_now = self.held, self.open(time)
        while held and held[0][0] <= time:
            event = heapq.heappop(held)[3]
            if open_now:
                self.answer(time, event.data, ((event.stream, event.seq, event.seq),), time)

    def promise(self, inputs: list[float]) -> float:
        return min(*inputs, self.held[0][0]) if self.held else min(inputs)


class Align(Cell):
    """Closes [start, end) at `end`. A window opens if it starts before the End of the inputs, empty or not."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        self.held: list[list[Event[Any]]] = [[] for _ in node.inputs]
        self.k, self.closed = 0, False

    def begin(self) -> None:
        self.island.at(self.node.length, self.rank)

    def take(self, port: int, event: Event[Any]) -> None:
        if not self.closed:
            self.held[port].append(event)

    def turn(self, time: int) -> None:
        start = time - self.node.length
        over = inf if time <= self.island.first_end else self.island.over(self.node)
        if start >= over:
            self.closed, self.held = True, []
            return
        events = self.before(time)
        window = Window(self.k, start, time, time + self.island.start.allowance, over < time, events)
        self.k += 1
        self.answer(time, window, causes(events), time)
        self.island.at(time + self.node.length, self.rank)

    def before(self, end: int) -> tuple[Event[Any], ...]:
        """Take out what is earlier than `end`, in the order (time, input order, seq)."""
        taken: list[Event[Any]] = []
        for port, events in enumerate(self.held):
            n = len(events)
            while n and events[n - 1].time >= end:
                n -= 1
            taken += events[:n]
            self.held[port] = events[n:]
        taken.sort(key=lambda event: event.time)  # stable, so ties stay in the order (input, seq)
        return tuple(taken)

    def promise(self, inputs: list[float]) -> float:
        """The end of the next window, from the very start: the lookahead that turns a loop."""
        return (self.k + 1) * self.node.length

    def ended(self) -> float:
        over = self.island.over(self.node)
        return (self.k + 1) * self.node.length if self.k * self.node.length >= over else inf


class Stage(Cell):
    """Takes one event at a time and takes time: start = max(free, ready), done = start + cost."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        assert node.fn
        self.fn, self.state = bound(node.fn, node, island.start.session, island.start.seed), first_state(node)
        self.cost = _cost_of(node, island.start)
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
        event = taken[0] if len(taken) == 1 else self.joined(taken)
        try:
            self.state, answers = self.fn(self.state, event)
            done = start + self.cost(event)
        except Exception as error:
            blame(error, self.node, self.island.start.session, start)
            raise
        self.free_at = done
        self.island.out.append(Step(self.name, start, done, tuple(e.seq for e in taken), tuple(e.seq for e in dropped)))
        made_of = causes(taken)
        for data in answers:
            self.answer(done, data, made_of, start)

    def joined(self, events: list[Event[Any]]) -> Event[Any]:
        """Make one window of several: from the start of the first to the end of the last, with the last one's k."""
        if not all(type(event.data) is Window for event in events):
            whose = f"session {self.island.start.session!r}, stage {self.name!r}"
            got = type(events[0].data).__name__
            raise RunError(f"{whose}: overrun='merge' joins windows, got {got} from {events[0].stream!r}; put an align before it")
        first, last = events[0], events[-1]
        window = last.data._replace(start=first.data.start, events=tuple(e for event in events for e in event.data.events))
        return last._replace(data=window)

    def promise(self, inputs: list[float]) -> float:
        return max(self.free_at, min(inputs[0], ready(self.queue[0])) if self.queue else inputs[0])

    def ended(self) -> float:
        over = self.island.over(self.node)
        return inf if self.queue or self.island.now < over else max(over, self.free_at + 1)


class Sink(Cell):
    """Collects its inputs in (time, input order, seq)."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        super().__init__(node, rank, island)
        self.held: list[tuple[int, int, int, Event[Any]]] = []

    def take(self, port: int, event: Event[Any]) -> None:
        heapq.heappush(self.held, (event.time, port, event.seq, event))

    def release(self, before: float) -> None:
        """Let go what nothing can stand in front of any more."""
        while self.held and self.held[0][0] < before:
            self.island.out.append(Arrival(self.name, heapq.heappop(self.held)[3]))


def _cost_of(node: Node, start: Start) -> Callable[[Event[Any]], int]:
    """Return the cost of a step: as it was recorded, if it was, and else as declared."""
    recorded = {seq: cost for (stage, seq), cost in (start.costs or {}).items() if stage == node.name}
    declared = node.cost
    if recorded:
        return lambda event: _recorded(recorded, node, start, event)
    if isinstance(declared, int):
        return lambda event: declared
    if callable(declared):
        return bound(declared, node, start.session, start.seed)
    return lambda event: declared[event.seq % len(declared)]


def _recorded(costs: Mapping[int, int], node: Node, start: Start, event: Event[Any]) -> int:
    if event.seq not in costs:
        raise RunError(
            f"session {start.session!r}, stage {node.name!r}: the recording holds no cost for event {event.seq} of "
            f"{event.stream!r}; replay with declared costs instead (--cost declared)"
        )
    return costs[event.seq]


CELLS: dict[str, type[Cell]] = {"map": Map, "scan": Scan, "merge": Merge, "align": Align, "stage": Stage, "sink": Sink}
