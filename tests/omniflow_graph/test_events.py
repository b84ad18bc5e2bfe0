"""Times are integers; an event names what it was made of; a window is ready when it says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.events import SECOND, Event, Window, causes, made, ready, seconds


@pytest.mark.parametrize(
    ("of", "ns"),
    [(0, 0), (1, SECOND), (1.5, 1_500_000_000), (0.1, 100_000_000), (1 / 16_000, 62_500), (1e-9, 1), (4e-10, 0), (-0.2, -200_000_000)],
)
def test_seconds_become_the_nearest_nanosecond(of, ns):
    assert seconds(of) == ns
    assert type(seconds(of)) is int


@given(st.integers(0, 10**6), st.sampled_from((16_000, 24_000, 48_000, 25, 30)))
def test_the_time_of_a_sample_is_off_by_no_more_than_half_a_nanosecond(n, rate):
    assert abs(2 * rate * seconds(n / rate) - 2 * n * SECOND) <= rate


def test_seconds_wants_a_number():
    for of in (float("nan"), float("inf"), None):
        with pytest.raises((ValueError, OverflowError, TypeError)):
            seconds(of)


def test_an_event_is_a_value_that_cannot_be_changed():
    event = Event(5, "mic", 0, b"x")
    assert event == Event(time=5, stream="mic", seq=0, data=b"x", made_of=(), stamps=None)
    assert made(Event, (5, "mic", 0, b"x", (), None)) == event
    assert type(made(Event, (5, "mic", 0, b"x", (), None))) is Event
    with pytest.raises(AttributeError):
        event.time = 6  # type: ignore[misc]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9))))
def test_causes_span_every_event_of_a_stream_and_stand_as_the_streams_first_appear(drawn):
    events = [Event(0, stream, seq, None) for stream, seq in drawn]
    found = causes(events)
    streams = list(dict.fromkeys(event.stream for event in events))
    assert [stream for stream, _, _ in found] == streams
    for stream, first, last in found:
        seqs = [event.seq for event in events if event.stream == stream]
        assert (first, last) == (min(seqs), max(seqs))


def test_a_window_gives_the_events_of_one_input():
    events = (Event(0, "mic", 0, 1), Event(0, "eye", 0, 2), Event(3, "mic", 1, 3))
    window = Window(0, 0, 10, 10, False, events)
    assert window.of("mic") == (events[0], events[2])
    assert window.of("nowhere") == ()


def test_a_stage_may_start_on_a_window_when_that_is_ready_and_on_anything_else_at_its_time():
    window = Window(2, 20, 30, 37, False, ())
    assert ready(Event(30, "w", 2, window)) == 37
    assert ready(Event(30, "mic", 2, b"x")) == 30
    assert ready(Event(30, "mic", 2, (2, 20, 30, 37, False, ()))) == 30
