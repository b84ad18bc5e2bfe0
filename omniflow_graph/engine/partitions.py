"""Where sessions enter a dataflow, one partition each, and where their traces leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import gcd
from typing import Any, Protocol

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition

from omniflow_graph.canonical import Digester
from omniflow_graph.clock import Clock, VirtualClock
from omniflow_graph.engine.messages import BATCH, Chunk, by_stream
from omniflow_graph.engine.placing import placed
from omniflow_graph.engine.quiet import Quiet
from omniflow_graph.engine.recovery import Recovery
from omniflow_graph.engine.starting import started
from omniflow_graph.errors import noted
from omniflow_graph.events import SECOND, Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.plan import Plan
from omniflow_graph.session import Feed
from omniflow_graph.trace.trace import Trace

SLOTS = 16  # partitions: so many sessions are under way at a time
TICK = 20_000_000  # a paced replay looks no more often than this where no event is due,
LOOK = 100_000_000  # and this often at least, at whether it is to stop


@dataclass
class Run:
    """Hold what changes from run to run of a compiled graph: data in, settings, and what comes out."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    seed: int = 0
    batch: int = BATCH
    keep: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=VirtualClock)
    progress: Callable[[str, int], None] | None = None
    stopped: bool = False
    failure: BaseException | None = None
    finish: Callable[[Trace], Any] | None = None
    recovery: Recovery | None = None
    place: tuple[int, int, int] = (0, 1, 1)  # number of this process, processes, workers in each
    watch: Callable[[str, Chunk], object] | None = None
    hold: int | None = None  # ns of a session that its trace holds, at least; what is older is let go of
    results: dict[str, Any] = field(default_factory=dict)
    digest_of: Digester = field(default_factory=Digester)
    quiet: Quiet = field(default_factory=Quiet)
    broken: dict[str, Exception] = field(default_factory=dict)  # live sessions that an error of their own ended
    closed: set[str] = field(default_factory=set)  # those of them whose trace has ended, too

    def ends_only(self, session: str | None, error: BaseException) -> bool:
        """Tell whether an error ends one session only, which it does of live ones; then its feed knows, and nothing more comes of it."""
        live = next((feed for feed in self.feeds.values() if _is_live(feed)), None)
        if live is None or session is None or not isinstance(error, Exception):
            return False
        self.broken.setdefault(session, error)
        live.broke(session, error)  # type: ignore[attr-defined]
        return True

    def is_last(self, session: str, chunk: Chunk, names: int) -> bool:
        """Tell whether this chunk ends all names of a graph at once, and so a broken session's trace, which ends once."""
        if session in self.closed or len(chunk.ends) < names:
            return False
        self.closed.add(session)
        return True

    def fail(self, error: BaseException) -> None:
        """Remember the first error and let the flow run dry, so that it surfaces as itself and without Rust's noise.

        With recovery it is raised: a flow that runs dry would take a snapshot of what is broken.
        """
        self.failure = self.failure or error
        if self.recovery:
            self.quiet.hush()
            raise error

    @property
    def over(self) -> bool:
        """Tell whether to stop as soon as possible."""
        return self.stopped or self.failure is not None


class Running(Protocol):
    """Be a compiled graph: its plan, and the run that is under way."""

    plan: Plan
    current: Run


@dataclass(frozen=True)
class Sources(FixedPartitionedSource):
    """Play sessions, each whole in one partition: all its streams, in order.

    A partition plays one session after the other, and there are a few of them: however many sessions there are, few are
    under way at a time, and what they hold is bounded. Which sessions are in a partition does not depend on how many
    processes there are, so that a run may go on with other ones; a process reads those that it will work on.
    """

    compiled: Running

    def list_parts(self) -> list[str]:
        run = self.compiled.current
        if any(map(_is_live, run.feeds.values())):
            return list(run.feeds)
        slots = sorted({slot_of(name) for name in run.feeds})
        process, processes, workers = run.place
        if SLOTS % (processes * workers):  # Bytewax and the slots divide sessions differently
            return [f"{slot:04}" for slot in slots]
        return [f"{slot:04}" for slot in slots if slot % (processes * workers) // workers == process]

    def build_part(self, step_id: str, for_part: str, resume_state: tuple[int, int] | None) -> StatefulSourcePartition:
        run, graph = self.compiled.current, self.compiled.plan.graph
        if for_part in run.feeds and _is_live(run.feeds[for_part]):
            return _LivePartition(run, run.feeds[for_part])
        feeds = [feed for name, feed in run.feeds.items() if slot_of(name) == int(for_part)]
        lengths = (node.length for node in graph.nodes.values() if node.kind == "align")
        step = max(gcd(*lengths) or SECOND, TICK)
        return _Partition(run, feeds, graph, step, *(resume_state or (0, 0)))


def slot_of(session: str) -> int:
    """Return the partition that a session is in."""
    return placed(session, SLOTS)


def _is_live(feed: Feed) -> bool:
    return hasattr(feed, "poll")


@dataclass
class _LivePartition(StatefulSourcePartition):
    """Take live sessions from their reader's queues. They have been stamped, ordered and logged there."""

    run: Run
    feed: Any  # `poll(most, seed)` returns [(session, chunk)], and None once all has ended

    def next_batch(self) -> Iterable[tuple[str, Chunk]]:
        try:
            chunks = None if self.run.over else self.feed.poll(self.run.batch, self.run.seed)
        except BaseException as error:
            self.run.fail(error)
            chunks = None
        if chunks is None:
            raise StopIteration
        return chunks

    def snapshot(self) -> None:
        return None


@dataclass
class _Partition(StatefulSourcePartition):
    """Play sessions one after the other: events in order, and how far they reach, at least at the ends of windows."""

    run: Run
    feeds: list[Feed]
    graph: Graph
    step: int  # where windows end
    index: int = 0  # of the session that is played
    taken: int = 0  # events of it that were handed over; 0: it has not begun
    events: Iterator[Event[Any]] | None = None
    waiting: list[Event[Any]] = field(default_factory=list)  # taken from the feed, and not due yet
    reached: int = 0

    @property
    def sources(self) -> list[str]:
        """Return the names of the sources, in the order of their rank."""
        return self.graph.sources()

    def next_batch(self) -> Iterable[tuple[str, Chunk]]:
        if self.index == len(self.feeds) or self.run.over:
            raise StopIteration
        feed = self.feeds[self.index]
        try:
            chunk = self._next(feed)
        except BaseException as error:
            noted(error, f"in the feed of session {feed.name!r}, after {self.reached} ns")
            self.run.fail(error)
            return []
        if self.run.progress and chunk.events:
            self.run.progress(feed.name, self.reached)
        return [(feed.name, chunk)]

    def next_awake(self) -> Any:
        """Say when to go on: at the next event, and where a window ends before that."""
        if not self.waiting or self.run.over:
            return None
        try:
            clock = self.run.clock
            return clock.awake(min(self.waiting[0].time, (self.reached // self.step + 1) * self.step, clock.now() + LOOK))
        except BaseException as error:
            self.run.fail(error)
            return None

    def _next(self, feed: Feed) -> Chunk:
        start = None if self.taken else started(feed, self.graph, self.run.seed)
        if self.events is None:
            self.events = islice(feed.events(self.sources), self.taken, None)
        if not self.waiting:
            self.waiting = list(islice(self.events, self.run.batch))
        ends = feed.ends(self.sources)
        if not self.waiting:
            self.index, self.taken, self.events, self.reached = self.index + 1, 0, None, 0
            return Chunk({}, [], {}, ends, start)
        due = self._due()
        self.taken += len(due)
        ticks = {source: min(self.reached, ends.get(source, self.reached)) for source in self.sources}
        return Chunk(by_stream(due), [], ticks, {}, start)

    def _due(self) -> list[Event[Any]]:
        """Take what the clock allows, and note how far that reaches."""
        awake, waiting = self.run.clock.awake, self.waiting
        n = len(waiting)
        if awake(waiting[-1].time):
            n = next((n for n, event in enumerate(waiting) if awake(event.time)), n)
        due, self.waiting = waiting[:n], waiting[n:]
        if due:
            self.reached = due[-1].time
        if self.waiting:
            self.reached = max(self.reached, min(self.waiting[0].time, self.run.clock.now()) // self.step * self.step)
        return due

    def snapshot(self) -> tuple[int, int]:
        return self.index, self.taken


@dataclass(frozen=True)
class Traces(DynamicSink):
    """Hand what came of the sessions to whoever started the run."""

    compiled: Running

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _TraceSink:
        return _TraceSink(self.compiled.current)


@dataclass
class _TraceSink(StatelessSinkPartition):
    run: Run

    def write_batch(self, items: list[tuple[str, Any]]) -> None:
        self.run.results.update(items)
