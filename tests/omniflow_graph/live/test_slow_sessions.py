"""A stage that takes long in one session keeps nothing of another from coming in, and leaves that one's trace as it would be alone."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest
import zmq

from omniflow_graph import Event, Graph, Session
from omniflow_graph.engine.flow import run_bytewax
from omniflow_graph.engine.replay import replay
from omniflow_graph.events import Stamps
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.endpoints import feeds_of
from omniflow_graph.live.feed import Door, LiveFeed
from omniflow_graph.live.live_session import Rules
from omniflow_graph.trace.trace import Trace
from tests.omniflow_graph.engine.troubled import Trouble
from tests.omniflow_graph.live.listed import MS, ByHand, ListLog

FEED = "mic=omniflow/1?kind=audio@pull+bind+tcp://127.0.0.1:*"
CLOCK, ZERO, STEP, FRAMES = "boot:1", 20_000 * MS, 20 * MS, 20
PATIENCE = 60  # seconds until a wait that should have ended is given up


@dataclass
class Room:
    """Hold two sessions: the stage of `slow` works until all of `quiet` has been let in, while the clock goes on by 20 ms a frame."""

    clock: ByHand = field(default_factory=lambda: ByHand(ZERO))
    logs: dict[str, ListLog] = field(default_factory=dict)
    logged: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    works: threading.Event = field(default_factory=threading.Event)
    sent: threading.Event = field(default_factory=threading.Event)

    def log(self, session: str) -> ListLog:
        room = self

        class Told(ListLog):
            def add(self, event: Event[Any]) -> None:
                super().add(event)
                if event.stream == "mic":  # not telemetry: that somebody connected
                    room.logged.release()

        return self.logs.setdefault(session, Told())

    def graph(self) -> Graph:
        g = Graph("slow")
        g.sink("out", g.stage("model", g.align("window", g.source("mic"), length=100 * MS), self.work))
        return g

    def work(self, state: None, event: Event[Any]) -> Any:
        """Count the frames of a window; where one is of the slow session, work for as long as the quiet one is sent."""
        frames = [each.data for each in event.data.events]
        if b"slow" in frames:
            self.works.set()
            if not self.sent.wait(PATIENCE):
                raise Trouble("nothing came in while the stage worked")
        return state, [len(frames)]

    def talk(self, address: str, feed: LiveFeed) -> None:
        """Send a frame to each session, let a window pass, and with the slow one's stage at work the others of the quiet one."""
        with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
            sender.connect(address)
            self.send(sender, "slow", 0, b"slow")
            self.send(sender, "quiet", 0, b"hush")
            self.clock.reading += 100 * MS
            if self.works.wait(PATIENCE):
                for n in range(1, FRAMES + 1):
                    self.send(sender, "quiet", n, b"hush")
                    self.clock.reading += STEP
            self.sent.set()
            feed.stop()

    def send(self, sender: Any, session: str, seq: int, payload: bytes) -> None:
        """Send a frame that is captured now, and wait until it is logged. The clock stands still meanwhile."""
        sender.send_multipart(encode("mic", seq, self.clock.reading, payload, clk=CLOCK, session=session))
        if not self.logged.acquire(timeout=PATIENCE):
            raise Trouble(f"frame {seq} of {session} did not come in")

    def run(self) -> dict[str, Trace]:
        graph = self.graph()
        feed = LiveFeed(graph, feeds_of([FEED]), Door(self.log), Rules(0), clock=self.clock, own_clock=CLOCK)  # type: ignore[arg-type]
        sensor = threading.Thread(target=self.talk, args=(feed.addresses[0], feed))

        def finish(trace: Trace) -> Trace:
            feed.finished(trace.session)
            return trace

        with feed:
            sensor.start()
            traces = run_bytewax(graph, [feed], finish=finish)  # type: ignore[list-item]
        sensor.join()
        return traces


@pytest.fixture(scope="module")
def served() -> tuple[Room, dict[str, Trace]]:
    room = Room()
    return room, room.run()


TIMES = [0, *(100 * MS + n * STEP for n in range(FRAMES))]
QUIET = [Event(at, "mic", n, b"hush", stamps=Stamps(at, at, None, False, n)) for n, at in enumerate(TIMES)]


def test_all_comes_in_at_its_moment_while_another_sessions_stage_works(served):
    room, _ = served
    assert room.logs["quiet"].sensed == QUIET
    assert room.logs["slow"].costs[0] == ("model", 0, FRAMES * STEP)


def test_the_other_session_is_as_it_would_be_alone(served):
    room, traces = served
    assert {ns for _, _, ns in room.logs["quiet"].costs} == {0}
    alone = Session("quiet", {"mic": QUIET}, end=traces["quiet"].end, allowance=0)
    assert traces["quiet"].digests == replay(room.graph(), alone, engine="direct").digests
    whole = [event.data for event in traces["quiet"]["model"]][:5]  # whether an empty window follows depends on when the feed is stopped
    assert whole == [1, 5, 5, 5, 5]
