"""Run a part of a graph for one session: jump from instant to instant, as far as what comes in has promised.

Everything that happens at a time is a turn of an operator, taken in the order (time, rank), causes first. A turn at t is
taken when every edge from outside has promised t, and those the operator depends on within the instant more than t.

The same code runs one operator of a dataflow, an island of a cycle, and the whole graph.
"""

from __future__ import annotations

import heapq
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from omniflow_graph.engine.cell import Edge
from omniflow_graph.engine.cells import CELLS, Sink
from omniflow_graph.engine.messages import Arrival, Chunk, Start, Step
from omniflow_graph.events import Event, made
from omniflow_graph.graph.nodes import Feedback, Node
from omniflow_graph.graph.plan import Part


class Island:
    """Run the operators of one part for one session: give it what comes in, then `advance`, then `drain` what came about."""

    def __init__(self, part: Part, start: Start) -> None:
        self.part, self.start = part, start
        self.logs: list[Step | Arrival] = []
        self.agenda: list[tuple[int, int]] = []
        self.promised: dict[str, float] = dict.fromkeys(part.outside, 0)
        self.ends: dict[str, int] = {}
        self.first_end: float = inf  # before this no edge has ended, so nobody need ask
        self.now: float = -1
        self.told: dict[str, int] = {}  # what was promised to those outside
        self.cells = [CELLS[node.kind](node, rank, self) for rank, node in enumerate(part.nodes)]
        self.sinks = [cell for cell in self.cells if isinstance(cell, Sink)]
        self.by_edge = {cell.node.name: cell for cell in self.cells}
        self.waits = [tuple(part.waits[node.name]) for node in part.nodes]
        self.backs = {feedback.name: _Back(feedback) for feedback in part.feedbacks}
        self.takers: dict[str, list[tuple[Callable[[int, Sequence[Event[Any]]], None], int]]] = {edge: [] for edge in part.outside}
        self._connect()
        for cell in self.cells:
            cell.begin()

    def _connect(self) -> None:
        """Tell each edge who reads it in here."""
        for cell in self.cells:
            for port, edge in enumerate(cell.node.inputs):
                if edge in self.takers:
                    self.takers[edge].append((cell.take_all, port))
                else:
                    (self.backs[edge].takers if edge in self.backs else self.by_edge[edge].edge.takers).append((cell.take, port))
        for back in self.backs.values():
            if back.feedback.origin in self.takers:
                self.takers[back.feedback.origin].append((back.take_all, 0))
            else:
                self.by_edge[back.feedback.origin].edge.takers.append((back.take, 0))

    def take(self, edge: str, events: Sequence[Event[Any]]) -> None:
        """Deliver events of an edge from outside; it is for a tick to say that there are no others of their time."""
        for take_all, port in self.takers[edge]:
            take_all(port, events)

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
        for sink in self.sinks:
            sink.release(lower)

    def drain(self) -> Chunk:
        """Hand over what came about since the last time: events, logs, and promises where they are news."""
        edges: list[Edge | _Back] = [*(cell.edge for cell in self.cells), *self.backs.values()]
        events = {edge.name: edge.drain() for edge in edges if edge.made}
        logs, self.logs = self.logs, []
        if self.finished:
            return Chunk(events, logs, {}, self.final_ends() | {sink.node.name: 0 for sink in self.sinks})
        told = self.told
        news = {edge: int(time) for edge, time in self.promises().items() if told.get(edge, 0) < time < inf}
        told.update(news)
        return Chunk(events, logs, news, {})

    def snapshot(self) -> bytes:
        """Return all that is to be known to go on, once what came about was drained. Raises RunError if that cannot be kept."""
        about = (self.start, self.agenda, self.promised, self.ends, self.first_end, self.now, self.told)
        return pickle.dumps((about, [cell.snapshot() for cell in self.cells]))

    @staticmethod
    def restored(part: Part, content: bytes) -> Island:
        """Return the island of which this is a snapshot."""
        about, cells = pickle.loads(content)
        island = Island(part, about[0])
        _, island.agenda, island.promised, island.ends, island.first_end, island.now, island.told = about
        for cell, kept in zip(island.cells, cells):
            cell.restore(kept)
        return island

    @property
    def finished(self) -> bool:
        """Tell whether nothing can happen any more."""
        return not self.agenda and len(self.ends) == len(self.promised)

    @property
    def next(self) -> float:
        """Return when something happens in here next, if nothing more comes in; infinity if nothing does."""
        return self.agenda[0][0] if self.agenda else inf

    def lower(self) -> float:
        """Return a time before which nothing will happen in here any more."""
        return min(self.next, min(self.promised.values()))

    def promises(self) -> dict[str, float]:
        """Return for each edge of this part the time before which no event will follow; infinity once finished."""
        lower = self.lower()
        known: dict[str, float] = dict(self.promised)
        for cell in self.cells:
            if cell.node.kind != "sink":
                known[cell.node.name] = max(lower, cell.promise([known.get(edge, lower) for edge in cell.node.inputs]))
        for feedback in self.part.feedbacks:
            known[feedback.name] = known[feedback.origin] + feedback.delay
        return {edge: known[edge] for edge in known if edge not in self.promised}

    def final_ends(self) -> dict[str, int]:
        """Return the End of every edge of this part, once finished."""
        self.now = inf
        ends = {cell.node.name: int(cell.ended()) for cell in self.cells if cell.node.kind != "sink"}
        return ends | {f.name: int(self.end_of(f.origin)) + f.delay for f in self.part.feedbacks}

    def end_of(self, edge: str) -> float:
        """Return the t of End(t) on an edge, or infinity while that is open (and then it is later than now)."""
        return self.ends.get(edge, inf) if edge in self.promised else self.by_edge[edge].ended()

    def over(self, node: Node) -> float:
        """Return the End of an operator's forward inputs: feedback never keeps a session open."""
        return max(map(self.end_of, node.forward))

    def at(self, time: int, rank: int) -> None:
        """Ask for a turn."""
        heapq.heappush(self.agenda, (time, rank))


@dataclass
class _Back:
    """Lead events back, each at its own time plus the delay."""

    feedback: Feedback
    made: list[Event[Any]] = field(default_factory=list)
    takers: list[tuple[Callable[[int, Event[Any]], None], int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.feedback.name

    def take(self, port: int, event: Event[Any]) -> None:
        time, stream, seq, data, _, _ = event
        later = made(Event, (time + self.feedback.delay, self.feedback.name, seq, data, ((stream, seq, seq),), None))
        self.made.append(later)
        for take, to in self.takers:
            take(to, later)

    def take_all(self, port: int, events: Sequence[Event[Any]]) -> None:
        for event in events:
            self.take(port, event)

    def drain(self) -> list[Event[Any]]:
        out, self.made = self.made, []
        return out
