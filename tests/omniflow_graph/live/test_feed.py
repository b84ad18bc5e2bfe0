"""What comes in by sockets is logged, then runs; and the recording of it replays to the trace that it had live."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pytest
import zmq

from omniflow_graph import Event, Graph, seconds
from omniflow_graph.engine.flow import compile_flow, run_bytewax
from omniflow_graph.engine.replay import replay
from omniflow_graph.events import End, Stamps, Tick
from omniflow_graph.live import feed as feeds
from omniflow_graph.live.feed import LiveFeed, encode
from omniflow_graph.media.payloads import Jpeg, Pcm16
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo, open_recording
from omniflow_graph.trace.trace import Trace
from tests.omniflow_graph.engine.troubled import Trouble

MS = 1_000_000


@contextmanager
def sockets(n: int = 1) -> Iterator[tuple[list[Any], list[Any]]]:
    """Open n pairs of sockets: those that receive, and those that send to them."""
    context = zmq.Context()
    try:
        receivers = [context.socket(zmq.PULL) for _ in range(n)]
        ports = [each.bind_to_random_port("tcp://127.0.0.1") for each in receivers]
        senders = [context.socket(zmq.PUSH) for _ in range(n)]
        for sender, port in zip(senders, ports):
            sender.connect(f"tcp://127.0.0.1:{port}")
        yield receivers, senders
    finally:
        context.destroy(linger=0)


@dataclass
class ByHand:
    """Be a wall clock that stands still until it is moved."""

    reading: int = 0

    def now(self) -> int:
        return self.reading


def echo() -> Graph:
    g = Graph("echo")
    mic, eye = g.source("mic"), g.source("eye")
    g.sink("out", g.align("window", g.map("loud", mic, lambda event: event.data * 2), eye, length=40 * MS))
    return g


ECHO = echo()


@dataclass
class Live:
    """Send messages through a real socket to a graph that runs, and remember how it went."""

    graph: Graph
    log: Callable[[Event], object]
    allowance: int = 0
    clock: ByHand = field(default_factory=ByHand)
    trace: Trace | None = None

    def run(self, *messages: list[bytes]) -> None:
        with sockets() as (receivers, (sender,)):
            self.feed = LiveFeed("ann", self.graph, receivers, allowance=self.allowance, log=self.log, clock=self.clock)
            for parts in messages:
                sender.send_multipart(parts)
            with self.feed:
                self.trace = run_bytewax(self.graph, [self.feed])["ann"]

    @property
    def left(self) -> bool:
        """Tell whether the reader has ended."""
        return not any(thread.name == "reader ann" for thread in threading.enumerate())


def test_records_run_as_they_were_sequenced_and_logged():
    """The clock moves 50 ms with each record, so with an allowance of 30 ms all is known."""
    logged: list[Event] = []

    def log(event: Event) -> None:
        logged.append(event)
        live.clock.reading += 50 * MS
        if len(logged) == 3:
            live.feed.stop()

    live = Live(ECHO, log, 30 * MS, ByHand(1_000 * MS))
    live.run(encode("mic", 7, 995 * MS, b"a"), encode("eye", 0, 1_010 * MS, b"b"), encode("mic", 8, 1_012 * MS, b"c"))
    assert logged == [
        Event(0, "mic", 0, b"a", stamps=Stamps(captured=0, arrived=5 * MS, sender_seq=7)),
        Event(20 * MS, "eye", 0, b"b", stamps=Stamps(captured=15 * MS, arrived=55 * MS, late=True, sender_seq=0)),
        Event(60 * MS, "mic", 1, b"c", stamps=Stamps(captured=17 * MS, arrived=105 * MS, late=True, sender_seq=8)),
    ]
    trace = live.trace
    assert (trace["mic"], trace["eye"]) == ([logged[0], logged[2]], [logged[1]])
    windows = [(w.start // MS, w.ready // MS, [e.data for e in w.events]) for w in (event.data for event in trace["window"])]
    assert windows == [(0, 70, [b"aa", b"b"]), (40, 110, [b"cc"]), (80, 150, []), (120, 190, [])]
    assert (trace.ends, live.feed.end_time, trace.complete) == ({"mic": 125 * MS, "eye": 125 * MS}, 125 * MS, True)
    assert (live.feed.refused, live.left) == ({}, True)


def test_an_event_is_in_the_log_before_it_is_in_the_graph():
    logged, found = [], []

    def log(event: Event) -> None:
        logged.append(event)
        if event.seq == 99:
            live.feed.stop()

    g = Graph("look")
    g.sink("out", g.map("look", g.source("mic"), lambda event: found.append(event in logged)))
    live = Live(g, log)
    live.run(*(encode("mic", seq, 5, b"a") for seq in range(100)))
    assert found == [True] * 100


def test_what_cannot_be_read_is_counted_by_reason_and_disturbs_nobody(monkeypatch):
    monkeypatch.setattr(feeds, "REASONS", 2)
    good = encode("mic", 0, 5, b"a")
    live = Live(ECHO, lambda event: live.feed.stop())
    live.run([b"mic"], [b"mic", b"\xc1", b""], [b"mic"], [b"nose", good[1], b"a"], [b"mouth", good[1], b""], good)
    assert [event.data for event in live.trace["mic"]] == [b"a"]
    assert [(reason.partition(":")[2][:22], count) for reason, count in live.feed.refused.items()] == [
        (" wants 3 parts, got 1", 2),
        (" topic or header canno", 1),
        ("", 2),  # a nose and a mouth: other
    ]


def test_a_session_in_which_nothing_came_has_no_length():
    with sockets() as (receivers, _), LiveFeed("ann", ECHO, receivers, allowance=30 * MS, log=print) as feed:
        feed.stop()
        trace = run_bytewax(ECHO, [feed])["ann"]
    assert (trace.ends, trace.complete, set(map(len, trace.edges.values()))) == ({"mic": 0, "eye": 0}, True, {0})


def test_leaving_waits_for_the_reader():
    with sockets() as (receivers, _):
        with LiveFeed("ann", ECHO, receivers, allowance=0, log=print) as feed:
            assert feed.end_time is None
        assert feed.end_time == 0


def test_polling_gives_no_more_than_asked_for_in_order():
    clock = ByHand(1_000 * MS)
    with sockets() as (receivers, (sender,)):
        feed = LiveFeed("ann", ECHO, receivers, allowance=30 * MS, log=lambda event: setattr(clock, "reading", 1_090 * MS), clock=clock)
        sender.send_multipart(encode("eye", 0, 1_000 * MS, b"b"))
        with feed:
            polled = [feed.poll(2)]
            while sum(map(len, polled)) < 3:
                polled.append(feed.poll(2))
        polled += [feed.poll(2), feed.poll(2)]
    assert max(map(len, polled)) == 2
    assert list(chain(*polled)) == [
        Event(0, "eye", 0, b"b", stamps=Stamps(captured=0, arrived=0, sender_seq=0)),
        *(Tick(60 * MS, "mic"), Tick(60 * MS, "eye"), End(60 * MS, "mic"), End(60 * MS, "eye")),
    ]


# Trouble


def test_an_error_of_the_log_ends_the_session_and_is_raised_when_it_is_left():
    """Nothing that could not be logged is in the graph."""
    logged: list[Event] = []

    def log(event: Event) -> None:
        if event.seq == 2:
            raise Trouble("the disk is full")
        logged.append(event)

    live = Live(ECHO, log)
    with pytest.raises(Trouble, match="the disk is full") as caught:
        live.run(*(encode("mic", seq, 5, b"a") for seq in range(5)))
    assert caught.value.__notes__ == ["in the reader of live session 'ann'"]
    assert (live.trace["mic"], [event.seq for event in logged], live.left) == (logged, [0, 1], True)


def test_an_operators_error_ends_a_live_session_and_is_not_hidden():
    def refuse(event: Event) -> None:
        raise Trouble("no")

    g = Graph("talk")
    g.sink("out", g.map("bad", g.source("mic"), refuse))
    live = Live(g, lambda event: None)
    with pytest.raises(Trouble, match="no") as caught:
        live.run(encode("mic", 0, 5, b"a"))
    assert caught.value.__notes__ == ["in map 'bad', session 'ann', at 0 ns (0.000 s)"]
    assert live.left


def test_leaving_waits_for_no_graph_that_has_gone(monkeypatch):
    monkeypatch.setattr(feeds, "WAITING", 4)
    many = threading.Event()

    def enter_and_leave() -> None:
        with sockets() as (receivers, (sender,)):
            feed = LiveFeed("ann", ECHO, receivers, allowance=0, log=lambda event: event.seq == 4 and many.set(), clock=ByHand())
            for seq in range(9):
                sender.send_multipart(encode("mic", seq, 5, b"a"))
            with feed:
                many.wait()  # four wait, and the reader holds the fifth

    visitor = threading.Thread(target=enter_and_leave, daemon=True)
    visitor.start()
    visitor.join(timeout=30)
    assert not visitor.is_alive()


# Live, and again


def duplex() -> Graph:
    """Two sensors, windows of 0.1 s, a slow model that hears itself."""
    g = Graph("duplex")
    mic, eye = g.source("mic", Pcm16), g.source("eye", Jpeg)
    level = g.scan("level", mic, lambda n, event: ((n + event.data[0]) % 1000, [(event.time, n)]), state=0)
    seen = g.map("seen", eye, lambda event: sum(event.data) % 97)
    window = g.align("window", level, seen, length=seconds(0.1))
    model = g.stage("model", window, reply, state=0, cost=[seconds(0.05), seconds(0.31)], overrun="merge")
    g.feedback("heard", model, window, delay=10 * MS)
    g.sink("out", model, level)
    return g


def reply(state: int, event: Event) -> tuple[int, list]:
    for each in event.data.events:
        state = (31 * state + each.data + each.time // MS) % 10_007
    return state, [state, len(event.data.events)]


DUPLEX = compile_flow(duplex())
LENGTH_S, RATES = 3.0, {"mic": 50, "eye": 5}


def sense(stream: str, sender: Any, payload: Callable[[int], bytes]) -> None:
    """Be a sensor: send at a steady rate. Every seventh record was captured 0.15 s before, so it is late."""
    began = time.monotonic()
    for k in range(int(LENGTH_S * RATES[stream])):
        time.sleep(max(0.0, began + k / RATES[stream] - time.monotonic()))
        sender.send_multipart(encode(stream, k, time.monotonic_ns() - (seconds(0.15) if k % 7 == 6 else 0), payload(k)))


def test_a_live_session_replays_from_its_recording_to_the_same_trace(tmp_path):
    manifest = Manifest("live", streams={"mic": StreamInfo("audio", rate_hz=16_000), "eye": StreamInfo("image")}, allowance=40 * MS)
    logged: Counter[str] = Counter()
    records = {stream: int(LENGTH_S * rate) for stream, rate in RATES.items()}
    with sockets(2) as (receivers, senders), RecordingWriter(tmp_path / "live.mcap", manifest) as writer:

        def log(event: Event) -> None:
            writer.add(event)
            logged[event.stream] += 1
            if logged == records:
                feed.stop()

        sensors = [
            threading.Thread(target=sense, args=("mic", senders[0], lambda k: bytes([k]) * 640), daemon=True),
            threading.Thread(target=sense, args=("eye", senders[1], lambda k: bytes(range(k)) * 500), daemon=True),
        ]
        with LiveFeed("live", DUPLEX.plan.graph, receivers, allowance=40 * MS, log=log) as feed:
            for sensor in sensors:
                sensor.start()
            live = DUPLEX.run([feed])["live"]
        for sensor in sensors:
            sensor.join()
        writer.close(end=feed.end_time)

    recording = open_recording(tmp_path / "live.mcap")
    assert (recording.damage, recording.manifest.end, {s: i.events for s, i in recording.manifest.streams.items()}) == (None, live.end, records)
    again = DUPLEX.run([recording.session()])["live"]
    assert again == replay(DUPLEX.plan.graph, tmp_path / "live.mcap", engine="direct") == live
    assert again.digest == live.digest
    late = [event for stream in RATES for event in live[stream] if event.stamps.late]
    assert len(late) >= records["mic"] // 7
    assert len(live["model"]) > 10
    assert feed.refused == {}
