"""A live record gets its place in time once and for all, and what was promised by then is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session, Wake
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.engine.messages import Chunk, Start, by_stream
from omniflow_graph.events import End, Stamps, Tick
from omniflow_graph.live.sequencer import Sequencer

MS = 1_000_000
ZERO = 5_000 * MS  # on the clock of the machine


def sequencer(allowance: int = 50 * MS, step: int = 200 * MS) -> Sequencer:
    """Make one that has let in its first record, captured at ZERO."""
    s = Sequencer(["mic", "eye"], allowance, step)
    s.admit("mic", b"", captured=ZERO, arrived=ZERO + 3 * MS)
    return s


def admit(s: Sequencer, stream: str, captured: float | None, arrived: float, **given: Any) -> Event:
    """Let in a record, with times in ms of the session."""
    at = None if captured is None else ZERO + round(captured * MS)
    return s.admit(stream, b"x", captured=at, arrived=ZERO + round(arrived * MS), **given)


def ticked(s: Sequencer, now: float) -> list[float]:
    """Tick at a time in ms of the session; list the ticks of both sources in ms."""
    ticks = s.tick(ZERO + round(now * MS))
    assert ticks == [Tick(tick.time, stream) for tick, stream in zip(ticks, ["mic", "eye"])]
    return [tick.time / MS for tick in ticks]


# Zero


def test_the_session_begins_when_its_first_record_was_captured():
    s = Sequencer(["mic", "eye"], 0, 10)
    assert s.admit("eye", "a picture", captured=700, arrived=900) == Event(0, "eye", 0, "a picture", stamps=Stamps(captured=0, arrived=200))
    assert s.admit("mic", "a sound", captured=750, arrived=905) == Event(50, "mic", 0, "a sound", stamps=Stamps(captured=50, arrived=205))


def test_a_record_that_does_not_say_when_it_was_captured_is_as_old_as_its_arrival():
    s = Sequencer(["mic"], 0, 10)
    assert s.admit("mic", b"x", arrived=900) == Event(0, "mic", 0, b"x", stamps=Stamps(captured=None, arrived=0))
    assert s.admit("mic", b"x", arrived=950) == Event(50, "mic", 1, b"x", stamps=Stamps(captured=None, arrived=50))


def test_what_was_captured_before_the_session_began_becomes_zero_and_late():
    event = admit(sequencer(), "eye", -200, 4)
    assert event == Event(0, "eye", 0, b"x", stamps=Stamps(captured=-200 * MS, arrived=4 * MS, late=True))


# Order and lateness


def test_a_record_has_the_time_of_its_capture_however_late_it_arrives_before_the_tick():
    s = sequencer()
    assert admit(s, "eye", 10, 2000) == Event(10 * MS, "eye", 0, b"x", stamps=Stamps(captured=10 * MS, arrived=2000 * MS))


def test_a_record_older_than_the_last_one_of_its_stream_takes_its_time_and_is_late():
    s = sequencer()
    assert admit(s, "eye", 30, 31).time == 30 * MS
    assert admit(s, "eye", 20, 32) == Event(30 * MS, "eye", 1, b"x", stamps=Stamps(captured=20 * MS, arrived=32 * MS, late=True))
    assert admit(s, "eye", 30, 33) == Event(30 * MS, "eye", 2, b"x", stamps=Stamps(captured=30 * MS, arrived=33 * MS))


def test_another_stream_may_be_older():
    s = sequencer()
    assert admit(s, "eye", 30, 31).time == 30 * MS
    assert admit(s, "mic", 20, 32) == Event(20 * MS, "mic", 1, b"x", stamps=Stamps(captured=20 * MS, arrived=32 * MS))


def test_a_record_older_than_the_last_tick_takes_its_time_and_is_late():
    s = sequencer()
    assert ticked(s, 150) == [100, 100]
    event = admit(s, "eye", 99.999999, 151)  # by a nanosecond
    assert event == Event(100 * MS, "eye", 0, b"x", stamps=Stamps(captured=100 * MS - 1, arrived=151 * MS, late=True))
    assert admit(s, "mic", 100, 152) == Event(100 * MS, "mic", 1, b"x", stamps=Stamps(captured=100 * MS, arrived=152 * MS))


def test_records_are_numbered_by_stream_and_keep_the_number_of_their_sender():
    s = sequencer()
    events = [admit(s, stream, 10, 11, sender_seq=sent) for stream, sent in (("eye", 7), ("mic", 4), ("eye", 7), ("eye", None))]
    assert [(e.stream, e.seq, e.stamps.sender_seq) for e in events] == [("eye", 0, 7), ("mic", 1, 4), ("eye", 1, 7), ("eye", 2, None)]


def test_a_stream_that_the_graph_does_not_read_is_refused_and_changes_nothing():
    s = Sequencer(["mic", "eye"], 0, 10)
    with pytest.raises(KeyError, match="stream 'nose': the graph has no such source; it has mic, eye"):
        s.admit("nose", b"x", captured=1, arrived=2)
    assert s == Sequencer(["mic", "eye"], 0, 10)


# Ticks


def test_nothing_is_promised_before_the_first_record():
    assert Sequencer(["mic"], 0, 10).tick(10**15) == []


def test_ticks_follow_the_clock_by_the_allowance_every_20_ms_and_once():
    s = sequencer(allowance=50 * MS)
    assert [ticked(s, now) for now in (0, 50, 69.999, 70, 75, 89, 90, 200)] == [[], [], [], [20, 20], [], [], [40, 40], [140, 140]]


def test_a_window_that_ends_between_two_ticks_is_closed_on_time():
    s = sequencer(allowance=0, step=30 * MS)
    assert [ticked(s, now) for now in range(0, 100, 10)] == [[], [], [20, 20], [30, 30], [40, 40], [], [60, 60], [], [80, 80], [90, 90]]


def test_a_clock_that_stands_still_or_goes_back_promises_nothing_new():
    s = sequencer(allowance=0)
    assert [ticked(s, now) for now in (40, 40, 20, 59, 60)] == [[40, 40], [], [], [], [60, 60]]


def test_it_says_when_the_next_tick_is_due():
    s = sequencer(allowance=50 * MS, step=30 * MS)
    assert [s.due() - ZERO, ticked(s, 70), s.due() - ZERO, ticked(s, 80), s.due() - ZERO] == [70 * MS, [20, 20], 80 * MS, [30, 30], 90 * MS]
    assert Sequencer(["mic"], 0, 10).due() is None


# Going on after a restart, and beside the graph


def test_a_session_that_goes_on_lets_nothing_in_before_its_restart():
    s = Sequencer(["mic", "eye"], 0, 200 * MS)
    s.resume({"mic": Event(30 * MS, "mic", 7, b"")}, 400 * MS, ZERO)
    event = s.admit("mic", b"x", captured=ZERO - 100 * MS, arrived=ZERO + 5 * MS)
    assert event == Event(400 * MS, "mic", 8, b"x", stamps=Stamps(captured=300 * MS, arrived=405 * MS, late=True))
    assert s.admit("eye", b"y", captured=ZERO + 6 * MS, arrived=ZERO + 7 * MS)[:3] == (406 * MS, "eye", 0)
    assert s.tick(ZERO + 400 * MS)[0] == Tick(800 * MS, "mic")


def test_a_stream_beside_the_sources_is_let_in_and_nothing_is_promised_of_it():
    s = Sequencer(["mic"], 0, 10 * MS, beside=["telemetry"])
    assert s.admit("telemetry", {"what": "gap"}, arrived=ZERO)[:3] == (0, "telemetry", 0)
    assert s.tick(ZERO + 10 * MS) == [Tick(10 * MS, "mic")]


# End


def test_a_session_without_records_has_no_length():
    assert Sequencer(["mic", "eye"], 0, 10).end(10**15) == [End(0, "mic"), End(0, "eye")]


def test_the_end_follows_the_clock_by_the_allowance():
    assert sequencer().end(ZERO + 90 * MS) == [End(40 * MS, "mic"), End(40 * MS, "eye")]


def test_the_end_is_after_all_that_was_let_in_and_not_before_what_was_promised():
    s = sequencer(allowance=50 * MS)
    assert s.end(ZERO) == [End(1, "mic"), End(1, "eye")]
    assert ticked(s, 150) == [100, 100]
    assert s.end(ZERO) == [End(100 * MS, "mic"), End(100 * MS, "eye")]
    admit(s, "eye", 500, 151)
    assert s.end(ZERO + 151 * MS) == [End(500 * MS + 1, "mic"), End(500 * MS + 1, "eye")]


# Whatever comes in


def conversation() -> Graph:
    """Make a graph that would notice: windows, a slow stage whose answers come back, wakes, a merge."""
    g = Graph("talk")
    mic, eye = g.source("mic"), g.source("eye")
    both = g.merge("both", mic, eye)
    calm = g.scan("calm", both, lambda n, cause: (n + 1, [(cause.time, n)] if isinstance(cause, Wake) else [Wake(cause.time + 30 * MS)]), state=0)
    window = g.align("window", both, calm, length=50 * MS)
    model = g.stage("model", window, lambda n, event: (n + len(event.data.events), [n]), state=0, cost=[60 * MS, 0, 20 * MS], overrun="newest")
    g.feedback("heard", model, window)
    g.sink("out", model, both)
    return g


TALK = compile_flow(conversation())


@dataclass
class Scripted:
    """Be a live feed whose reader has sequenced all there is."""

    messages: list[Any]
    allowance: int
    name: str = "drawn"
    begun: bool = False

    def poll(self, most: int, seed: int) -> list[tuple[str, Chunk]] | None:
        if self.begun and not self.messages:
            return None
        start = None if self.begun else Start(self.name, self.allowance, None, seed)
        self.begun = True
        taken, self.messages = self.messages[:most], self.messages[most:]
        ticks = {each.stream: each.time for each in taken if not isinstance(each, End)}
        ends = {each.stream: each.time for each in taken if isinstance(each, End)}
        return [(self.name, Chunk(by_stream(each for each in taken if isinstance(each, Event)), [], ticks, ends, start))]


times = st.integers(-3, 40).map(lambda tenth: tenth * 10 * MS) | st.integers(-(10**7), 4 * 10**8)
ARRIVALS = st.lists(st.tuples(st.sampled_from(["mic", "eye", "nobody"]), times | st.none(), st.integers(0, 60)), max_size=25)


def sequenced(arrivals: list[tuple[str, int | None, int]], allowance: int) -> list[Any]:
    """Let in what arrives, each so many ms after the one before, and tick after each, as the reader does."""
    s, now, messages = Sequencer(["mic", "eye"], allowance, 50 * MS), ZERO, []
    for n, (stream, captured, later) in enumerate(arrivals):
        now += later * MS
        if stream != "nobody":
            messages.append(s.admit(stream, n, captured=None if captured is None else ZERO + captured, arrived=now))
        messages += s.tick(now)
    return messages + s.end(now)


@given(ARRIVALS, st.sampled_from((0, 20 * MS, 35 * MS)))
def test_no_event_goes_back_in_time_or_breaks_a_promise(arrivals, allowance):
    """Fails when a record enters at its capture time, or before the last tick, or when the End does not wait for the last event."""
    promised, ticks, seqs = {"mic": 0, "eye": 0}, {"mic": 0, "eye": 0}, {"mic": 0, "eye": 0}
    messages = sequenced(arrivals, allowance)
    for message in messages:
        if isinstance(message, Event):
            stamps = message.stamps
            wanted = stamps.arrived if stamps.captured is None else stamps.captured
            time = max(wanted, promised[message.stream])
            assert (message.time, message.seq, stamps.late) == (time, seqs[message.stream], time != wanted)
            seqs[message.stream] += 1
        elif isinstance(message, Tick):
            assert message.time > ticks[message.stream]
            ticks[message.stream] = message.time
        promised[message.stream] = max(promised[message.stream], message.time)
    ends = messages[-2:]
    assert ends == [End(ends[0].time, "mic"), End(ends[0].time, "eye")]
    assert ends[0].time > max((message.time for message in messages if isinstance(message, Event)), default=-1)
    assert ends[0].time >= max(ticks.values())


@given(ARRIVALS, st.sampled_from((0, 20 * MS, 35 * MS)), st.sampled_from((1, 3, 64)))
def test_what_was_sequenced_replays_to_the_trace_that_it_had_live(arrivals, allowance, batch):
    """Fails when a record enters before the last tick, or takes the order of its arrival for that of its time."""
    messages = sequenced(arrivals, allowance)
    live = TALK.run([Scripted(list(messages), allowance)], batch=batch)
    events = [message for message in messages if isinstance(message, Event)]
    streams = {stream: [event for event in events if event.stream == stream] for stream in ("mic", "eye")}
    session = Session("drawn", streams, messages[-1].time, allowance)
    assert live == TALK.run([session]) == {"drawn": run_direct(TALK.plan, session)}
