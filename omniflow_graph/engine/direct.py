"""Run a whole graph as one island, without Bytewax: the oracle of equivalence tests, and a debugger's single step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar, overload

from omniflow_graph.canonical import Digester
from omniflow_graph.engine.collecting import rare_collection
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Chunk, by_stream
from omniflow_graph.engine.starting import started
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.summary import Book
from omniflow_graph.trace.trace import Trace, Tracer, kept, note

CHUNK = 256  # events between two looks at what they allow; cannot show in the output
STRIDE = 60 * SECOND  # the same where nothing comes in: what comes about by itself in between is held in memory

Result = TypeVar("Result")


@overload
def run_direct(graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None) -> Trace: ...
@overload
def run_direct(graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None, into: Book[Result]) -> Result: ...


def run_direct(graph: Graph | Plan, session: Feed, *, seed: int = 0, keep: Iterable[str] | None = None, into: Book | None = None) -> object:
    """Run one session to its end and return its trace. Raises what an operator raises, and RunError.

    `into` is another book to write the run down in, such as `trace.summary.Summing`, which holds no events; what that
    comes to is returned.
    """
    planned = graph if isinstance(graph, Plan) else plan(graph)
    book = Tracer(planned.graph, session.name, seed) if into is None else into
    with rare_collection():
        return _run(planned, session, seed, kept(planned.graph, keep), book)


def _run(planned: Plan, session: Feed, seed: int, wanted: frozenset[str], book: Book) -> object:
    sources, graph, digest_of = planned.graph.sources(), planned.graph, Digester()
    island = Island(planned.whole(), started(session, graph, seed))

    def write(chunk: Chunk) -> None:
        book.add(note(chunk, digest_of, wanted, graph, session.name))

    def go_on() -> None:
        island.advance()
        write(island.drain())

    incoming, reached = session.events(sources), 0
    while events := list(islice(incoming, CHUNK)):
        known = session.ends(sources)
        for time in _strides(reached, events[0].time):
            _tick(island, sources, known, time)
            go_on()
        given, reached = by_stream(events), events[-1].time
        write(Chunk(given, [], {}, {}))
        for edge, of in given.items():
            island.take(edge, of)
        _tick(island, sources, known, reached)
        go_on()
    ends = session.ends(sources)
    for time in _strides(reached, min(ends.values(), default=0)):
        _tick(island, sources, ends, time)
        go_on()
    for source, end in ends.items():
        island.end(source, end)
    go_on()
    return book.close(ends)


def _strides(start: int, end: int) -> Iterator[int]:
    """Yield times between two, a stride apart."""
    yield from range(start + STRIDE, end, STRIDE)


def _tick(island: Island, sources: list[str], ends: dict[str, int], time: int) -> None:
    for source in sources:
        island.tick(source, min(time, ends.get(source, time)))
