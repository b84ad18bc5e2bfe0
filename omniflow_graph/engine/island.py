"""Run a part of a graph for one session: jump from instant to instant, as far as what comes in has promised.

Everything that happens at a time is a turn of an operator, taken in the order (time, rank), causes first. A turn at t is
taken when every edge from outside has promised t, and those the operator depends on within the instant more than t.

The same code runs one operator of a dataflow, an island of a cycle, and the whole graph.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from omniflow_graph.engine.cells import CELLS, Sink
from omniflow_graph.engine.messages import Start
from omniflow_graph.events import Event
from omniflow_graph.graph.nodes import Feedback, Node
from omniflow_graph.graph.plan import Part


class Island:
    """Run the operators of one part for one session. `out` collects events, steps and arrivals as they come about."""

    def __init__(self, part: Part, start: Start) -> None:
        self.start = start
        self.out: list[Any] = []
        self.agenda: list[tuple[int, int]] = []
        self.promised: dict[str, float] = dict.fromkeys(part.outside, 0)
        self.ends: dict[str, int] = {}
        self.first_end: float = inf  # before this no edge has ended, so nobody need ask
        self.now: float = -1
        self.cells = [CELLS[node.kind](node, rank, self) for rank, node in enumerate(part.nodes)]
        self.sinks = [cell for cell in self.cells if isinstance(cell, Sink)]
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
        for sink in self.sinks:
            sink.release(lower)

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


@dataclass(frozen=True)
class _Back:
    """Lead events back, each at its own time plus the delay."""

    feedback: Feedback
    island: Island

    def take(self, port: int, event: Event[Any]) -> None:
        cause = ((event.stream, event.seq, event.seq),)
        self.island.emit(Event(event.time + self.feedback.delay, self.feedback.name, event.seq, event.data, cause))
