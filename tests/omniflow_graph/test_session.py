"""A session gives its events in order, each in its time, and says what cannot be one before it runs."""

from __future__ import annotations

from heapq import merge
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, RunError, Session, seconds
from omniflow_graph.session import MeasuredCosts


def brief(session: Session, *sources: str) -> list[tuple]:
    return [(event.time, event.stream, event.seq, event.data) for event in session.events(sources)]


def test_a_list_of_payloads_is_numbered_in_order():
    session = Session("s", {"mic": [(0, b"a"), [20, b"b"], (20, None)]}, end=21)
    assert list(session.events(["mic"])) == [Event(0, "mic", 0, b"a"), Event(20, "mic", 1, b"b"), Event(20, "mic", 2, None)]
    assert session.ends(["mic"]) == {"mic": 21}


def test_events_stay_as_they_are():
    events = [Event(3, "mic", 7, b"a", (("eye", 0, 1),)), Event(3, "mic", 9, b"b")]
    assert list(Session("s", {"mic": events}, end=9).events(["mic"])) == events


def test_events_of_one_time_stand_in_the_order_of_the_sources_asked_for():
    session = Session("s", {"a": [(0, 1), (5, 2), (5, 3)], "b": [(0, 4), (5, 5)]}, end=9)
    assert [data for *_, data in brief(session, "a", "b")] == [1, 4, 2, 3, 5]
    assert [data for *_, data in brief(session, "b", "a")] == [4, 1, 5, 2, 3]


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 9)), min_size=1))
def test_every_event_comes_once_in_the_order_of_time_source_and_seq(drawn):
    session = Session("s", {name: [(time, None) for time in sorted(times)] for name, times in drawn.items()}, end=10)
    names = sorted(drawn)
    expected = merge(*([(time, rank, seq) for seq, time in enumerate(sorted(drawn[name]))] for rank, name in enumerate(names)))
    assert [(time, names.index(stream), seq) for time, stream, seq, _ in brief(session, *names)] == list(expected)


def test_what_a_graph_does_not_read_is_left_out_and_what_a_session_does_not_hold_is_empty():
    session = Session("s", {"mic": [(0, 1)], "lidar": [(0, 2)]}, end=9)
    assert brief(session, "eye", "mic") == [(0, "mic", 0, 1)]
    assert session.ends(["eye", "mic"]) == {"eye": 9, "mic": 9}
    assert brief(Session("s", {}, end=9), "mic") == []
    assert brief(Session("s", {"mic": []}, end=0), "mic") == []


def test_each_source_may_end_by_itself():
    session = Session("s", {"mic": [(8, 1)], "eye": [(2, 2)]}, end={"mic": 9, "eye": 3, "lidar": 5})
    assert session.ends(["eye", "mic"]) == {"eye": 3, "mic": 9}
    assert brief(session, "mic", "eye") == [(2, "eye", 0, 2), (8, "mic", 0, 1)]


def wants(n: int, time: Any, end: int) -> str:
    way = "use seconds(...), sort it, or give the session a later end"
    return f"session 's', source 'mic': event {n} has time {time}; wants times in ns, as ints that never decrease, in [0, {end}); {way}"


@pytest.mark.parametrize(
    ("entries", "end", "words"),
    [
        ([(9, 1)], 9, wants(0, 9, 9)),
        ([(-1, 1)], 9, wants(0, -1, 9)),
        ([(5, 1), (4, 1)], 9, wants(1, 4, 9)),
        ([(0, 1), (0.5, 1)], 9, wants(1, 0.5, 9)),
        ([(True, 1)], 9, wants(0, True, 9)),
        ([("1", 1)], 9, wants(0, "'1'", 9)),
        ([(0, 1)], {"mic": 0}, wants(0, 0, 0)),
        ([b"ab", b"cd"], 999, "session 's', source 'mic': entry 0 is a bytes; wants (time, payload) or an Event"),
        ([(0, 1), (1, 2, 3)], 9, "session 's', source 'mic': entry 1 is a tuple; wants (time, payload) or an Event"),
        ([3], 9, "session 's', source 'mic': entry 0 is a int; wants (time, payload) or an Event"),
        (
            [Event(0, "eye", 0, 1)],
            9,
            "session 's', source 'mic': event 0 is number 0 of 'eye'; wants those of 'mic', each number above the one before; "
            "give (time, payload) to have them numbered",
        ),
        (
            [Event(0, "mic", 3, 1), (0, 2)],
            9,
            "session 's', source 'mic': event 1 is number 1 of 'mic'; wants those of 'mic', each number above the one before; "
            "give (time, payload) to have them numbered",
        ),
    ],
)
def test_what_cannot_stand_in_a_stream_is_named(entries, end, words):
    with pytest.raises(RunError) as refused:
        Session("s", {"mic": entries}, end).events(["mic"])
    assert str(refused.value) == words


@pytest.mark.parametrize("end", [1.0, -1, None, True, {"mic": 0.5}, {"mic": seconds(1), "eye": -1}])
def test_an_end_is_a_time(end):
    with pytest.raises(RunError, match=r"^session 's': wants an end of 0 ns or more as an int, got .*; use seconds\(1\.0\)$"):
        Session("s", {}, end)


@pytest.mark.parametrize("allowance", [0.2, -1, None])
def test_an_allowance_is_a_duration(allowance):
    with pytest.raises(RunError, match=r"^session 's': wants an allowance of 0 ns or more as an int, got .*; use seconds\(1\.0\)$"):
        Session("s", {}, 1, allowance)


def test_a_source_without_an_end_is_named():
    session = Session("s", {"mic": []}, end={"mic": 9})
    words = r"^session 's': has no end for eye, lidar; give every source one, or all of them one: end=seconds\(1\.0\)$"
    with pytest.raises(RunError, match=words):
        session.ends(["eye", "mic", "lidar"])
    with pytest.raises(RunError, match=words):
        session.events(["eye", "mic", "lidar"])


def test_a_session_that_holds_nothing_of_what_a_graph_reads_is_refused():
    words = "session 's': holds mik, lidar, and the graph reads mic, eye: nothing would come in; name the sources as the graph does"
    with pytest.raises(RunError) as refused:
        Session("s", {"mik": [(0, 1)], "lidar": []}, end=9).events(["mic", "eye"])
    assert str(refused.value) == words


def test_a_session_is_printed_without_its_costs():
    session = Session("s", {}, 1, 0, {("model", n): 5 for n in range(1000)})
    assert repr(session) == "Session(name='s', sources={}, end=1, allowance=0)"


# Costs that are measured


def test_a_cost_is_the_time_between_its_two_looks_at_the_clock_and_is_told():
    now, told = iter([100, 170, 200, 190]), []
    costs = MeasuredCosts(lambda: next(now), lambda *about: told.append(about))
    for seq in (0, 1):
        costs.begin()
        assert costs.cost("model", seq) == (70, 0)[seq]  # a clock that goes back costs nothing
    assert told == [("model", 0, 70), ("model", 1, 0)]


def test_what_was_measured_before_a_restart_is_taken_once_and_not_told_again():
    told = []
    costs = MeasuredCosts(lambda: 5, lambda *about: told.append(about), {("model", 0): 77})
    costs.begin()
    assert (costs.cost("model", 0), told) == (77, [])
    assert (costs.cost("model", 0), told) == (0, [("model", 0, 0)])
