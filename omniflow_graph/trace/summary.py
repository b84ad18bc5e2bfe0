"""Sum up a run as it goes: digests and counts, and no events. A session of a day takes as much memory as one of a minute."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from omniflow_graph.canonical import EdgeDigest
from omniflow_graph.engine.messages import Arrival
from omniflow_graph.graph.graph import Graph
from omniflow_graph.trace.trace import Note, digest_of

Result = TypeVar("Result", covariant=True)


class Book(Protocol[Result]):
    """Be what a run is written down in: it is handed one stretch of the session after another, then what there is to know of its end."""

    def add(self, note: Note) -> None:
        """Write down what came about in a stretch of the session; payloads are there of the edges that are kept."""
        ...

    def close(self, ends: dict[str, int], complete: bool = True) -> Result:
        """Return what the book came to. `ends` are those of the sources."""
        ...


@dataclass(frozen=True)
class Summary:
    """Hold what a whole run came to: how many events each edge had, how many steps each stage took, and the digests of its trace."""

    session: str
    graph: Graph = field(repr=False)
    seed: int
    events: dict[str, int]
    steps: dict[str, int]
    digests: dict[str, str]
    ends: dict[str, int]
    complete: bool = True

    @property
    def digest(self) -> dict[str, str]:
        """Return the run's two digests, in hex: the same ones as its Trace has."""
        return digest_of(self.graph, self.digests)

    @property
    def end(self) -> int:
        """Return the time at which the session ended: the latest End of its sources."""
        return max(self.ends.values(), default=0)


class Summing:
    """Write down a run as a Summary: a Book that forgets every event once it is digested.

    >>> from omniflow_graph import Graph, Session
    >>> from omniflow_graph.engine.direct import run_direct
    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.map("twice", g.source("mic"), lambda event: 2 * event.data))
    >>> run_direct(g, Session("s", {"mic": [(0, 1), (5, 2)]}, end=10), into=Summing(g, "s", 0)).events
    {'mic': 2, 'twice': 2}
    """

    def __init__(self, graph: Graph, session: str, seed: int) -> None:
        self.graph, self.session, self.seed = graph, session, seed
        self.chains = {edge: EdgeDigest() for edge in graph.edges()}
        self.steps = Counter({node.name: 0 for node in graph.nodes.values() if node.kind == "stage"})

    def add(self, note: Note) -> None:
        """Digest what came about in a stretch of the session."""
        for edge, (events, digests) in note.events.items():
            self.chains[edge].add_all(events, digests)
        self.steps.update(log.stage for log in note.logs if not isinstance(log, Arrival))

    def close(self, ends: dict[str, int], complete: bool = True) -> Summary:
        """Return the summary."""
        events = {edge: chain.count for edge, chain in self.chains.items()}
        digests = {edge: chain.digest().hex() for edge, chain in self.chains.items()}
        return Summary(self.session, self.graph, self.seed, events, dict(self.steps), digests, ends, complete)
