"""Read sensor feeds: one thread receives, stamps, orders and logs; the graph takes from its queues and never makes it wait.

Every record is in the log before it is in the graph, so the log is the recording, and replaying it gives the same trace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from omniflow_graph.clock import WallClock
from omniflow_graph.engine.messages import Chunk
from omniflow_graph.errors import RecordingError, noted
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.live.codecs.record import CodecError, Record
from omniflow_graph.live.commands import COMMANDS
from omniflow_graph.live.endpoints import FeedSpec
from omniflow_graph.live.live_session import LiveSession, Rules
from omniflow_graph.live.log import Log, NoLog
from omniflow_graph.live.sequencer import Sequencer
from omniflow_graph.live.sockets import Receiver, context
from omniflow_graph.live.telemetry import STREAM
from omniflow_graph.live.watchdog import Watchdog
from omniflow_graph.recording import Recording
from omniflow_graph.session import MeasuredCosts

WAIT = 0.02  # seconds that the graph waits for something to come in: after each that was in vain Bytewax does not look for 1 ms
LONGEST_WAIT = 20  # ms that the reader waits
BURST = 64  # messages taken of one socket before the others are looked at
REASONS = 100  # kept apart; a hostile sender can think of any number


@dataclass(frozen=True)
class Door:
    """Say what becomes of a session that begins: where it is logged, what is known of it from before, what may come in."""

    log: Callable[[str], Log] = lambda session: NoLog()
    kept: Callable[[str], Recording | None] = lambda session: None
    check: Callable[[str, Any], Any] = lambda stream, data: data
    session: str = "live"  # of records that do not say


class LiveFeed:
    """Feed a graph from sockets. Use as a context manager; run it like a session: `compile_flow(g).run([feed])`.

    A session begins with its first record, and ends when nothing came for `rules.idle` (after a disconnect not before `rules.grace`),
    by `close`, or with `stop`. What cannot be read is counted in `refused`, by reason. If a log raises, its session ends; leaving the
    block raises the error. `tell` is handed what a sender or player is to know: (session, what).
    """

    name = "live"

    def __init__(
        self,
        graph: Graph,
        feeds: Sequence[FeedSpec],
        door: Door = Door(),
        rules: Rules = Rules(),  # noqa: B008
        *,
        clock: WallClock | None = None,
        curve: Any = None,
        own_clock: str = "",
        tell: Callable[[str, Mapping[str, Any]], object] = lambda session, what: None,
        control: Callable[[Any, LiveFeed, int], object] | None = None,
    ) -> None:
        lengths = (node.length for node in graph.nodes.values() if node.kind == "align")
        self.sources, self.step = graph.sources(), gcd(*lengths) or SECOND
        self.beside = [name for name in (*(feed.stream for feed in feeds), STREAM, COMMANDS) if name not in self.sources]
        self.door, self.rules, self.clock, self.own_clock, self.tell, self.control = door, rules, clock or WallClock(0), own_clock, tell, control
        self.sessions: dict[str, LiveSession] = {}
        self.ended: set[str] = set()  # and not to begin again
        self.refused: dict[str, int] = {}
        self.failures: dict[str, Exception] = {}
        self.broken: dict[str, Exception] = {}  # sessions that an operator's error ended
        self.gap = 0  # longest that the reader looked at its sockets later than it wanted to, in ns
        self._stop, self._news, self._over = threading.Event(), threading.Condition(), False
        self._context, self.curve = context(), curve
        self._controls: list[Any] = []
        self._feeds: list[tuple[Receiver, list[FeedSpec]]] = []
        try:
            for endpoint in dict.fromkeys(feed.endpoint for feed in feeds):
                its = [feed for feed in feeds if feed.endpoint == endpoint]
                self._feeds.append((Receiver(self._context, endpoint, max(feed.codec.parts for feed in its), curve), its))
        except BaseException:
            self._close()
            raise
        self._thread = threading.Thread(target=self._read, name="reader of live sessions", daemon=True)

    @property
    def addresses(self) -> list[str]:
        """Return the addresses of the endpoints, with ports that the system chose."""
        return [receiver.address for receiver, _ in self._feeds]

    def open_socket(self, open: Callable[[Any], Any]) -> Any:
        """Open a socket in the feed's context that `control` is called with when something came in on it."""
        self._controls.append(open(self._context))
        return self._controls[-1]

    def __enter__(self) -> LiveFeed:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stop()
        self._thread.join()
        for session in list(self.sessions.values()):
            self.finished(session.name)
        if self.failures and kind is None:
            raise next(iter(self.failures.values()))

    @property
    def stopping(self) -> bool:
        """Tell whether it was stopped."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End all sessions after what has been received."""
        self._stop.set()

    def finished(self, name: str) -> LiveSession:
        """Close the log of a session that the graph is done with, or left alone, and let go of it."""
        with self._news:
            session = self.sessions.pop(name)
        if name not in self.failures:
            try:
                session.log.close(session.end_time or 0, {"live": dict(session.telemetry.counts)})
            except Exception as error:
                self._failed(session, error)
        return session

    def broke(self, name: str, error: Exception) -> None:
        """Learn from the engine that an operator failed in a session: it ends, its recording says why, and the others go on."""
        with self._news:
            self.broken[name] = error
            self.ended.add(name)
            session = self.sessions.get(name)
            if session is not None:
                session.telemetry.note("failed", why=" ".join(str(error).split())[:200], error=type(error).__name__)
                if session.end_time is None:
                    self._guarded(session, session.end, self.clock.now())
                session.messages.clear()

    def poll(self, most: int, seed: int) -> list[tuple[str, Chunk]] | None:
        """Return what came in, (session, chunk), waiting at most 20 ms for it; None once all has ended."""
        with self._news:
            found = self._chunks(most, seed)
            if not found and not self._over:
                self._news.wait(WAIT)
                found = self._chunks(most, seed)
            return None if not found and self._over else found

    def _chunks(self, most: int, seed: int) -> list[tuple[str, Chunk]]:
        chunks = ((name, session.chunk(most, seed)) for name, session in self.sessions.items())
        return [(name, chunk) for name, chunk in chunks if chunk is not None]

    def begin(self, name: str, now: int) -> LiveSession:
        """Return the session of this name: one that is under way, or a new one. Raises CodecError if there cannot be one."""
        if name in self.sessions and name not in self.ended:
            return self.sessions[name]
        if name in self.ended:
            raise CodecError(f"session {name[:64]!r}: has ended")
        if len(self.sessions) >= self.rules.sessions:
            raise CodecError(f"a session more than {self.rules.sessions}")
        try:
            session = self._begun(name, now)
        except (RecordingError, OSError) as error:
            raise CodecError(str(error)) from None
        with self._news:
            self.sessions[name] = session
            self._news.notify()
        return session

    def _begun(self, name: str, now: int) -> LiveSession:
        kept, log = self.door.kept(name), self.door.log(name)
        recorded = kept.session() if kept else None
        costs = MeasuredCosts(self.clock.now, log.cost, (recorded and recorded.costs) or {})
        sequencer = Sequencer(self.sources, self.rules.allowance, self.step, self.beside)
        session = LiveSession(name, sequencer, log, costs, self.rules, self.own_clock, self.door.check, heard=now)
        session.watchdog = Watchdog(self.rules.stale, self.rules.dead)
        for feed in (feed for _, feeds in self._feeds for feed in feeds if feed.is_sensor):
            session.watchdog.watch(feed.stream, now)
        if recorded:
            ends = max(recorded.ends(self.sources).values(), default=0)
            session.resume(recorded.sources, -(-ends // self.step) * self.step, now, {"at_ms": ends // 1_000_000})
        return session

    def admitted(self, session: LiveSession, does: Callable[..., Any], *args: Any) -> Any:
        """Do something to a session that its log and its graph are to hear of. What the log raises ends the session, and only that."""
        with self._news:
            found = self._guarded(session, does, session, *args)
            self._news.notify()
        return found

    def end(self, name: str, now: int) -> None:
        """End a session; what is under way still comes out."""
        session = self.sessions[name]
        with self._news:
            self.ended.add(name)
            try:
                session.end(now)
            except Exception as error:
                self._failed(session, error)
            self._news.notify()

    def _failed(self, session: LiveSession, error: Exception) -> None:
        """Remember an error of a session's log, and end the session without it: the others go on."""
        noted(error, f"in the reader of live session {session.name!r}")
        self.failures.setdefault(session.name, error)
        self.ended.add(session.name)
        if session.end_time is None:
            session.log = NoLog()
            session.telemetry.waiting.clear()
            session.end(self.clock.now())

    def _read(self) -> None:
        try:
            self._receive()
        except Exception as error:  # in a thread nobody would see it: the one who leaves the block will
            noted(error, "in the reader of live sessions")
            self.failures[""] = error
        finally:
            now = self.clock.now()
            for name in list(self.sessions):
                self.end(name, now)
            with self._news:
                self._over = True
                self._news.notify()
            self._close()

    def _close(self) -> None:
        for receiver, _ in self._feeds:
            receiver.close()
        for each in self._controls:
            each.close(0)
        if self.curve is not None:
            self.curve.close(self._context)
        self._context.term()

    def _receive(self) -> None:
        import zmq

        poller = zmq.Poller()
        for receiver, _ in self._feeds:
            poller.register(receiver.socket, zmq.POLLIN)
        for each in self._controls:
            poller.register(each, zmq.POLLIN)
        last = self.clock.now()
        while True:
            stopping = self._stop.is_set()
            wait = 0 if stopping else self._wait()
            ready = dict(poller.poll(wait))
            now = self.clock.now()
            self.gap, last = max(self.gap, now - last - wait * 1_000_000), now
            came = [self._take(receiver, feeds) for receiver, feeds in self._feeds if receiver.socket in ready]
            for each in self._controls:
                if each in ready and self.control:
                    self.control(each, self, now)
            self._look(self.clock.now())
            if stopping and not any(came):
                return

    def _wait(self) -> int:
        """Return how long the sockets may be waited for, in ms: until a promise is due."""
        due = [at for session in list(self.sessions.values()) if (at := session.sequencer.due()) is not None and session.end_time is None]
        return max(0, min(LONGEST_WAIT, -((self.clock.now() - min(due)) // 1_000_000))) if due else LONGEST_WAIT

    def _look(self, now: int) -> None:
        for receiver, _ in self._feeds:
            for what in receiver.news(now):
                for session in self.sessions.values():
                    if session.end_time is None:
                        session.connection(what, str(receiver.endpoint), now)
        for name, session in list(self.sessions.items()):
            if session.end_time is not None:
                continue
            self.admitted(session, LiveSession.tick, now)
            if session.is_left(now):
                self.end(name, now)

    def _take(self, receiver: Receiver, feeds: Sequence[FeedSpec]) -> int:
        taken = 0
        while taken < BURST and (parts := receiver.receive()) is not None:
            taken += 1
            try:
                records = [record for feed in feeds for record in _read(feed, parts)]
                if not records:
                    raise CodecError(f"{receiver.endpoint}: a message with nothing for {', '.join(feed.stream for feed in feeds)}")
                for record in records:
                    self._admit(record, receiver)
            except CodecError as error:
                self._refuse(str(error))
        return taken

    def _admit(self, record: Record, receiver: Receiver) -> None:
        now = self.clock.now()
        session = self.begin(record.session or self.door.session, now)
        found = self.admitted(session, LiveSession.take, record, now, str(receiver.endpoint))
        if found == "replaced":
            self.tell(session.name, {"what": found, "stream": record.stream, "generation": record.generation})

    def _guarded(self, session: LiveSession, does: Callable[..., Any], *args: Any) -> Any:
        try:
            return does(*args)
        except Exception as error:  # of the log: nothing else can go wrong here, and the others are to go on
            self._failed(session, error)

    def _refuse(self, why: str) -> None:
        known = why[:200] if why[:200] in self.refused or len(self.refused) < REASONS else "other"
        self.refused[known] = self.refused.get(known, 0) + 1


def _read(feed: FeedSpec, parts: Sequence[bytes]) -> list[Record]:
    """Read a message as one stream's codec does; what somebody's own codec raises ends no session either."""
    try:
        return feed.codec.read(parts)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"stream {feed.stream!r}: its codec raised {type(error).__name__}, which is its mistake: {error}") from None
