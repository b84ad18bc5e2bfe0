"""Feed the sources that a graph brings along, what frozen operators gave, beside those of a session."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omniflow_graph.errors import RunError
from omniflow_graph.events import Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Frozen, frozen_in
from omniflow_graph.session import Feed


def fed(feed: Feed, graph: Graph) -> Feed:
    """Return what a graph is to read for a session. Raises RunError if it brings along what was recorded of another session."""
    frozen = frozen_in(graph.nodes)
    if not frozen:
        return feed
    for name, of in frozen.items():
        if of.session != feed.name or hasattr(feed, "poll"):
            got = f"session {feed.name!r}" + (", which is live" if hasattr(feed, "poll") else "")
            raise RunError(
                f"graph {graph.name!r}: {name!r} is frozen to what it gave in session {of.session!r}, got {got}; freeze it to a trace of this one"
            )
    return _Beside(feed, frozen)


@dataclass(frozen=True)
class _Beside:
    """Be a session with what is frozen beside what comes in."""

    feed: Feed
    frozen: dict[str, Frozen]

    @property
    def name(self) -> str:
        return self.feed.name

    @property
    def allowance(self) -> int:
        return self.feed.allowance

    @property
    def costs(self) -> Mapping[tuple[str, int], int] | None:
        return self.feed.costs

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        rank = {name: n for n, name in enumerate(sources)}
        held = [self.frozen[name].events for name in sources if name in self.frozen]
        incoming = self.feed.events(self._others(sources)) if self._others(sources) else ()
        return heapq.merge(incoming, *held, key=lambda event: (event.time, rank[event.stream], event.seq))

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        ends = self.feed.ends(self._others(sources)) if self._others(sources) else {}
        return ends | {name: self.frozen[name].end for name in sources if name in self.frozen}

    def _others(self, sources: Sequence[str]) -> list[str]:
        return [name for name in sources if name not in self.frozen]
