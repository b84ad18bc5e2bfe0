"""Step a graph by hand, event by event, on the direct engine: push, tick, end, and look at the trace in between."""

from __future__ import annotations

from typing import Any

from omniflow_graph.canonical import Digester
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Chunk
from omniflow_graph.engine.starting import started
from omniflow_graph.errors import RunError
from omniflow_graph.events import Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Session
from omniflow_graph.trace.trace import Trace, Tracer, kept, note


class Stepper:
    """Hold one session that is under way. `now` is the time that was reached, `trace` what came about so far.

    >>> from omniflow_graph import Graph
    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.align("window", g.source("mic", int), length=10))
    >>> step = Stepper(g)
    >>> step.push("mic", 7, at=4)
    >>> len(step.trace["window"])
    0
    >>> step.tick(10)
    >>> [event.data for event in step.trace["window"][0].data.events]
    [7]
    """

    def __init__(self, graph: Graph | Plan, *, seed: int = 0, session: str = "stepped") -> None:
        planned = graph if isinstance(graph, Plan) else plan(graph)
        self.graph, self.session, self.seed, self.now = planned.graph, session, seed, 0
        self.sources = self.graph.sources()
        self.pushed: dict[str, list[Event[Any]]] = {source: [] for source in self.sources}
        self.ends: dict[str, int] = {}
        self._island = Island(planned.whole(), started(Session(session, {}, 0), self.graph, seed))
        self._tracer, self._digest_of = Tracer(self.graph, session, seed), Digester()
        self._keep = kept(self.graph, None)
        self.trace: Trace = self._tracer.trace
        self.trace.complete = False

    @property
    def open(self) -> list[str]:
        """List the sources that have not ended."""
        return [source for source in self.sources if source not in self.ends]

    def push(self, source: str, payload: Any, at: int | None = None) -> None:
        """Let an event in, by default now; everything before its time then happens. Raises RunError for a time or source that cannot be."""
        time = self.now if at is None else at
        self._refuse(source, time)
        event = Event(time, source, len(self.pushed[source]), payload)
        self.pushed[source].append(event)
        self._write(Chunk({source: [event]}, [], {}, {}))
        self._island.take(source, [event])
        self.tick(time)

    def tick(self, to: int) -> None:
        """Let time pass: nothing earlier comes any more. Going back does nothing."""
        self.now = max(self.now, to)
        for source in self.open:
            self._island.tick(source, self.now)
        self._advance()

    def end(self, source: str, at: int | None = None) -> None:
        """End a source, by default right after what came last. Raises RunError if it has ended, or at a time before what came."""
        time = self.now + 1 if at is None else at
        self._refuse(source, time)
        if self.pushed[source] and time <= self.pushed[source][-1].time:
            raise RunError(f"session {self.session!r}: source {source!r} cannot end at {time}, not after its event at {self.pushed[source][-1].time}")
        self.ends[source] = time
        self._island.end(source, time)
        self._advance()

    def finish(self) -> Trace:
        """End all sources that are still open, and return the whole trace."""
        for source in self.open:
            self.end(source)
        return self._tracer.close({source: self.ends[source] for source in self.sources})

    def whole(self) -> Session:
        """Return what came in as a session, to be replayed: all of it must have ended."""
        return Session(self.session, {source: list(events) for source, events in self.pushed.items()}, {**self.ends})

    def _advance(self) -> None:
        self._island.advance()
        self._write(self._island.drain())

    def _write(self, chunk: Chunk) -> None:
        self._tracer.add(note(chunk, self._digest_of, self._keep, self.graph, self.session))

    def _refuse(self, source: str, time: int) -> None:
        if source not in self.open:
            raise RunError(f"session {self.session!r}: no open source {source!r}; there are {', '.join(self.open) or 'none'}")
        if type(time) is not int or time < self.now:
            raise RunError(f"session {self.session!r}, source {source!r}: wants a time from {self.now} on as an int, got {time!r}; time has passed")
