"""Whatever a session's sensors do is either in its log and its graph, or counted and told; and the two never differ."""

from __future__ import annotations

from typing import Any

import pytest

from omniflow_graph import Event
from omniflow_graph.engine.messages import Chunk, Start
from omniflow_graph.events import SECOND, Stamps
from omniflow_graph.live.codecs.record import Record
from omniflow_graph.live.live_session import LiveSession, Rules
from omniflow_graph.live.sequencer import Sequencer
from omniflow_graph.live.watchdog import Watchdog
from omniflow_graph.session import MeasuredCosts
from tests.omniflow_graph.live.listed import MS, ListLog

ZERO = 1_000 * SECOND
OURS = "boot:1"


def session(*, sources: tuple[str, ...] = ("mic", "telemetry"), log: ListLog | None = None, **given: Any) -> LiveSession:
    """Make a session of a graph that reads these; `mic` is its one sensor, and its first record was captured at ZERO."""
    log = log or ListLog()
    rules = Rules(allowance=50 * MS, waiting=given.pop("waiting", 10_000))
    sequencer = Sequencer(sources, rules.allowance, 100 * MS, beside=("telemetry", "eye"))
    made = LiveSession("ann", sequencer, log, MeasuredCosts(int, log.cost), rules, OURS, **given)
    made.watchdog = Watchdog(SECOND, 5 * SECOND, {"mic": ZERO})
    return made


def take(made: LiveSession, captured: float | None, arrived: float, seq: int | None = None, **given: Any) -> str:
    """Let in a record, with times in ms of the session."""
    at = None if captured is None else ZERO + round(captured * MS)
    record = Record(given.pop("stream", "mic"), given.pop("data", b"x"), at, seq, **{"clock": OURS, **given})
    return made.take(record, ZERO + round(arrived * MS))


def told(made: LiveSession) -> list[tuple[int, dict[str, Any]]]:
    """List the telemetry that was logged: (ms, what)."""
    return [(event.time // MS, event.data) for event in made.log.events if event.stream == "telemetry"]  # type: ignore[attr-defined]


def tick(made: LiveSession, now: float) -> None:
    made.tick(ZERO + round(now * MS))


def test_what_is_in_the_graph_is_in_the_log():
    made = session()
    take(made, 0, 3, 0)
    take(made, 20, 21, 1)
    tick(made, 75)
    chunk = made.chunk(10, seed=7)
    assert chunk == Chunk({"mic": made.log.events}, [], {"mic": 20 * MS, "telemetry": 20 * MS}, {}, Start("ann", 50 * MS, made.costs, 7))
    assert [(event.time, event.stamps) for event in made.log.events] == [
        (0, Stamps(0, 3 * MS, None, False, 0)),
        (20 * MS, Stamps(20 * MS, 21 * MS, None, False, 1)),
    ]
    assert (made.log.reached, made.chunk(10, seed=7)) == (20 * MS, None)


def test_a_record_that_the_log_does_not_take_is_not_in_the_graph():
    made = session(log=ListLog(breaks_at=1))
    take(made, 0, 1)
    with pytest.raises(OSError, match="the disk is full"):
        take(made, 5, 6)
    assert len(made.chunk(10, 0).events["mic"]) == 1


def test_promises_that_nobody_took_are_one():
    made = session()
    take(made, 0, 1)
    for now in range(60, 2_000, 10):
        tick(made, now)
    assert len(made.messages) == 2 + 2  # the record, a promise, that the sensor is stale, a promise
    assert [len(made.chunk(1, 0).events) for _ in range(4)] == [1, 0, 1, 0]


def test_lost_overtaken_and_doubled_records_are_counted_and_told():
    made = session()
    assert [take(made, seq * 20, seq * 20 + 1, seq) for seq in (0, 3, 2, 2)] == ["next", "gap", "reordered", "duplicate"]
    tick(made, 61)
    assert made.telemetry.counts == {"gap": 2, "reordered": 1, "late": 1, "duplicate": 1}
    assert told(made) == [
        (61, {"what": "gap", "stream": "mic", "count": 2}),
        (61, {"what": "reordered", "stream": "mic", "count": 1}),
        (61, {"what": "duplicate", "stream": "mic", "count": 1}),
    ]
    late = made.log.events[2]
    assert (late.time, late.stamps) == (60 * MS, Stamps(40 * MS, 41 * MS, None, True, 2))
    assert [event.seq for event in made.log.events if event.stream == "mic"] == [0, 1, 2]


def test_a_restarted_sensor_goes_on_and_the_one_before_it_is_refused():
    made = session()
    found = [take(made, at, at + 1, seq, generation=of) for at, seq, of in ((0, 5, 1), (20, 0, 2), (30, 6, 1), (40, 1, 2))]
    tick(made, 41)
    assert found == ["next", "restarted", "replaced", "next"]
    assert [event.stamps.sender_seq for event in made.log.events if event.stream == "mic"] == [5, 0, 1]
    assert [what["what"] for _, what in told(made)] == ["restarted", "replaced"]


def test_a_sensor_that_falls_silent_is_told_of_and_does_not_hold_back_the_windows():
    made = session()
    take(made, 0, 1)
    tick(made, 900)
    tick(made, 1_010)
    take(made, 1_500, 1_501)
    tick(made, 1_510)
    assert told(made) == [
        (1_010, {"what": "stale", "stream": "mic", "count": 1, "silent_ms": 1_009}),
        (1_510, {"what": "back", "stream": "mic", "count": 1, "silent_ms": 1_500}),
    ]
    assert made.sequencer.ticked == 1_460 * MS


def test_when_the_graph_is_behind_new_records_are_dropped_and_counted():
    made = session(waiting=3)
    found = [take(made, at, at + 1, at) for at in range(5)]
    tick(made, 10)
    assert found == ["next", "next", "next", "overflow", "overflow"]
    assert told(made) == [(10, {"what": "overflow", "stream": "mic", "count": 2})]
    made.chunk(10, 0)
    assert take(made, 20, 21, 5) == "next"
    assert [event.stamps.sender_seq for event in made.log.events if event.stream == "mic"] == [0, 1, 2, 5]


def test_what_no_operator_could_take_is_refused_at_the_door():
    def check(stream: str, data: Any) -> None:
        if data == b"bad":
            raise ValueError("not\n that")

    made = session(check=check)
    assert [take(made, 0, 1), take(made, 5, 6, data=b"bad")] == ["next", "refused"]
    tick(made, 10)
    assert told(made) == [(10, {"what": "refused", "stream": "mic", "count": 1, "why": "not that"})]


def test_a_paused_session_lets_nothing_in():
    made = session()
    take(made, 0, 1)
    made.paused = True
    assert take(made, 5, 6) == "paused"
    made.paused = False
    assert take(made, 7, 8) == "next"


# Clocks


def test_a_sender_with_our_clock_is_believed_to_the_nanosecond():
    made = session()
    take(made, 0, 30)
    take(made, 12.345678, 14)
    assert [event.time for event in made.log.events] == [0, 12_345_678]


def test_the_clock_of_another_machine_is_mapped():
    made = session()
    for captured, arrived in ((0, 5), (20, 22), (40, 60)):
        take(made, captured, arrived, clock="boot:2")
    assert [(e.time, e.stamps.captured) for e in made.log.events] == [(0, 0), (17 * MS, 17 * MS), (37 * MS, 37 * MS)]


def test_without_a_stamp_the_time_is_that_of_arrival():
    made = session()
    take(made, None, 5)
    take(made, None, 25)
    assert [(e.time, e.stamps.captured) for e in made.log.events] == [(0, None), (20 * MS, None)]


@pytest.mark.parametrize("captured", [-11_000, 200])
def test_a_stamp_that_cannot_be_is_not_believed(captured):
    """Fails when one record can put the begin of the session hours back, or its end hours ahead."""
    made = session()
    take(made, captured, 100)
    tick(made, 100)
    assert [(e.stamps.captured, e.time) for e in made.log.events if e.stream == "mic"] == [(None, 0)]
    assert [(what["what"], what["off_ms"]) for _, what in told(made)] == [("stamp", captured - 100)]


# The end, and after


def test_the_end_comes_after_all_that_was_to_be_told():
    made = session()
    take(made, 0, 1, 0)
    take(made, 20, 21, 5)
    made.end(ZERO + 200 * MS)
    chunk = made.chunk(10, 0)
    assert (made.end_time, chunk.ends) == (200 * MS + 1, {"mic": 200 * MS + 1, "telemetry": 200 * MS + 1})
    assert [event.data["what"] for event in chunk.events["telemetry"]] == ["gap"]
    made.end(ZERO + 900 * MS)
    assert (made.end_time, made.chunk(10, 0)) == (200 * MS + 1, None)


def test_a_session_in_which_nothing_came_has_no_length():
    made = session()
    tick(made, 9_000)
    made.end(ZERO + 10_000 * MS)
    assert made.chunk(10, 0).ends == {"mic": 0, "telemetry": 0}
    assert list(made.messages) == []


def test_a_stream_that_no_graph_reads_is_logged_only():
    made = session(sources=("mic",))
    take(made, 0, 1)
    take(made, 0, 2, stream="eye", data=b"jpeg")
    assert [event.stream for event in made.log.events] == ["mic", "eye"]
    assert made.chunk(10, 0).events.keys() == {"mic"}


def test_a_session_that_goes_on_gives_the_graph_what_was_recorded_and_tells_of_the_gap():
    made = session()
    before = [Event(0, "mic", 0, b"a"), Event(20 * MS, "mic", 1, b"b")]
    made.resume({"mic": before, "eye": [Event(5 * MS, "eye", 3, b"j")]}, 400 * MS, ZERO, {"at_ms": 20})
    assert take(made, -10, 1) == "next"
    tick(made, 10)
    chunk = made.chunk(10, 0)
    assert [(e.time // MS, e.seq, e.data) for e in chunk.events["mic"]] == [(0, 0, b"a"), (20, 1, b"b"), (400, 2, b"x")]
    assert [e.stream for e in made.log.events] == ["mic", "telemetry"]
    assert told(made) == [(410, {"what": "serve-restarted", "stream": "", "count": 1, "at_ms": 20})]


# Left


def test_a_session_is_left_once_nothing_came_for_long_and_no_connection_was_lost_lately():
    made = session()
    made.rules = Rules(idle=SECOND, grace=10 * SECOND)
    made.take(Record("mic", b"x", ZERO, clock=OURS), ZERO, "a")
    assert [made.is_left(ZERO + at * MS) for at in (1_000, 1_001)] == [False, True]
    made.connection("disconnected", "b", ZERO + 500 * MS)  # it did not come by that one
    made.connection("connected", "a", ZERO + 500 * MS)
    assert made.is_left(ZERO + 1_001 * MS)
    made.connection("disconnected", "a", ZERO + 500 * MS)
    assert [made.is_left(ZERO + at * MS) for at in (1_001, 10_499, 10_500)] == [False, False, True]
    assert made.telemetry.counts == {"connected": 1, "disconnected": 2, "grace": 1}
