"""Run graphs on Bytewax: one Dataflow per graph, a partition and a key per session.

Sources and operators become steps; every cycle is one step (an island). A step's stream carries chunks: events of its
edges, and what they promise. What Bytewax does not promise is never used: order between branches is made by time, in
merge, align and sinks; nothing follows the wall clock; the end of a session is a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import StatefulBatchLogic

from omniflow_graph.clock import Clock, VirtualClock, wall_span
from omniflow_graph.engine.cell import bound
from omniflow_graph.engine.cells import mapped_by
from omniflow_graph.engine.collecting import rare_collection
from omniflow_graph.engine.frozen import fed
from omniflow_graph.engine.island import Island
from omniflow_graph.engine.messages import BATCH, Chunk
from omniflow_graph.engine.partitions import Run, Sources, Traces
from omniflow_graph.engine.recovery import EPOCH, Log, Recovery
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Node, takes_rng
from omniflow_graph.graph.plan import Part, Plan, plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import Note, Trace, Tracer, kept, note

Item = tuple[str, Chunk]  # (session, what happened to it)


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
        batch: int = BATCH,
        workers: int = 1,
        keep: Iterable[str] | None = None,
        clock: Clock | None = None,
        progress: Callable[[str, int], None] | None = None,
        control: Callable[[Run], None] | None = None,
        cluster: tuple[int, list[str]] | None = None,
        finish: Callable[[Trace], Any] | None = None,
        recovery: Recovery | None = None,
        watch: Callable[[str, Chunk], object] | None = None,
        hold: int | None = None,
    ) -> dict[str, Any]:
        """Run sessions to their ends and return a trace for each, or what `finish` made of it where the session ended.

        `batch` is how many events enter at a time, `workers` how many threads; neither shows in a trace. `control` is
        handed the Run, whose `stopped` may be set from a signal handler: what was done by then is returned.
        `watch` is handed what comes about (session, chunk) as soon as it does, which is for live sessions to put it out. With
        `hold` a trace holds the last so many ns to twice as many, and of what was earlier the digests.
        `cluster` is (this process's number, addresses of all). With a `recovery` folder, which must be prepared, a run
        goes on where the last one was cut off; what came of sessions that had ended is returned, too. Raises what an
        operator raises, with a note that names step, session and event time.
        """
        if batch < 1 or workers < 1:
            raise ValueError(f"run: wants batch and workers of 1 or more, got batch={batch}, workers={workers}")
        feeds = {feed.name: fed(feed, self.plan.graph) for feed in sessions}
        if len(feeds) < len(sessions):
            raise ValueError(f"run: two sessions have one name: {', '.join(feed.name for feed in sessions)}")
        number, addresses = cluster or (0, [""])
        self.current = run = Run(
            feeds, seed, batch, kept(self.plan.graph, keep), clock or VirtualClock(), progress,
            finish=finish, recovery=recovery, watch=watch, hold=hold, place=(number, len(addresses), workers),
        )  # fmt: skip
        if control:
            control(run)
        with rare_collection():
            _execute(self.dataflow, run, workers, cluster)
        if run.failure:
            raise run.failure
        if recovery:
            found = {name: result for name, result in recovery.results().items() if name in feeds}
            return {name: replace(each, graph=self.plan.graph) if isinstance(each, Trace) else each for name, each in found.items()}
        if run.stopped and not cluster:  # a session that had not begun has a trace, too
            nothing = {name: Tracer(self.plan.graph, name, seed).close({}, complete=False) for name in feeds if name not in run.results}
            run.results |= {name: finish(trace) if finish else trace for name, trace in nothing.items()}
        return run.results


def _execute(dataflow: Dataflow, run: Run, workers: int, cluster: tuple[int, list[str]] | None) -> None:
    from bytewax._bytewax import cluster_main, run_main

    options: dict[str, Any] = {"recovery_config": run.recovery.config(), "epoch_interval": wall_span(EPOCH)} if run.recovery else {}
    try:
        if cluster or workers > 1:
            number, addresses = cluster or (0, [])
            cluster_main(dataflow, addresses, number, worker_count_per_proc=workers, **options)
        else:
            run_main(dataflow, **options)
    except BaseException:
        if run.failure is None:
            raise
    finally:
        run.quiet.speak()


def compile_flow(graph: Graph | Plan) -> CompiledFlow:
    """Build the Dataflow of a graph. Raises GraphError if the graph has no meaning."""
    return CompiledFlow(graph)


def run_bytewax(graph: Graph | Plan, sessions: Sequence[Feed], **options: Any) -> dict[str, Trace]:
    """Run sessions once on Bytewax; the options are those of `CompiledFlow.run`."""
    return compile_flow(graph).run(sessions, **options)


def _build(planned: Plan, compiled: CompiledFlow) -> Dataflow:
    flow = Dataflow(planned.graph.name.replace(".", "_") or "graph")
    entry = op.input("sources", flow, Sources(compiled))
    streams: dict[str, Stream] = dict.fromkeys(planned.graph.sources(), entry)
    made = [entry]
    for n, part in enumerate(_causes_first(planned)):
        step = f"{n}:{part.name.replace('.', '_')}"  # a step's id is unique and holds no period
        made.append(_step(step, part, streams, compiled))
        streams |= dict.fromkeys(part.edges, made[-1])
    noted = op.flat_map_batch("note", op.merge("made", *made), partial(_note, compiled))
    op.output("traces", op.stateful_batch("trace", noted, partial(_TraceLogic, compiled)), Traces(compiled))
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
        return op.flat_map_batch(step, sources[0], partial(_map, node, takes_rng(node.fn) if node.fn else False, compiled))
    up = sources[0] if len(sources) == 1 else op.merge(f"into:{step}", *sources)
    return op.stateful_batch(step, up, partial(_PartLogic, part, compiled))


def _map(node: Node, chancy: bool, compiled: CompiledFlow, items: list[Item]) -> list[Item]:
    """Answer events one by one; promises pass under the new name."""
    run, name, edge, fn, out = compiled.current, node.name, node.inputs[0], node.fn, []
    assert fn
    for session, chunk in items:
        if run.failure or session in run.broken:
            continue
        if edge not in chunk.events and edge not in chunk.ticks and edge not in chunk.ends and not chunk.start:
            continue
        try:
            events = mapped_by(bound(fn, name, session, run.seed) if chancy else fn, node, session, chunk.events.get(edge, ()))
        except BaseException as error:  # also Ctrl-C: Rust would make a noise of it
            if run.ends_only(session, error):
                out.append((session, _cut_short(compiled.plan.graph, chunk)))
            else:
                run.fail(error)
            continue
        ticks, ends = ({name: of[edge]} if edge in of else {} for of in (chunk.ticks, chunk.ends))
        out.append((session, Chunk({name: events} if events else {}, [], ticks, ends, chunk.start)))
    return out


def _cut_short(graph: Graph, chunk: Chunk | None = None) -> Chunk:
    """End all edges and sinks of a session at once: nothing more comes of it."""
    return Chunk({}, [], {}, dict.fromkeys(_names(graph), 0), chunk and chunk.start)


def _names(graph: Graph) -> list[str]:
    return [*graph.edges(), *(node.name for node in graph.nodes.values() if node.kind == "sink")]


class _PartLogic(StatefulBatchLogic):
    """Run one part of the graph for one session."""

    def __init__(self, part: Part, compiled: CompiledFlow, kept: bytes | None) -> None:
        self.part, self.compiled = part, compiled
        self.island = Island.restored(part, kept) if kept else None

    def on_batch(self, values: list[Chunk]) -> tuple[Iterable[Chunk], bool]:
        run = self.compiled.current
        if run.broken and ((session := self._session(values)) is None or session in run.broken):
            return (), StatefulBatchLogic.DISCARD
        try:
            return ((), StatefulBatchLogic.RETAIN) if run.failure else self._advanced(values)
        except BaseException as error:
            if run.ends_only(self._session(values), error):
                return [_cut_short(self.compiled.plan.graph, values[0])], StatefulBatchLogic.DISCARD
            run.fail(error)
            return (), StatefulBatchLogic.RETAIN

    def _session(self, values: list[Chunk]) -> str | None:
        """Name the session; None if this is what was still on its way of one that has ended."""
        return self.island.start.session if self.island else values[0].start and values[0].start.session

    def _advanced(self, values: list[Chunk]) -> tuple[list[Chunk], bool]:
        begun = None
        if self.island is None:
            begun = values[0].start
            assert begun, "every stream begins with Start"
            self.island = Island(self.part, begun)
        island = self.island
        for chunk in values:
            for edge in island.takers:
                if edge in chunk.events:
                    island.take(edge, chunk.events[edge])
                if edge in chunk.ticks:
                    island.tick(edge, chunk.ticks[edge])
                if edge in chunk.ends:
                    island.end(edge, chunk.ends[edge])
        island.advance()
        out = island.drain()._replace(start=begun)
        done = StatefulBatchLogic.DISCARD if island.finished else StatefulBatchLogic.RETAIN
        return [out] if any(out) else [], done

    def snapshot(self) -> bytes | None:
        run = self.compiled.current
        if not run.recovery or self.island is None:
            return None
        try:
            return self.island.snapshot()
        except BaseException as error:
            run.fail(error)
            raise


def _note(compiled: CompiledFlow, items: list[Item]) -> list[tuple[str, Note]]:
    """Turn chunks into what the trace needs, before they leave the process: digests, and payloads only where asked for."""
    run, graph, notes = compiled.current, compiled.plan.graph, []
    names = len(_names(graph)) if run.broken else 0
    for session, chunk in items:
        if run.failure or (session in run.broken and not run.is_last(session, chunk, names)):
            continue
        try:
            if run.watch and session not in run.broken:
                run.watch(session, chunk)
            if chunk.events or chunk.logs or chunk.ends or chunk.start:
                notes.append((session, note(chunk, run.digest_of, run.keep, graph, session)))
        except BaseException as error:
            if not run.ends_only(session, error):
                run.fail(error)
                continue
            last = _cut_short(graph, chunk)
            run.closed.add(session)
            notes.append((session, note(last, run.digest_of, run.keep, graph, session)))
    return notes


class _TraceLogic(StatefulBatchLogic):
    """Write down one session's trace, or with recovery a log of it; it is complete once every edge and sink has ended."""

    def __init__(self, compiled: CompiledFlow, kept: tuple[str, int, set[str], dict[str, int]] | None) -> None:
        graph = compiled.plan.graph
        self.graph, self.run = graph, compiled.current
        self.open = set(graph.edges()) | {node.name for node in graph.nodes.values() if node.kind == "sink"}
        self.sources, self.ends = set(graph.sources()), {}
        self.session: str | None = None
        self.book: Tracer | Log
        self.cut = 0  # what is earlier was let go of
        if kept:
            session, length, self.open, self.ends = kept
            self._begin(session, length)

    def _begin(self, session: str, length: int = 0) -> None:
        self.session = session
        self.book = self.run.recovery.log(session, self.graph, length) if self.run.recovery else Tracer(self.graph, session, self.run.seed)

    def on_batch(self, values: list[Note]) -> tuple[Iterable[Any], bool]:
        try:
            for each in values:
                if self.session is None:
                    assert each.start, "every stream begins with Start"
                    self._begin(each.start.session)
                self.book.add(each)
                self._forget(each)
                self.open.difference_update(each.ends)
                self.ends |= {edge: time for edge, time in each.ends.items() if edge in self.sources}
            if self.open:
                return (), StatefulBatchLogic.RETAIN
            return (self._finished(complete=self.session not in self.run.broken),), StatefulBatchLogic.DISCARD
        except BaseException as error:
            self.run.fail(error)
            return (), StatefulBatchLogic.RETAIN

    def _forget(self, each: Note) -> None:
        hold = self.run.hold
        if hold is None or not isinstance(self.book, Tracer):
            return
        reached = max((events[-1].time for events, _ in each.events.values() if events), default=0)
        if reached >= self.cut + 2 * hold:
            self.cut = reached - hold
            self.book.forget(self.cut)

    def _finished(self, complete: bool = True) -> Any:
        assert self.session is not None
        tracer = self.book if isinstance(self.book, Tracer) else self.book.read_into(Tracer(self.graph, self.session, self.run.seed))
        trace = tracer.close(self.ends, complete)
        result = self.run.finish(trace) if self.run.finish else trace
        if self.run.recovery:
            self.run.recovery.keep(self.session, replace(result, graph=None) if isinstance(result, Trace) else result)
        return result

    def on_eof(self) -> tuple[Iterable[Any], bool]:
        """Only a run that was stopped gets here with a trace still open: return what there is, or go on from here next time."""
        if self.run.recovery or self.session is None or self.run.failure:
            return (), StatefulBatchLogic.RETAIN
        return (self._finished(complete=False),), StatefulBatchLogic.DISCARD

    def snapshot(self) -> Any:
        if not self.run.recovery or self.session is None or isinstance(self.book, Tracer):
            return None
        return self.session, self.book.length(), set(self.open), dict(self.ends)
