"""What a run did, edge by edge: comparable, printable, with a digest per edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omniflow_graph.canonical import Digester, EdgeDigest, run_digest
from omniflow_graph.engine.messages import Arrival, Step
from omniflow_graph.events import Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.payload_types import holds_media


class NotKept:
    """Stand where a payload was not kept; its digest was."""

    def __repr__(self) -> str:
        return "NOT_KEPT"

    def __reduce__(self) -> str:
        return "NOT_KEPT"


NOT_KEPT = NotKept()


@dataclass
class Trace:
    """Hold what one session's run put on every edge, what each sink got, and when each stage worked.

    `edges[name]` are events, whose data is NOT_KEPT where it was not asked for; `payloads[name]` the payload digests
    beside them. `complete` is False if the run was stopped before its End.
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
        return max(self.ends.values(), default=0)

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
    if node.kind == "align":
        return any(is_media(graph, of) for of in node.forward)
    return holds_media(node.type)


class Tracer:
    """Write down a run as it goes: digests always, payloads of the edges in `keep` (None: of all)."""

    def __init__(self, graph: Graph, session: str, seed: int, keep: Iterable[str] | None) -> None:
        edges = graph.edges()
        sinks = {node.name: [] for node in graph.nodes.values() if node.kind == "sink"}
        stages = {node.name: [] for node in graph.nodes.values() if node.kind == "stage"}
        self.trace = Trace(session, graph, seed, {e: [] for e in edges}, {e: [] for e in edges}, sinks, stages)
        self.keep = frozenset(edges if keep is None else keep)
        self.chains = {edge: EdgeDigest() for edge in edges}
        self.digest_of = Digester()

    def add(self, items: Sequence[Any]) -> None:
        """Write down events, steps of stages and arrivals at sinks."""
        for item in items:
            kind = type(item)
            if kind is Event:
                self.event(item, self.digest_of(item.data))
            elif kind is Step:
                self.trace.stages[item.stage].append(item)
            elif kind is Arrival:
                event = item.event
                self.trace.sinks[item.sink].append(event if event.stream in self.keep else event._replace(data=NOT_KEPT))

    def event(self, event: Event[Any], digest: bytes) -> None:
        """Write down one event whose payload's digest is known."""
        edge = event.stream
        self.chains[edge].add(event.time, event.seq, digest)
        self.trace.payloads[edge].append(digest)
        self.trace.edges[edge].append(event if edge in self.keep or event.data is NOT_KEPT else event._replace(data=NOT_KEPT))

    def close(self, ends: dict[str, int], complete: bool = True) -> Trace:
        """Return the trace with its digests."""
        self.trace.digests = {edge: chain.digest().hex() for edge, chain in self.chains.items()}
        self.trace.ends, self.trace.complete = ends, complete
        return self.trace
