"""Run a part of a graph for one session: jump from instant to instant, as far as what comes in has promised.

Everything that happens at a time is a turn of an operator, taken in the order (time, rank), causes first. What an event
settles by itself (a map, a scan's step, a stage that takes one event at a time) is done when it is delivered; what must
know all of an instant (merge, align, a wake, a stage that looks at all that waits) has a turn. A turn at t is taken when
every edge from outside has promised t, and those the operator depends on within the instant have promised more than t.

The same code runs one operator of a dataflow, an island of a cycle, and the whole graph.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from math import inf
from typing import Any, NamedTuple

from omniflow_graph.chance import Rng
from omniflow_graph.errors import RunError
from omniflow_graph.events import Event, Wake, Window, causes, ready
from omniflow_graph.graph import Feedback, Node, first_state, takes_rng
from omniflow_graph.plan import Part


class Start(NamedTuple):
    """Tell an operator which session begins: the first message on every edge."""

    session: str
    allowance: int
    costs: Mapping[tuple[str, int], int] | None
    seed: int


class Step(NamedTuple):
    """Record when a stage worked, on which seqs of its input, and which ones it dropped."""

    stage: str
    start: int
    done: int
    taken: tuple[int, ...]
    dropped: tuple[int, ...]


class Arrival(NamedTuple):
    """Record that a sink got an event."""

    sink: str
    event: Event[Any]


class Island:
    """Run the operators of one part for one session. `out` collects events, steps and arrivals as they come about."""

    def __init__(self, part: Part, start: Start) -> None:
        self.start, self.out, self.agenda = start, [], []
        self.promised: dict[str, float] = dict.fromkeys(part.outside, 0)
        self.ends: dict[str, int] = {}
        self.first_end: float = inf  # before this no edge has ended, so nobody need ask
        self.now: float = -1
        self.cells = [CELLS[node.kind](node, rank, self) for rank, node in enumerate(part.nodes)]
        self.by_edge = {cell.name: cell for cell in self.cells}
        self.feedbacks = part.feedbacks
        self.waits = [tuple(part.waits[node.name]) for node in part.nodes]
        self.takers: dict[str, list[tuple[Callable[[int, Event[Any]], None], int]]] = {edge: [] for edge in (*part.outside, *part.edges)}
        for cell in self.cells:
            for port, edge in enumerate(cell.node.inputs):
                self.takers[edge].append((cell.take, port))
        for feedback in part.feedbacks:
            self.takers[feedback.origin].append((_Back(feedback, self).take, 0))
        for cell in self.cells:
            cell.begin()

    def take(self, event: Event[Any]) -> None:
        """Deliver an event of an edge from outside."""
        if event.time > self.promised[event.stream]:
            self.promised[event.stream] = event.time
        for take, port in self.takers[event.stream]:
            take(port, event)

    def tick(self, edge: str, time: int) -> None:
        """Learn that nothing earlier than `time` will come on an edge from outside."""
        if time > self.promised[edge]:
            self.promised[edge] = time

    def end(self, edge: str, time: int) -> None:
        """Learn that an edge from outside has ended at `time`."""
        self.promised[edge] = inf
        self.ends[edge] = time
        self.first_end = min(self.first_end, time)

    def advance(self) -> None:
        """Take all turns that what came in allows."""
        agenda, promised, cells, waits = self.agenda, self.promised, self.cells, self.waits
        horizon = min(promised.values())
        blocked = []
        while agenda and agenda[0][0] <= horizon:
            turn = heapq.heappop(agenda)
            time, rank = turn
            if time == horizon and any(promised[edge] <= time for edge in waits[rank]):
                blocked.append(turn)
                continue
            self.now = time
            cells[rank].turn(time)
        for turn in blocked:
            heapq.heappush(agenda, turn)
        lower = self.lower()
        for cell in cells:
            if cell.node.kind == "sink":
                cell.release(lower)

    @property
    def finished(self) -> bool:
        """Tell whether nothing can happen any more."""
        return not self.agenda and len(self.ends) == len(self.promised)

    def lower(self) -> float:
        """Return a time before which nothing will happen in here any more."""
        return min(self.agenda[0][0] if self.agenda else inf, min(self.promised.values()))

    def promises(self) -> dict[str, float]:
        """Return for each edge of this part the time before which no event will follow; infinity once finished."""
        lower = self.lower()
        known: dict[str, float] = dict(self.promised)
        for cell in self.cells:
            if cell.node.kind != "sink":
                known[cell.name] = max(lower, cell.promise([known.get(edge, lower) for edge in cell.node.inputs]))
        for feedback in self.feedbacks:
            known[feedback.name] = known[feedback.origin] + feedback.delay
        return {edge: known[edge] for edge in known if edge not in self.promised}

    def final_ends(self) -> dict[str, int]:
        """Return the End of every edge of this part, once finished."""
        self.now = inf
        ends = {cell.name: int(cell.ended()) for cell in self.cells if cell.node.kind != "sink"}
        return ends | {f.name: int(self.end_of(f.origin)) + f.delay for f in self.feedbacks}

    def end_of(self, edge: str) -> float:
        """Return the t of End(t) on an edge, or infinity while that is open (and then it is later than now)."""
        return self.ends.get(edge, inf) if edge in self.promised else self.by_edge[edge].ended()

    def over(self, node: Node) -> float:
        """Return the End of an operator's forward inputs: feedback never keeps a session open."""
        return max(map(self.end_of, node.forward))

    def at(self, time: int, rank: int) -> None:
        """Ask for a turn."""
        heapq.heappush(self.agenda, (time, rank))

    def emit(self, event: Event[Any]) -> None:
        """Put an event on an edge: note it, and deliver it to those in here who read it."""
        self.out.append(event)
        for take, port in self.takers[event.stream]:
            take(port, event)


def bound(fn: Callable[..., Any], node: Node, session: str, seed: int) -> Callable[..., Any]:
    """Hand chance to a function that asks for it."""
    if not takes_rng(fn):
        return fn
    rng = Rng(seed, session, node.name)
    return lambda *args: fn(*args, rng=rng)


def blame(error: BaseException, node: Node, session: str, time: int) -> None:
    """Note on an operator's own exception whose it is: step, session and event time."""
    note = f"in {node.kind} {node.name!r}, session {session!r}, at {time} ns ({time / 1e9:.3f} s)"
    error.__notes__ = [*getattr(error, "__notes__", ()), note]  # what add_note does, also on CPython 3.10


@dataclass(frozen=True)
class _Back:
    """Lead events back, each at its own time plus the delay."""

    feedback: Feedback
    island: Island

    def take(self, port: int, event: Event[Any]) -> None:
        cause = ((event.stream, event.seq, event.seq),)
        self.island.emit(Event(event.time + self.feedback.delay, self.feedback.name, event.seq, event.data, cause))


class _Cell:
    """What the cells of all kinds share: their place, and how an event leaves."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Map(_Cell):
    """One event to zero or one; keeps time and seq."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Scan(_Cell):
    """State; one to many. A wake fires after all that is earlier and before the events of its time."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Merge(_Cell):
    """Joins its inputs in (time, input order, seq), numbered anew."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Align(_Cell):
    """Closes [start, end) at `end`. A window opens if it starts before the End of the inputs, empty or not."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Stage(_Cell):
    """Takes one event at a time and takes time: start = max(free, ready), done = start + cost."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


class _Sink(_Cell):
    """Collects its inputs in (time, input order, seq)."""

    def __init__(self, node: Node, rank: int, island: Island) -> None:
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


CELLS: dict[str, type[_Cell]] = {"map": _Map, "scan": _Scan, "merge": _Merge, "align": _Align, "stage": _Stage, "sink": _Sink}
