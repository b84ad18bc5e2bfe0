"""What comes in by sockets is logged, then runs; and the recording of it replays to the trace that it had live."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import zmq

from omniflow_graph import Event, Graph, seconds
from omniflow_graph.engine.flow import compile_flow, run_bytewax
from omniflow_graph.engine.replay import replay
from omniflow_graph.events import Stamps
from omniflow_graph.live import feed as feeds
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.codecs.record import CodecError
from omniflow_graph.live.endpoints import FeedSpec, feeds_of
from omniflow_graph.live.feed import Door, LiveFeed
from omniflow_graph.live.live_session import Rules
from omniflow_graph.live.log import LiveLog, kept
from omniflow_graph.media.payloads import Jpeg, Pcm16
from omniflow_graph.recording import Manifest, StreamInfo, open_recording
from omniflow_graph.trace.trace import Trace
from tests.omniflow_graph.engine.troubled import Trouble
from tests.omniflow_graph.live.listed import MS, ByHand, ListLog

CLOCK = "boot:1"
PULL = "mic,eye=omniflow/1?kind=audio@pull+bind+tcp://127.0.0.1:*"


def record(stream: str, seq: int, captured: int, payload: bytes = b"aa", **header: Any) -> list[bytes]:
    return encode(stream, seq, captured, payload, clk=CLOCK, **header)


def echo() -> Graph:
    g = Graph("echo")
    mic, eye = g.source("mic"), g.source("eye")
    g.sink("out", g.align("window", g.map("loud", mic, lambda event: event.data * 2), eye, length=40 * MS))
    return g


ECHO = echo()


@dataclass
class Live:
    """Send messages through a real socket to a graph that runs, and remember how it went. `logged` is called with each log."""

    graph: Graph
    logged: Callable[[ListLog, Event], object] = lambda log, event: None
    allowance: int = 0
    clock: ByHand = field(default_factory=ByHand)
    logs: dict[str, ListLog] = field(default_factory=dict)
    told: list[Any] = field(default_factory=list)
    specs: list[FeedSpec] = field(default_factory=lambda: feeds_of([PULL]))

    def run(self, *messages: list[bytes]) -> dict[str, Trace]:
        door = Door(self.log, session="ann")
        self.feed = LiveFeed(
            self.graph, self.specs, door, Rules(self.allowance), clock=self.clock, own_clock=CLOCK,
            tell=lambda session, what: self.told.append((session, what)),
        )  # fmt: skip
        context = zmq.Context()
        try:
            sender = context.socket(zmq.PUSH)
            sender.connect(self.feed.addresses[0])
            for parts in messages:
                sender.send_multipart(parts)
            with self.feed:
                return run_bytewax(self.graph, [self.feed], finish=self.finished)  # type: ignore[list-item]
        finally:
            context.destroy(linger=0)

    def finished(self, trace: Trace) -> Trace:
        self.feed.finished(trace.session)
        return trace

    def log(self, session: str) -> ListLog:
        live = self

        class Told(ListLog):
            def add(self, event: Event) -> None:
                super().add(event)
                live.logged(self, event)

        return self.logs.setdefault(session, Told())

    @property
    def left(self) -> bool:
        """Tell whether the reader has ended."""
        return not any(thread.name == "reader of live sessions" for thread in threading.enumerate())


def stop_after(events: int, live: Callable[[], Live]) -> Callable[[ListLog, Event], None]:
    """Stop the feed when all logs together hold so many events."""

    def logged(log: ListLog, event: Event) -> None:
        if sum(len(each.sensed) for each in live().logs.values()) == events:
            live().feed.stop()

    return logged


def test_records_run_as_they_were_sequenced_and_logged():
    """The clock stands still, and moves 500 ms with the third record."""

    def logged(log: ListLog, event: Event) -> None:
        if event[1:3] == ("mic", 1):
            live.clock.reading += 500 * MS
            live.feed.stop()

    live = Live(ECHO, logged, 120 * MS, ByHand(20_000 * MS))
    zero = 19_900 * MS
    trace = live.run(record("mic", 7, zero, b"aa"), record("eye", 0, zero + 15 * MS, b"bb"), record("mic", 8, zero + 10 * MS, b"cc"))["ann"]
    mic = [
        Event(0, "mic", 0, b"aa", stamps=Stamps(captured=0, arrived=100 * MS, sender_seq=7)),
        Event(10 * MS, "mic", 1, b"cc", stamps=Stamps(captured=10 * MS, arrived=100 * MS, sender_seq=8)),
    ]
    eye = Event(15 * MS, "eye", 0, b"bb", stamps=Stamps(captured=15 * MS, arrived=100 * MS, sender_seq=0))
    log = live.logs["ann"]
    assert log.sensed == [mic[0], eye, mic[1]]
    assert (trace["mic"], trace["eye"]) == (mic, [eye])
    windows = [(w.start // MS, w.ready // MS, [e.data for e in w.events]) for w in (event.data for event in trace["window"])]
    assert windows[:12] == [(0, 160, [b"aaaa", b"cccc", b"bb"]), *((k * 40, k * 40 + 160, []) for k in range(1, 12))]
    assert log.closed is not None
    assert (log.closed[0], log.reached, live.feed.refused, live.left) == (trace.end, 480 * MS, {}, True)


def test_an_event_is_in_the_log_before_it_is_in_the_graph():
    found = []
    g = Graph("look")
    g.source("eye")
    g.sink("out", g.map("look", g.source("mic"), lambda event: found.append(event in live.logs["ann"].events)), "eye")
    live = Live(g, stop_after(100, lambda: live))
    live.run(*(record("mic", seq, 0) for seq in range(100)))
    assert found == [True] * 100


def test_what_cannot_be_read_is_counted_by_reason_and_disturbs_nobody(monkeypatch):
    monkeypatch.setattr(feeds, "REASONS", 3)
    good = record("mic", 0, 0)
    live = Live(ECHO, stop_after(1, lambda: live))
    trace = live.run([b"mic"], [b"mic", b"\xc1", b""], [b"mic"], [b"nose", good[1], b"aa"], [b""] * 9, [b""], good)["ann"]
    assert [event.data for event in trace["mic"]] == [b"aa"]
    assert [(reason.rpartition(": ")[2][:26], count) for reason, count in live.feed.refused.items()] == [
        ("wants 3 parts, got 1", 3),
        ("FormatError", 1),
        ("a message with nothing for", 1),
        ("other", 1),
    ]


def test_a_codec_of_somebodys_that_breaks_ends_nothing():
    def broken(parts: list[bytes]) -> list[Any]:
        if parts[2] == b"zz":
            raise ZeroDivisionError("of mine")
        return own.read(parts)

    (spec, _) = feeds_of([PULL])
    own = spec.codec
    live = Live(ECHO, stop_after(1, lambda: live), specs=[replace(spec, codec=own._replace(read=broken))])
    trace = live.run(record("mic", 0, 0, b"zz"), record("mic", 1, 0))["ann"]
    assert [event.data for event in trace["mic"]] == [b"aa"]
    assert live.feed.refused == {"stream 'mic': its codec raised ZeroDivisionError, which is its mistake: of mine": 1}


def test_a_session_that_cannot_be_logged_is_refused_and_the_others_go_on():
    def log(name: str) -> ListLog:
        if name == "bad":
            raise PermissionError(13, "Permission denied", "talks/bad")
        return Live.log(live, name)

    live = Live(ECHO, stop_after(1, lambda: live))
    live.log = log  # type: ignore[method-assign]
    assert set(live.run(record("mic", 0, 0, session="bad"), record("mic", 0, 0))) == {"ann"}
    assert live.feed.refused == {"[Errno 13] Permission denied: 'talks/bad'": 1}


def test_a_session_in_which_nothing_came_does_not_begin():
    live = Live(ECHO)
    threading.Timer(0.1, lambda: live.feed.stop()).start()
    assert (live.run(), live.logs) == ({}, {})


def test_sessions_are_told_apart_by_what_their_records_say_and_one_cannot_disturb_another():
    def logged(log: ListLog, event: Event) -> None:
        if log is live.logs.get("bad") and event.stream == "mic" and event.seq == 1:
            raise Trouble("the disk is full")
        if sum(len(each.sensed) for each in live.logs.values()) == 8:
            live.feed.stop()

    live = Live(ECHO, logged, clock=ByHand(20_000 * MS))
    at = 19_999 * MS
    with pytest.raises(Trouble, match="the disk is full") as caught:
        live.run(*(record("mic", seq, at, bytes([seq] * 2), session=session) for seq in range(3) for session in ("bad", "bob", "eve")))
    assert caught.value.__notes__ == ["in the reader of live session 'bad'"]
    assert {name: [e.data[0] for e in log.sensed] for name, log in live.logs.items() if name != "bad"} == {"bob": [0, 1, 2], "eve": [0, 1, 2]}
    assert live.logs["bob"].closed is not None
    assert live.logs["bad"].closed is None
    assert list(live.feed.refused) == ["session 'bad': has ended"]


def test_no_more_sessions_begin_than_may():
    feed = LiveFeed(ECHO, feeds_of([PULL]), Door(lambda name: ListLog()), Rules(sessions=1), clock=ByHand())  # type: ignore[arg-type]
    with feed:
        assert feed.begin("ann", 0) is feed.begin("ann", 0)
        with pytest.raises(CodecError, match="a session more than 1"):
            feed.begin("bob", 0)


def test_a_sensor_that_was_replaced_is_told():
    live = Live(ECHO, stop_after(3, lambda: live))
    live.run(record("mic", 0, 0, gen=1), record("mic", 0, 0, gen=2), record("mic", 1, 0, gen=1), record("mic", 1, 0, gen=2))
    assert live.told == [("ann", {"what": "replaced", "stream": "mic", "generation": 1})]


def test_a_stage_that_takes_long_does_not_keep_the_reader_from_its_sockets():
    """The stage sleeps as one that waits for an accelerator; 300 ms of it may not show in when records arrive."""
    g = Graph("slow")
    g.source("eye")
    g.sink("out", g.stage("model", g.align("window", g.source("mic"), "eye", length=100 * MS), lambda state, event: (state, [time.sleep(0.3)])))
    log = ListLog()
    feed = LiveFeed(g, feeds_of([PULL]), Door(lambda name: log, session="ann"), Rules(20 * MS, idle=seconds(0.3)), own_clock=CLOCK)
    sender = zmq.Context().socket(zmq.PUSH)
    sender.connect(feed.addresses[0])

    def speak() -> None:
        for k in range(40):
            sender.send_multipart(record("mic", k, time.monotonic_ns()))
            time.sleep(0.02)

    speaker = threading.Thread(target=speak)
    speaker.start()

    def finish(trace: Trace) -> Trace:
        feed.finished(trace.session)
        feed.stop()
        return trace

    with feed:
        trace = run_bytewax(g, [feed], finish=finish)["ann"]  # type: ignore[list-item]
    speaker.join()
    sender.context.destroy(linger=0)
    waits = sorted(event.stamps.arrived - event.stamps.captured for event in log.events if event.stream == "mic")
    assert len(waits) == 40
    assert waits[len(waits) // 2] < 20 * MS  # half of them, since the machine has other things to do, too
    assert min(step.done - step.start for step in trace.stages["model"]) >= 300 * MS
    assert {(stage, ns >= 300 * MS) for stage, _, ns in log.costs} == {("model", True)}


def test_an_operators_error_ends_its_session_and_is_not_hidden():
    class Once(Live):
        def finished(self, trace: Trace) -> Trace:
            self.feed.stop()
            return super().finished(trace)

    def refuse(event: Event) -> None:
        raise Trouble("no")

    g = Graph("talk")
    g.source("eye")
    g.sink("out", g.map("bad", g.source("mic"), refuse), "eye")
    live = Once(g)
    assert live.run(record("mic", 0, 0))["ann"].complete is False
    error = live.feed.broken["ann"]
    assert (type(error), str(error), error.__notes__) == (Trouble, "no", ["in map 'bad', session 'ann', at 0 ns (0.000 s)"])
    assert [event.data["why"] for event in live.logs["ann"].events if event.stream == "telemetry" and event.data["what"] == "failed"] == ["no"]
    assert live.left
    assert live.logs["ann"].closed is not None


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
    time.sleep((0.01, 0.13)[event.data.k % 2])
    for each in event.data.events:
        state = (31 * state + each.data + each.time // MS) % 10_007
    return state, [state, len(event.data.events)]


DUPLEX = compile_flow(duplex())
LENGTH_S, RATES = 2.0, {"mic": 50, "eye": 5}


def sense(stream: str, sender: Any, payload: Callable[[int], bytes]) -> None:
    """Be a sensor: send at a steady rate. Every seventh record was captured 0.15 s before, so it is late; every tenth is lost."""
    began = time.monotonic()
    for k in range(int(LENGTH_S * RATES[stream])):
        time.sleep(max(0.0, began + k / RATES[stream] - time.monotonic()))
        if k % 10 != 9:
            sender.send_multipart(record(stream, k, time.monotonic_ns() - (seconds(0.15) if k % 7 == 6 else 0), payload(k)))


def test_a_live_session_replays_from_its_recording_to_the_same_trace(tmp_path):
    streams = {
        "mic": StreamInfo("audio", rate_hz=16_000),
        "eye": StreamInfo("audio"),
        "telemetry": StreamInfo("value"),
        "control": StreamInfo("value"),
    }
    manifest = Manifest("live", streams=streams, allowance=40 * MS)
    door = Door(lambda name: LiveLog(tmp_path, manifest), lambda name: kept(tmp_path, name))
    feed = LiveFeed(DUPLEX.plan.graph, feeds_of([PULL]), door, Rules(40 * MS, idle=seconds(0.3)), own_clock=CLOCK)
    context = zmq.Context()
    sessions = []

    def finish(trace: Trace) -> Trace:
        sessions.append(feed.finished(trace.session))
        feed.stop()
        return trace

    sensors = []
    for stream, payload in (("mic", lambda k: bytes([k]) * 640), ("eye", lambda k: bytes(range(k)) * 500)):
        sender = context.socket(zmq.PUSH)
        sender.connect(feed.addresses[0])
        sensors.append(threading.Thread(target=sense, args=(stream, sender, payload), daemon=True))
    with feed:
        for sensor in sensors:
            sensor.start()
        live = DUPLEX.run([feed], finish=finish)["live"]  # type: ignore[list-item]
    for sensor in sensors:
        sensor.join()
    context.destroy(linger=0)

    recording = open_recording(tmp_path / "live")
    sent = {stream: len([k for k in range(int(LENGTH_S * rate)) if k % 10 != 9]) for stream, rate in RATES.items()}
    assert (recording.damage, recording.manifest.end) == (None, live.end)
    assert {stream: recording.manifest.streams[stream].events for stream in RATES} == sent
    again = DUPLEX.run([recording.session()])["live"]
    assert again == replay(DUPLEX.plan.graph, tmp_path / "live", engine="direct") == live
    assert again.digest == live.digest
    assert recording.costs().keys() == {("model", step.taken[-1]) for step in live.stages["model"]}
    late = Counter(event.stream for stream in RATES for event in live[stream] if event.stamps.late)
    assert late["mic"] >= sent["mic"] // 8
    assert len(live["model"]) > 10
    gaps = sum(event.data["count"] for event in recording.events(["telemetry"]) if event.data["what"] == "gap")
    assert gaps == sessions[0].telemetry.counts["gap"] >= LENGTH_S * 5 - 1  # of the last one nobody can know
