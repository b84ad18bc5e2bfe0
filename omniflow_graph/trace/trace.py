"""What a run did, edge by edge: comparable, printable, with a digest per edge."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.canonical import Digester, EdgeDigest, run_digest
from omniflow_graph.engine.messages import Arrival, Chunk, Start, Step
from omniflow_graph.errors import blame
from omniflow_graph.events import SECOND, Event, Window, made
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Frozen, frozen_in
from omniflow_graph.graph.payload_types import holds_media


class NotKept:
    """Stand where a payload was not kept; its digest was."""

    def __repr__(self) -> str:
        return "NOT_KEPT"

    def __reduce__(self) -> str:
        return "NOT_KEPT"


NOT_KEPT = NotKept()


@dataclass(frozen=True)
class Elsewhere:
    """Stand for the payload of an input that a stored trace holds by reference; `about` says of what and where."""

    about: str


@dataclass(eq=False, repr=False)
class Trace:
    """Hold what one session's run put on every edge, what each sink got, and when each stage worked.

    `edges[name]` are events, whose data is NOT_KEPT where it was not asked for; `payloads[name]` the payload digests
    beside them. `complete` is False if the run was stopped before its End. Of a stored trace, `elsewhere` says where the
    events of inputs are that it holds by reference.
    """

    session: str
    graph: Graph
    seed: int = 0
    edges: dict[str, list[Event[Any]]] = field(default_factory=dict)
    payloads: dict[str, list[bytes]] = field(default_factory=dict)
    sinks: dict[str, list[Event[Any]]] = field(default_factory=dict)
    stages: dict[str, list[Step]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)  # of the sources
    complete: bool = True
    elsewhere: dict[str, Elsewhere] = field(default_factory=dict)
    forgotten: dict[str, int] = field(default_factory=dict)  # events of an edge that were let go of: a live session may last for days

    def __eq__(self, other: object) -> bool:
        """Compare all that was done: times, numbers, causes, steps and arrivals; payloads by their digests."""
        return isinstance(other, Trace) and self._done() == other._done()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how many events each edge has."""
        edges = ", ".join(f"{edge}: {len(events)}" for edge, events in self.edges.items())
        return f"<Trace of {self.session!r}, {self.end / SECOND:g} s; {edges}; digest {self.digest['media'][:12]}>"

    def _done(self) -> tuple[Any, ...]:
        edges = {edge: [(e.time, e.seq, e.made_of, e.stamps, e.data is NOT_KEPT) for e in events] for edge, events in self.edges.items()}
        sinks = {sink: [(e.stream, e.time, e.seq, e.data is NOT_KEPT) for e in events] for sink, events in self.sinks.items()}
        return self.session, self.graph, self.seed, edges, self.payloads, sinks, self.stages, self.digests, self.ends, self.complete

    def __getitem__(self, edge: str) -> list[Event[Any]]:
        """Return the events of one edge. Raises KeyError naming the edges that there are."""
        if edge not in self.edges:
            raise KeyError(f"no edge {edge!r} in this trace; there are {', '.join(self.edges)}")
        return self.edges[edge]

    @property
    def digest(self) -> dict[str, str]:
        """Return the run's two digests, in hex: `decisions` (text, times, windows, controls), `media` (all edges)."""
        every = {edge: bytes.fromhex(digest) for edge, digest in self.digests.items()}
        plain = {edge: digest for edge, digest in every.items() if not is_media(self.graph, edge)}
        return {"decisions": run_digest(plain).hex(), "media": run_digest(every).hex()}

    @property
    def end(self) -> int:
        """Return the time at which the session ended: the latest End of its sources."""
        lengths = {name: of.length for name, of in frozen_in(self.graph.nodes).items()}  # an edge outlives its session
        return max((lengths.get(name, end) for name, end in self.ends.items()), default=0)

    def array(self, edge: str, of: str | None = None) -> np.ndarray:
        """Join an edge's payloads into one array: bytes are read as 16-bit samples, arrays and numbers as they are.

        `of` names a field of each payload, such as "samples". Raises ValueError if the payloads were not kept.
        """
        if any(event.data is NOT_KEPT for event in self[edge]):
            raise ValueError(f"edge {edge!r}: its payloads were not kept; run with keep=[{edge!r}]")
        parts = [event.data if of is None else getattr(event.data, of) for event in self[edge]]
        arrays = [np.frombuffer(part, "<i2") if isinstance(part, bytes) else np.atleast_1d(part) for part in parts]
        return np.concatenate(arrays) if arrays else np.zeros(0, "<i2")


def is_media(graph: Graph, edge: str) -> bool:
    """Tell whether an edge carries sound or pictures, itself or inside its windows."""
    if edge in graph.feedbacks:
        return is_media(graph, graph.feedbacks[edge].origin)
    node = graph.nodes[edge]
    if isinstance(node.state, Frozen):
        return node.state.media
    if node.kind == "align" or node.type is Window:
        return any(is_media(graph, of) for of in node.forward)
    return holds_media(node.type)


def not_run(graph: Graph) -> dict[str, Elsewhere]:
    """Say of the edges that only frozen operators needed why there is nothing on them."""
    return {edge: Elsewhere(f"not run again: {name!r} is as it was recorded") for name, of in frozen_in(graph.nodes).items() for edge in of.left_out}


class Note(NamedTuple):
    """Hold what a trace keeps of a chunk: events, without their payload where it is not asked for, and digests beside them."""

    events: dict[str, tuple[list[Event[Any]], list[bytes]]]
    logs: list[Step | Arrival]
    ends: dict[str, int]
    start: Start | None = None


def kept(graph: Graph, keep: Iterable[str] | None) -> frozenset[str]:
    """Return the edges whose payloads a trace keeps: all for None. Raises ValueError for one that the graph does not have."""
    if isinstance(keep, (str, bytes)):
        raise ValueError(f"keep wants a list of names of edges, got the one text {keep!r}; use keep=[{keep!r}]")
    wanted = frozenset(graph.edges() if keep is None else keep)
    if unknown := wanted - set(graph.edges()):
        raise ValueError(f"keep names {', '.join(map(repr, sorted(unknown)))}; the edges are {', '.join(graph.edges())}")
    return wanted


def note(chunk: Chunk, digest_of: Digester, keep: Collection[str], graph: Graph, session: str) -> Note:
    """Digest what a chunk holds, and let go of the payloads on edges that are not in `keep`.

    Raises TypeError, with a note that names step, session and event time, for a payload that cannot be digested.
    """
    events = {}
    for edge, made_here in chunk.events.items():
        try:
            digests = digest_of.of(made_here)
        except Exception as error:
            culprit = next(event for event in made_here if not digest_of.can(event.data))
            blame(error, graph.nodes[edge].whose if edge in graph.nodes else f"feedback {edge!r}", session, culprit.time)
            raise
        events[edge] = (made_here if edge in keep else _without(made_here), digests)
    logs = [Arrival(log.sink, *_without([log.event])) if type(log) is Arrival and log.event.stream not in keep else log for log in chunk.logs]
    return Note(events, logs, chunk.ends, chunk.start)


def _without(events: Iterable[Event[Any]]) -> list[Event[Any]]:
    return [made(Event, (time, stream, seq, NOT_KEPT, made_of, stamps)) for time, stream, seq, _, made_of, stamps in events]


_time = attrgetter("time")


class Tracer:
    """Write down a run as it goes: digests always, payloads where a note has them.

    With `watch` events and steps are handed to that, stretch by stretch, and not held: memory then does not grow.
    """

    def __init__(self, graph: Graph, session: str, seed: int, watch: Callable[[Note], object] | None = None) -> None:
        self.watch = watch
        edges = graph.edges()
        sinks = {node.name: [] for node in graph.nodes.values() if node.kind == "sink"}
        stages = {node.name: [] for node in graph.nodes.values() if node.kind == "stage"}
        self.trace = Trace(session, graph, seed, {e: [] for e in edges}, {e: [] for e in edges}, sinks, stages)
        self.trace.elsewhere = not_run(graph)
        self.chains = {edge: EdgeDigest() for edge in edges}

    def add(self, note: Note) -> None:
        """Write down what came about in a stretch of the session."""
        for edge, (events, digests) in note.events.items():
            self.chains[edge].add_all(events, digests)
            if not self.watch:
                self.trace.payloads[edge] += digests
                self.trace.edges[edge] += events
        if self.watch:
            self.watch(note)
            return
        for log in note.logs:
            if isinstance(log, Arrival):
                self.trace.sinks[log.sink].append(log.event)
            else:
                self.trace.stages[log.stage].append(log)

    def forget(self, before: int) -> None:
        """Let go of what was earlier; digests still count it."""
        trace = self.trace
        for edge, events in trace.edges.items():
            n = bisect_left(events, before, key=_time)
            del events[:n], trace.payloads[edge][:n]
            trace.forgotten[edge] = trace.forgotten.get(edge, 0) + n
        for events in trace.sinks.values():
            del events[: bisect_left(events, before, key=_time)]
        for steps in trace.stages.values():
            del steps[: bisect_left(steps, before, key=attrgetter("done"))]

    def close(self, ends: dict[str, int], complete: bool = True) -> Trace:
        """Return the trace with its digests."""
        self.trace.digests = {edge: chain.digest().hex() for edge, chain in self.chains.items()}
        self.trace.ends, self.trace.complete = ends, complete
        return self.trace
