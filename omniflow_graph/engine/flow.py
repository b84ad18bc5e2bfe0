"""Run graphs on Bytewax: one Dataflow per graph, a partition and a key per session.

Sources and operators become steps; every cycle is one step (an island). Each step's stream carries the messages of its
edges: Start, then events, ticks, End. What Bytewax does not promise is never used: order between branches is made by
time, in merge, align and sinks; nothing follows the wall clock; the end of a session is a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from math import gcd, inf
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from omniflow_graph.canonical import Digester
from omniflow_graph.clock import Clock, VirtualClock
from omniflow_graph.engine.cells import blame, bound
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import Arrival, Start, Step
from omniflow_graph.events import SECOND, End, Event, Tick
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Node, takes_rng
from omniflow_graph.graph.plan import Part, Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import NOT_KEPT, Trace, Tracer

Item = tuple[str, Any]  # (session, message)


@dataclass
class Run:
    """Hold what changes from run to run of a compiled graph: data in, settings, and what comes out."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    seed: int = 0
    batch: int = 64
    keep: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=VirtualClock)
    progress: Callable[[str, int], None] | None = None
    stopped: bool = False
    failure: Exception | None = None
    traces: dict[str, Trace] = field(default_factory=dict)
    digest_of: Digester = field(default_factory=Digester)

    def fail(self, error: Exception) -> None:
        """Remember the first error and let the flow run dry, so that it surfaces as itself and without Rust's noise."""
        self.failure = self.failure or error

    @property
    def over(self) -> bool:
        """Tell whether to stop as soon as possible."""
        return self.stopped or self.failure is not None


class CompiledFlow:
    """Hold the Dataflow of one graph. Build it once; run it with other sessions as often as you like."""

    def __init__(self, graph: Graph | Plan) -> None:
        self.plan = graph if isinstance(graph, Plan) else plan(graph)
        self.current = Run()
        self.dataflow = _build(self.plan, self)

    def run(
        self,
        sessions: Sequence[Feed],
        *,
        seed: int = 0,
        batch: int = 64,
        workers: int = 1,
        keep: Iterable[str] | None = None,
        clock: Clock | None = None,
        progress: Callable[[str, int], None] | None = None,
        control: Callable[[Run], None] | None = None,
        cluster: tuple[int, list[str]] | None = None,
    ) -> dict[str, Trace]:
        """Run sessions to their ends and return a trace for each.

        `batch` is how many events enter at a time, `workers` how many threads; neither shows in a trace. `control` is
        handed the Run, whose `stopped` may be set from a signal handler: what was done by then is returned.
        `cluster` is (this process's number, addresses of all). Raises what an operator raises, with a note that names
        step, session and event time.
        """
        from bytewax._bytewax import cluster_main, run_main

        if batch < 1 or workers < 1:
            raise ValueError(f"run: wants batch and workers of 1 or more, got batch={batch}, workers={workers}")
        edges = self.plan.graph.edges()
        feeds = {feed.name: feed for feed in sessions}
        if len(feeds) < len(sessions):
            raise ValueError(f"run: two sessions have one name: {', '.join(feed.name for feed in sessions)}")
        self.current = run = Run(feeds, seed, batch, frozenset(edges if keep is None else keep), clock or VirtualClock(), progress)
        if control:
            control(run)
        if cluster:
            cluster_main(self.dataflow, cluster[1], cluster[0], worker_count_per_proc=workers)
        elif workers > 1:
            cluster_main(self.dataflow, [], 0, worker_count_per_proc=workers)
        else:
            run_main(self.dataflow)
        if run.failure:
            raise run.failure
        return run.traces


def compile_flow(graph: Graph | Plan) -> CompiledFlow:
    """Build the Dataflow of a graph. Raises GraphError if the graph has no meaning."""
    return CompiledFlow(graph)


def run_bytewax(graph: Graph | Plan, sessions: Sequence[Feed], **options: Any) -> dict[str, Trace]:
    """Run sessions once on Bytewax; the options are those of `CompiledFlow.run`."""
    return compile_flow(graph).run(sessions, **options)


def _build(planned: Plan, compiled: CompiledFlow) -> Dataflow:
    flow = Dataflow(planned.graph.name.replace(".", "_") or "graph")
    entry = op.input("sources", flow, _Sources(compiled))
    streams: dict[str, Stream] = dict.fromkeys(planned.graph.sources(), entry)
    taps = [op.flat_map_batch("note:sources", entry, partial(_note, compiled))]
    for n, part in enumerate(_causes_first(planned)):
        step = f"{n}:{part.name.replace('.', '_')}"  # a step's id is unique and holds no period
        stream = _step(step, part, streams, compiled)
        streams |= dict.fromkeys(part.edges, stream)
        taps.append(op.flat_map_batch(f"note:{step}", stream, partial(_note, compiled)))
    noted = op.merge("noted", *taps)
    op.output("traces", op.stateful_batch("trace", noted, lambda _: _TraceLogic(compiled)), _Traces(compiled))
    return flow


def _causes_first(planned: Plan) -> Iterator[Part]:
    """Stand parts so that each reads only streams that exist: feedback that closes no cycle counts, too."""
    known, left = set(planned.graph.sources()), list(planned.parts)
    while left:
        part = next(part for part in left if known >= set(part.outside))
        left.remove(part)
        known |= set(part.edges)
        yield part


def _step(step: str, part: Part, streams: dict[str, Stream], compiled: CompiledFlow) -> Stream:
    sources = list({id(streams[edge]): streams[edge] for edge in part.outside}.values())
    node = part.nodes[0]
    if node.kind == "map" and len(part.nodes) == 1 and not part.feedbacks:
        return op.flat_map_batch(step, sources[0], partial(_map, node, compiled, {}))
    up = sources[0] if len(sources) == 1 else op.merge(f"into:{step}", *sources)
    return op.stateful_batch(step, up, lambda _: _PartLogic(part, compiled))


def _map(node: Node, compiled: CompiledFlow, bounds: dict[str, Callable], items: list[Item]) -> list[Item]:
    """Answer events one by one; ticks and End pass under the new name."""
    run, name, edge, out = compiled.current, node.name, node.inputs[0], []
    fn: Any = node.fn
    chancy = takes_rng(fn)
    for session, message in () if run.failure else items:
        kind = type(message)
        if kind is Start:
            out.append((session, message))
        elif message.__class__ is Step or message.__class__ is Arrival or message.stream != edge:
            continue
        elif kind is Event:
            try:
                data = bound(fn, node, session, run.seed)(message) if chancy else fn(message)
            except Exception as error:
                blame(error, node, session, message.time)
                run.fail(error)
                return out
            if data is not None:
                out.append((session, Event(message.time, name, message.seq, data, ((edge, message.seq, message.seq),))))
        else:
            out.append((session, message._replace(stream=name)))
    return out


class _PartLogic(StatefulBatchLogic):
    """Run one part of the graph for one session."""

    def __init__(self, part: Part, compiled: CompiledFlow) -> None:
        self.part, self.compiled = part, compiled
        self.island: Island | None = None
        self.told: dict[str, float] = {}

    def on_batch(self, values: list[Any]) -> tuple[Iterable[Any], bool]:
        run = self.compiled.current
        if run.failure:
            return (), StatefulBatchLogic.RETAIN
        try:
            return self._messages(values)
        except Exception as error:
            run.fail(error)
            return (), StatefulBatchLogic.RETAIN

    def _messages(self, values: list[Any]) -> tuple[list[Any], bool]:
        begin: list[Any] = []
        for message in values:
            kind = type(message)
            if kind is Start:
                if self.island is None:
                    self.island = Island(self.part, message)
                    begin = [message]
                continue
            island = self.island
            assert island is not None, "every stream begins with Start"
            if kind is Step or kind is Arrival or message.stream not in island.promised:
                continue
            if kind is Event:
                island.take(message)
            elif kind is Tick:
                island.tick(message.stream, message.time)
            else:
                island.end(message.stream, message.time)
        assert self.island is not None
        self.island.advance()
        out, self.island.out = self.island.out, []
        return [*begin, *out, *self._marks(self.island)], self._done(self.island)

    def _done(self, island: Island) -> bool:
        return StatefulBatchLogic.DISCARD if island.finished else StatefulBatchLogic.RETAIN

    def _marks(self, island: Island) -> list[Tick | End]:
        """Say how far each edge is, where that is news."""
        if island.finished:
            ends = island.final_ends()
            ends |= {node.name: 0 for node in self.part.nodes if node.kind == "sink"}
            return [End(time, edge) for edge, time in ends.items()]
        news: list[Tick | End] = [Tick(int(time), edge) for edge, time in island.promises().items() if self.told.get(edge, 0) < time < inf]
        for tick in news:
            self.told[tick.stream] = tick.time
        return news

    def snapshot(self) -> None:
        return None


def _note(compiled: CompiledFlow, items: list[Item]) -> list[Item]:
    """Turn messages into what the trace needs, before they leave the process: digests, and payloads only where asked for."""
    run, by_session = compiled.current, {}
    if run.failure:
        return []
    try:
        for session, message in items:
            kind = type(message)
            if kind is Tick:
                continue
            notes = by_session.setdefault(session, [])
            if kind is Event:
                digest = run.digest_of(message.data)
                notes.append((message if message.stream in run.keep else message._replace(data=NOT_KEPT), digest))
            else:
                notes.append(message)
    except Exception as error:
        edge = compiled.plan.graph.nodes.get(message.stream)
        if edge:
            blame(error, edge, session, message.time)
        run.fail(error)
        return []
    return list(by_session.items())


class _TraceLogic(StatefulBatchLogic):
    """Write down one session's trace; it is complete once every edge and sink has ended."""

    def __init__(self, compiled: CompiledFlow) -> None:
        self.compiled = compiled
        graph = compiled.plan.graph
        self.open = set(graph.edges()) | {node.name for node in graph.nodes.values() if node.kind == "sink"}
        self.sources, self.ends = set(graph.sources()), {}
        self.tracer: Tracer | None = None

    def on_batch(self, values: list[list[Any]]) -> tuple[Iterable[Any], bool]:
        for note in chain.from_iterable(values):
            kind = type(note)
            if kind is Start:
                if self.tracer is None:
                    run = self.compiled.current
                    self.tracer = Tracer(self.compiled.plan.graph, note.session, run.seed, run.keep)
            elif kind is End:
                self.open.discard(note.stream)
                if note.stream in self.sources:
                    self.ends[note.stream] = note.time
            elif kind is Step or kind is Arrival:
                self._tracer.add([note])
            else:
                self._tracer.event(*note)
        if self.open:
            return (), StatefulBatchLogic.RETAIN
        return (self._tracer.close(self.ends),), StatefulBatchLogic.DISCARD

    @property
    def _tracer(self) -> Tracer:
        assert self.tracer is not None, "every stream begins with Start"
        return self.tracer

    def on_eof(self) -> tuple[Iterable[Any], bool]:
        """Only a run that was stopped gets here with a trace still open: return what there is."""
        return (() if self.tracer is None else (self.tracer.close(self.ends, complete=False),)), StatefulBatchLogic.DISCARD

    def snapshot(self) -> None:
        return None


@dataclass(frozen=True)
class _Sources(FixedPartitionedSource):
    """One partition per session, which holds all its streams in order."""

    compiled: CompiledFlow

    def list_parts(self) -> list[str]:
        return list(self.compiled.current.feeds)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> StatefulSourcePartition:
        run = self.compiled.current
        if hasattr(run.feeds[for_part], "poll"):
            return _LivePartition(run, for_part)
        return _Partition(run, self.compiled.plan.graph, for_part)


@dataclass
class _LivePartition(StatefulSourcePartition):
    """Take one live session from its reader's queue. It has been stamped, ordered and logged there."""

    run: Run
    session: str
    begun: bool = False
    ended: int = 0  # sources

    def next_batch(self) -> Iterable[Item]:
        feed: Any = self.run.feeds[self.session]
        if self.ended == len(feed.sources) or self.run.over:
            raise StopIteration
        messages = [] if self.begun else [Start(feed.name, feed.allowance, feed.costs, self.run.seed)]
        self.begun = True
        messages += feed.poll(self.run.batch)
        self.ended += sum(type(message) is End for message in messages)
        return [(self.session, message) for message in messages]

    def snapshot(self) -> None:
        return None


class _Partition(StatefulSourcePartition):
    """Play one session: Start, events with ticks where windows end, End."""

    def __init__(self, run: Run, graph: Graph, session: str) -> None:
        self.run, self.session, self.sources = run, session, graph.sources()
        self.feed, self.ended = run.feeds[session], False
        self.step = gcd(*(node.length for node in graph.nodes.values() if node.kind == "align")) or SECOND
        self.ticked, self.next, self.events = 0, None, None

    def next_batch(self) -> Iterable[Item]:
        if self.ended or self.run.over:
            raise StopIteration
        try:
            return [(self.session, message) for message in self._messages()]
        except Exception as error:
            self.run.fail(error)
            return []

    def next_awake(self) -> Any:
        return self.run.clock.awake(self.next.time) if self.next is not None else None

    def _messages(self) -> list[Any]:
        feed, out = self.feed, []
        if self.events is None:
            out.append(Start(feed.name, feed.allowance, feed.costs, self.run.seed))
            self.events, self.known_ends = feed.events(self.sources), feed.ends(self.sources)
            self.next = next(self.events, None)
        for _ in range(self.run.batch):
            event = self.next
            if event is None:
                self.ended = True
                return out + [End(time, source) for source, time in feed.ends(self.sources).items()]
            if self.run.clock.awake(event.time):
                break
            if event.time >= self.ticked + self.step:
                self.ticked = event.time // self.step * self.step
                out += [Tick(min(self.ticked, self.known_ends.get(source, self.ticked)), source) for source in self.sources]
            out.append(event)
            self.next = next(self.events, None)
        if self.run.progress and self.next is not None:
            self.run.progress(self.session, self.next.time)
        return out

    def snapshot(self) -> None:
        return None


@dataclass(frozen=True)
class _Traces(DynamicSink):
    """Hand finished traces back to whoever started the run."""

    compiled: CompiledFlow

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _TraceSink:
        return _TraceSink(self.compiled.current)


@dataclass
class _TraceSink(StatelessSinkPartition):
    run: Run

    def write_batch(self, items: list[Item]) -> None:
        for session, trace in items:
            self.run.traces[session] = trace
