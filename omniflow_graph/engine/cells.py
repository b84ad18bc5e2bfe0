"""The operators at work in one session: one cell for each, fed by an island.

What an event settles by itself (a map, a scan's step, a stage that takes one event at a time) is done when it is
delivered; what must know all of an instant (merge, align, a wake, a stage that looks at all that waits) has a turn.
"""

from __future__ import annotations

import heapq
import pickle
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import repeat, takewhile
from math import inf
from operator import itemgetter
from typing import Any, ClassVar, Protocol

import numpy as np

from omniflow_graph.chance import Rng
from omniflow_graph.engine.messages import Arrival, Start, Step
from omniflow_graph.errors import RunError, blame
from omniflow_graph.events import Causes, Event, Wake, Window, causes, made, ready
from omniflow_graph.graph.nodes import Node, first_state, takes_rng
from omniflow_graph.session import KnownCosts

Take = Callable[[int, Event[Any]], None]  # (number of the input, event)

PLAIN = frozenset((bytes, str, int, bool, float, type(None), Window))  # payloads that nobody can change
SCAN_RETURNS = "(state, [(time, payload), Wake(time), ...])"
_time = itemgetter(0)  # of an event; faster than the attribute


def bound(fn: Callable[..., Any], place: str, session: str, seed: int) -> Callable[..., Any]:
    """Hand chance to a function that asks for it: draws of its own, of this place in the graph."""
    if not takes_rng(fn):
        return fn
    rng = Rng(seed, session, place)
    return lambda *args: fn(*args, rng=rng)


def begun(node: Node, session: str) -> Any:
    """Return the state in which an operator begins a session."""
    try:
        return first_state(node)
    except Exception as error:
        blame(error, node.whose, session, 0)
        raise


def pair(returned: Any, wanted: str) -> Any:
    """Return what an operator with state returned, if it is a pair. Raises TypeError if it is not."""
    if type(returned) is not tuple or len(returned) != 2:
        raise TypeError(f"returns {type(returned).__name__}; wants {wanted}")
    return returned


def settled(data: Any) -> Any:
    """Return a payload that its operator cannot change any more: what was put out has to stay what it was.

    Arrays are made read-only, or copied if they are views of one that can be written; lists, maps and the like are
    copied. Raises TypeError for an Event.
    """
    if isinstance(data, tuple) and PLAIN.issuperset(map(type, data)):  # most are records of numbers and text
        return data
    if isinstance(data, Event):
        raise TypeError(f"answers a whole Event of {data.stream!r}; wants its payload, event.data")
    if isinstance(data, np.ndarray):
        data = data.copy() if isinstance(data.base, np.ndarray) and data.base.flags.writeable else data
        data.flags.writeable = False
    elif isinstance(data, tuple) and not isinstance(data, Window):
        items = [item if type(item) in PLAIN else settled(item) for item in data]
        if any(new is not old for new, old in zip(items, data)):
            return type(data)._make(items) if hasattr(data, "_make") else tuple(items)  # type: ignore[attr-defined]
    elif isinstance(data, (list, dict, set, bytearray)):
        return deepcopy(data)
    return data


class Edge:
    """Be an operator's way out: number what it answers, keep it, and deliver it to those in the island who read it."""

    def __init__(self, node: Node, session: str) -> None:
        self.name, self.whose = node.name, f"session {session!r}, {node.whose}"
        self.made: list[Event[Any]] = []
        self.takers: list[tuple[Take, int]] = []
        self.seq, self.last = 0, -1

    def put(self, event: Event[Any]) -> None:
        """Put out an event."""
        self.made.append(event)
        for take, port in self.takers:
            take(port, event)

    def answer(self, time: int, data: Any, made_of: Causes, now: int) -> None:
        """Put out an answer, numbered, after checking that its time is possible."""
        if type(time) is not int or time < now or time < self.last:
            self._refuse(time, now)
        if type(data) not in PLAIN:
            data = settled(data)
        event = made(Event, (time, self.name, self.seq, data, made_of, None))
        self.last = time
        self.seq += 1
        self.made.append(event)
        for take, port in self.takers:
            take(port, event)

    def drain(self) -> list[Event[Any]]:
        """Hand over what was put out since the last time."""
        out, self.made = self.made, []
        return out

    def _refuse(self, time: Any, now: int) -> None:
        whose = self.whose
        if type(time) is not int:
            raise RunError(f"{whose}: an answer has the time {time!r}; wants nanoseconds as an int, use seconds(...)")
        if time < now:
            raise RunError(f"{whose}: answers at {time}, which is before its cause at {now}; answer at the cause's time or later")
        raise RunError(f"{whose}: answers at {time} after it answered at {self.last}; times on an edge never decrease")


class Host(Protocol):
    """Be where cells work: an island."""

    start: Start
    logs: list[Step | Arrival]
    first_end: float  # before this no edge has ended
    now: float

    def at(self, time: int, rank: int) -> None:
        """Ask for a turn."""
        ...

    def over(self, node: Node) -> float:
        """Return the End of an operator's forward inputs."""
        ...


class Cell(Protocol):
    """Be one operator at work. What most kinds do is written here; each kind says what it does otherwise."""

    changes: ClassVar[tuple[str, ...]] = ()  # the attributes that change as a session goes on
    node: Node
    rank: int
    island: Host
    edge: Edge

    def begin(self) -> None:
        """Ask for what comes about without any event."""

    def take(self, port: int, event: Event[Any]) -> None:
        """Be given an event on input `port`."""
        ...

    def take_all(self, port: int, events: Sequence[Event[Any]]) -> None:
        """Be given events of input `port`, in order."""
        for event in events:
            self.take(port, event)

    def turn(self, time: int) -> None:
        """Do what this instant holds."""

    def promise(self, inputs: list[float]) -> float:
        """Say before which time no event will follow, given the same of the inputs."""
        return min(inputs)

    def ended(self) -> float:
        """Say when this edge has ended."""
        return self.island.over(self.node)

    def snapshot(self) -> bytes:
        """Return all that is to be known to go on. Raises RunError for a state that cannot be kept."""
        try:
            return pickle.dumps([self.edge.seq, self.edge.last, *(getattr(self, name) for name in self.changes)])
        except Exception as error:  # whatever an object of the user's raises when it is pickled
            raise RunError(
                f"{self.edge.whose}: its state cannot be kept for recovery ({error}); keep plain values, arrays and bytes in it"
            ) from error

    def restore(self, content: bytes) -> None:
        """Go on where a snapshot was taken."""
        self.edge.seq, self.edge.last, *values = pickle.loads(content)
        for name, value in zip(self.changes, values):
            setattr(self, name, value)


class Map(Cell):
    """One event to zero or one; keeps time and seq."""

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        assert node.fn
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.fn = bound(node.fn, node.name, island.start.session, island.start.seed)

    def take(self, port: int, event: Event[Any]) -> None:
        for mapped in mapped_by(self.fn, self.node, self.island.start.session, [event]):
            self.edge.put(mapped)


def mapped_by(fn: Callable[..., Any], node: Node, session: str, events: Sequence[Event[Any]]) -> list[Event[Any]]:
    """Answer events one by one, each with one event or none. This is the innermost loop of a replay."""
    answers, silent, event = [], False, None
    try:
        for event in events:
            data = fn(event)
            if type(data) not in PLAIN:
                data = settled(data)
            elif data is None:
                silent = True
            answers.append(data)
    except Exception as error:
        if event is not None:
            blame(error, node.whose, session, event.time)
        raise
    if silent:
        events = [event for event, data in zip(events, answers) if data is not None]
        answers = [data for data in answers if data is not None]
    return renamed(events, node.name, answers)


def renamed(events: Sequence[Event[Any]], name: str, payloads: Sequence[Any]) -> list[Event[Any]]:
    """Make events of the same times and numbers, each made of the one it answers; all at a stroke, in C."""
    if not events:
        return []
    times, streams, seqs, _, _, _ = zip(*events)
    fields = zip(times, repeat(name), seqs, payloads, zip(zip(streams, seqs, seqs)), repeat(None))
    return list(map(made, repeat(Event), fields))


class Scan(Cell):
    """State; one to many. A wake fires after all that is earlier and before the events of its time."""

    changes = ("state", "wakes")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        assert node.fn
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.fn, self.state = bound(node.fn, node.name, island.start.session, island.start.seed), begun(node, island.start.session)
        self.wakes: list[int] = []

    def begin(self) -> None:
        for time in self.node.wakes:
            self.ask(time)

    def ask(self, time: int) -> None:
        """Ask for a wake. They are a set of times: asking twice is asking once."""
        if time not in self.wakes:
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
        if not is_open(self, time):
            self.wakes.clear()
            return
        heapq.heappop(self.wakes)
        self.step(Wake(time), time, ())

    def step(self, cause: Event[Any] | Wake, now: int, made_of: Causes) -> None:
        """Let the operator answer one event or wake."""
        try:
            returned = self.fn(self.state, cause)
            self.state, answers = returned if type(returned) is tuple and len(returned) == 2 else pair(returned, SCAN_RETURNS)
        except Exception as error:
            blame(error, self.node.whose, self.island.start.session, now)
            raise
        for answer in answers if isinstance(answers, (list, tuple)) else [answers]:
            if type(answer) in (tuple, list) and len(answer) == 2:
                self.edge.answer(answer[0], answer[1], made_of, now)
            elif type(answer) is not Wake or type(answer.time) is not int:
                raise RunError(f"{self.edge.whose}: answers {answer!r} at {now}; wants {SCAN_RETURNS}")
            elif answer.time > now:
                self.ask(answer.time)
            else:
                raise RunError(f"{self.edge.whose}: asks at {now} for Wake({answer.time}); a wake is later than its cause")

    def promise(self, inputs: list[float]) -> float:
        return min(inputs[0], self.wakes[0]) if self.wakes else inputs[0]

    def ended(self) -> float:
        return max(self.island.over(self.node), self.edge.last + 1)


class Merge(Cell):
    """Joins its inputs in (time, input order, seq), numbered anew."""

    changes = ("held", "asked")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.held: list[tuple[int, int, int, Event[Any]]] = []
        self.asked = -1

    def take(self, port: int, event: Event[Any]) -> None:
        heapq.heappush(self.held, (event.time, port, event.seq, event))
        if event.time != self.asked:
            self.asked = event.time
            self.island.at(event.time, self.rank)

    def turn(self, time: int) -> None:
        held, open_now = self.held, is_open(self, time)
        while held and held[0][0] <= time:
            event = heapq.heappop(held)[3]
            if open_now:
                self.edge.answer(time, event.data, ((event.stream, event.seq, event.seq),), time)

    def promise(self, inputs: list[float]) -> float:
        return min(*inputs, self.held[0][0]) if self.held else min(inputs)


class Align(Cell):
    """Closes [start, end) at `end`. A window opens if it starts before the End of the inputs, empty or not."""

    changes = ("held", "k", "closed")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.held: list[list[Event[Any]]] = [[] for _ in node.inputs]
        self.k, self.closed = 0, False

    def begin(self) -> None:
        self.island.at(self.node.length, self.rank)

    def take(self, port: int, event: Event[Any]) -> None:
        if not self.closed:
            self.held[port].append(event)

    def take_all(self, port: int, events: Sequence[Event[Any]]) -> None:
        if not self.closed:
            self.held[port] += events

    def turn(self, time: int) -> None:
        start = time - self.node.length
        over = inf if time <= self.island.first_end else self.island.over(self.node)
        if start >= over:
            self.closed, self.held = True, []
            return
        events, made_of = self.before(time)
        window = Window(self.k, start, time, time + self.island.start.allowance, over < time, events)
        self.k += 1
        self.edge.answer(time, window, made_of, time)
        self.island.at(time + self.node.length, self.rank)

    def before(self, end: int) -> tuple[tuple[Event[Any], ...], Causes]:
        """Take out what is earlier than `end`, in the order (time, input order, seq), and name what it is made of."""
        parts: list[list[Event[Any]]] = []
        for port, events in enumerate(self.held):
            n = bisect_left(events, end, key=_time)
            if n:
                parts.append(events[:n])
                self.held[port] = events[n:]
        if len(parts) == 1:
            taken = parts[0]
        else:
            taken = [event for part in parts for event in part]
            taken.sort(key=_time)  # stable, so ties stay in the order (input, seq)
            parts.sort(key=lambda part: part[0].time)  # as they first appear
        return tuple(taken), tuple((part[0].stream, part[0].seq, part[-1].seq) for part in parts)

    def promise(self, inputs: list[float]) -> float:
        """The end of the next window, from the very start: the lookahead that turns a loop."""
        return (self.k + 1) * self.node.length

    def ended(self) -> float:
        over = self.island.over(self.node)
        return (self.k + 1) * self.node.length if self.k * self.node.length >= over else inf


class Stage(Cell):
    """Takes one event at a time and takes time: start = max(free, ready), done = start + cost."""

    changes = ("state", "queue", "free_at")

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        assert node.fn
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.fn, self.state = bound(node.fn, node.name, island.start.session, island.start.seed), begun(node, island.start.session)
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
        """Let the operator work on what it takes, and note when."""
        event = taken[0] if len(taken) == 1 else self.joined(taken)
        try:
            self.state, answers = pair(self.fn(self.state, event), "(state, [payload, ...])")
            cost = self.cost(event)
        except Exception as error:
            blame(error, self.node.whose, self.island.start.session, start)
            raise
        if not isinstance(answers, (list, tuple)):
            raise RunError(f"{self.edge.whose}: answers {answers!r} at {start}; wants (state, [payload, ...])")
        if type(cost) is not int or cost < 0:
            raise RunError(f"{self.edge.whose}: event {event.seq} costs {cost!r}; wants nanoseconds as an int, 0 or more")
        self.free_at = done = start + cost
        self.island.logs.append(Step(self.node.name, start, done, tuple(e.seq for e in taken), tuple(e.seq for e in dropped)))
        made_of = causes(taken)
        for data in answers:
            self.edge.answer(done, data, made_of, start)

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


class Sink(Cell):
    """Collects its inputs in (time, input order, seq)."""

    changes = ("held",)

    def __init__(self, node: Node, rank: int, island: Host) -> None:
        self.node, self.rank, self.island, self.edge = node, rank, island, Edge(node, island.start.session)
        self.held: list[tuple[int, int, int, Event[Any]]] = []

    def take(self, port: int, event: Event[Any]) -> None:
        heapq.heappush(self.held, (event.time, port, event.seq, event))

    def release(self, before: float) -> None:
        """Let go what nothing can stand in front of any more."""
        while self.held and self.held[0][0] < before:
            self.island.logs.append(Arrival(self.node.name, heapq.heappop(self.held)[3]))


def is_open(cell: Cell, time: int) -> bool:
    """Tell whether an operator's inputs are still open at this time."""
    return time < cell.island.first_end or time < cell.island.over(cell.node)


def _cost_of(node: Node, start: Start) -> Callable[[Event[Any]], int]:
    """Return the cost of a step: as it was recorded, if it was, and else as declared."""
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


CELLS: dict[str, Callable[[Node, int, Host], Cell]] = {"map": Map, "scan": Scan, "merge": Merge, "align": Align, "stage": Stage, "sink": Sink}
