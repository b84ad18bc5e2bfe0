"""Run a whole graph as one island, without Bytewax: the oracle of equivalence tests, and a debugger's single step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Start
from omniflow_graph.events import Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import Trace, Tracer

CHUNK = 256  # events between two looks at what they allow; cannot show in the output


def run_direct(graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None) -> Trace:
    """Run one session to its end and return its trace. Raises what an operator raises, and RunError."""
    planned = graph if isinstance(graph, Plan) else plan(graph)
    whole, sources = planned.whole(), planned.graph.sources()
    tracer = Tracer(planned.graph, session.name, seed, keep)
    island = Island(whole, Start(session.name, session.allowance, session.costs, seed))
    ends, chunk = session.ends(sources), []
    for event in session.events(sources):
        chunk.append(event)
        if len(chunk) == CHUNK:
            _deliver(chunk, island, tracer, sources, ends)
            chunk = []
    _deliver(chunk, island, tracer, sources, ends)
    ends = session.ends(sources)
    for source, end in ends.items():
        island.end(source, end)
    island.advance()
    tracer.add(island.out)
    return tracer.close(ends)


def _deliver(chunk: list[Event[Any]], island: Island, tracer: Tracer, sources: list[str], ends: dict[str, int]) -> None:
    """Let in some events of all sources, in order: the time of the last is a tick on every source that has not ended."""
    tracer.add(chunk)
    for event in chunk:
        island.take(event)
    for source in sources if chunk else ():
        island.tick(source, min(chunk[-1].time, ends.get(source, chunk[-1].time)))
    island.advance()
    tracer.add(island.out)
    island.out.clear()
