"""A session whose sensors were cut off waits for them as long as it was told to: who comes back goes on in it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import zmq

from omniflow_graph import Event, Graph
from omniflow_graph.engine.flow import run_bytewax
from omniflow_graph.events import SECOND
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.endpoints import feeds_of
from omniflow_graph.live.feed import Door, LiveFeed
from omniflow_graph.live.live_session import Rules
from omniflow_graph.trace.trace import Trace
from tests.omniflow_graph.live.listed import MS, ByHand, ListLog

FEED = "mic=omniflow/1?kind=audio@pull+bind+tcp://127.0.0.1:*"
CLOCK, PATIENCE = "boot:1", 60


class Told(ListLog):
    """Be a log that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Condition()

    def add(self, event: Event[Any]) -> None:
        with self.came:
            super().add(event)
            self.came.notify_all()

    def wait_for(self, what: str) -> None:
        """Wait until telemetry tells of this."""
        with self.came:
            assert self.came.wait_for(lambda: what in self.told, PATIENCE), f"{what} is not in {self.told}"

    def wait_for_frames(self, n: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.sensed) == n, PATIENCE), f"{self.sensed}"

    @property
    def told(self) -> list[str]:
        return [event.data["what"] for event in self.events if event.stream == "telemetry"]


@dataclass
class Robot:
    """Be a robot whose connection is cut after its first frame; the clock stands still but for what is said."""

    clock: ByHand = field(default_factory=lambda: ByHand(20 * SECOND))
    log: Told = field(default_factory=Told)

    def speaks(self, address: str, generation: int) -> None:
        """Connect, send a frame and see it taken; then be gone."""
        with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
            sender.connect(address)
            sender.send_multipart(encode("mic", 0, self.clock.reading, b"aa", clk=CLOCK, gen=generation))
            self.log.wait_for_frames(generation)
        self.log.wait_for("disconnected")

    def run(self, grace: int, then: Any) -> dict[str, Trace]:
        g = Graph("ears")
        g.sink("out", g.map("loud", g.source("mic"), lambda event: event.data * 2))
        rules = Rules(0, idle=SECOND, grace=grace)
        self.feed = LiveFeed(g, feeds_of([FEED]), Door(lambda name: self.log, session="ann"), rules, clock=self.clock, own_clock=CLOCK)  # type: ignore[arg-type]
        life = threading.Thread(target=self.lives, args=(then,))

        def finish(trace: Trace) -> Trace:
            self.feed.finished(trace.session)
            self.feed.stop()
            return trace

        with self.feed:
            life.start()
            found = run_bytewax(g, [self.feed], finish=finish)  # type: ignore[list-item]
        life.join()
        return found

    def lives(self, then: Any) -> None:
        self.speaks(self.feed.addresses[0], 1)
        then(self)


def returns(robot: Robot) -> None:
    """Come back after 5 s, and see the session ended."""
    robot.clock.reading += 5 * SECOND
    robot.log.wait_for("grace")
    robot.speaks(robot.feed.addresses[0], 2)
    robot.feed.stop()


def stays_away(robot: Robot) -> None:
    """Do not come back."""
    robot.clock.reading += 10 * SECOND


def test_who_comes_back_in_time_goes_on_in_the_session():
    robot = Robot()
    trace = robot.run(10 * SECOND, returns)["ann"]
    assert [(event.time // MS, event.stamps.sender_seq) for event in trace["mic"]] == [(0, 0), (5_000, 0)]
    assert [what for what in robot.log.told if what in ("restarted", "grace")] == ["grace", "restarted"]
    assert robot.feed.refused == {}


def test_once_the_time_is_over_the_session_ends_by_itself():
    robot = Robot()
    trace = robot.run(10 * SECOND, stays_away)["ann"]
    assert (trace.end // MS, "grace" in robot.log.told) == (10_000, False)
