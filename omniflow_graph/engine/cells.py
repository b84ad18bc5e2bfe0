"""The operators at work in one session: one cell for each, fed by an island.

What an event settles by itself (a map, a scan's step) is done when it is delivered; what must know all of an instant
(merge, align, a wake) has a turn.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import repeat
from math import inf
from operator import itemgetter
from typing import Any

from omniflow_graph.engine.cell import PLAIN, Cell, Edge, Host, begun, bound, is_open, pair, settled
from omniflow_graph.engine.messages import Arrival
from omniflow_graph.engine.stages import stage
from omniflow_graph.errors import RunError, blame
from omniflow_graph.events import Causes, Event, Wake, Window, made
from omniflow_graph.graph.nodes import Node

SCAN_RETURNS = "(state, [(time, payload), Wake(time), ...])"
_time = itemgetter(0)  # of an event; faster than the attribute


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


CELLS: dict[str, Callable[[Node, int, Host], Cell]] = {"map": Map, "scan": Scan, "merge": Merge, "align": Align, "stage": stage, "sink": Sink}
