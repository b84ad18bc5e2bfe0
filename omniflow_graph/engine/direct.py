"""Run a whole graph as one island, without Bytewax: the oracle of equivalence tests, and a debugger's single step."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from omniflow_graph.canonical import Digester
from omniflow_graph.engine.collecting import rare_collection
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Chunk, by_stream
from omniflow_graph.engine.starting import started
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import Trace, Tracer, kept, note

CHUNK = 256  # events between two looks at what they allow; cannot show in the output


def run_direct(graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None) -> Trace:
    """Run one session to its end and return its trace. Raises what an operator raises, and RunError."""
    with rare_collection():
        return _run(graph, session, seed, keep)


def _run(graph: Graph | Plan, session: Feed, seed: int, keep: Iterable[str] | None) -> Trace:
    planned = graph if isinstance(graph, Plan) else plan(graph)
    sources, wanted = planned.graph.sources(), kept(planned.graph, keep)
    tracer, digest_of = Tracer(planned.graph, session.name, seed), Digester()
    island = Island(planned.whole(), started(session, planned.graph, seed))
    incoming = session.events(sources)
    while events := list(islice(incoming, CHUNK)):
        known, reached = session.ends(sources), events[-1].time
        given = by_stream(events)
        tracer.add(note(Chunk(given, [], {}, {}), digest_of, wanted, planned.graph, session.name))
        for edge, of in given.items():
            island.take(edge, of)
        for source in sources:
            island.tick(source, min(reached, known.get(source, reached)))
        island.advance()
        tracer.add(note(island.drain(), digest_of, wanted, planned.graph, session.name))
    ends = session.ends(sources)
    for source, end in ends.items():
        island.end(source, end)
    island.advance()
    tracer.add(note(island.drain(), digest_of, wanted, planned.graph, session.name))
    return tracer.close(ends)
