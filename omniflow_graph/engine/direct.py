"""Run a whole graph as one island, without Bytewax: the oracle of equivalence tests, and a debugger's single step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from omniflow_graph.canonical import Digester
from omniflow_graph.engine.collecting import rare_collection
from omniflow_graph.engine.frozen import fed
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Chunk, by_stream
from omniflow_graph.engine.starting import started
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import Note, Trace, Tracer, kept, note

CHUNK = 256  # events between two looks at what they allow; cannot show in the output
STRIDE = 60 * SECOND  # the same where nothing comes in: what comes about by itself in between is held in memory


def run_direct(
    graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None, watch: Callable[[Note], object] | None = None
) -> Trace:
    """Run one session to its end and return its trace. Raises what an operator raises, and RunError.

    `watch` is handed what comes about, stretch by stretch, with the payloads of the edges to keep; the trace then holds
    digests and no events, and memory does not grow with the session.
    """
    planned = graph if isinstance(graph, Plan) else plan(graph)
    tracer = Tracer(planned.graph, session.name, seed, watch)
    with rare_collection():
        return _run(planned, fed(session, planned.graph), seed, kept(planned.graph, keep), tracer)


def _run(planned: Plan, session: Feed, seed: int, wanted: frozenset[str], tracer: Tracer) -> Trace:
    sources, graph, digest_of = planned.graph.sources(), planned.graph, Digester()
    island = Island(planned.whole(), started(session, graph, seed))

    def write(chunk: Chunk) -> None:
        tracer.add(note(chunk, digest_of, wanted, graph, session.name))

    def go_up_to(time: int, known: Mapping[str, int]) -> None:
        for source in sources:
            island.tick(source, min(time, known.get(source, time)))
        island.advance()
        write(island.drain())

    def stroll_to(time: int, known: Mapping[str, int]) -> None:
        time = min(time, *known.values()) if known else time  # a source that has ended promises no more before all have
        while (stop := island.next + STRIDE) < time:
            go_up_to(int(stop), known)

    incoming = session.events(sources)
    while events := list(islice(incoming, CHUNK)):
        known = session.ends(sources)
        stroll_to(events[0].time, known)
        given = by_stream(events)
        write(Chunk(given, [], {}, {}))
        for edge, of in given.items():
            island.take(edge, of)
        go_up_to(events[-1].time, known)
    ends = session.ends(sources)
    stroll_to(max(ends.values(), default=0), ends)
    for source, end in ends.items():
        island.end(source, end)
    island.advance()
    write(island.drain())
    return tracer.close(ends)
