"""A stage that cannot keep up is named, with how late its last answer was; one that waits for it is not."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Graph, Session, Trace, replay, seconds
from omniflow_graph.trace.lag import Lag, behind
from omniflow_graph.trace.stored import load_trace, save_trace


def passed_on(state: None, event: Event) -> tuple[None, list[int]]:
    return state, [event.seq]


def ran(*costs: float, end: float = 3, overrun: str = "queue", fence: float | None = None) -> Trace:
    """Cut a session into windows of a second, and let stages of these costs work one after another."""
    g = Graph("row")
    edge, stop = g.align("window", g.source("mic"), length=seconds(1)), g.source("stop")
    for n, cost in enumerate(costs, 1):
        edge = g.stage(f"stage {n}", edge, passed_on, cost=seconds(cost), overrun=overrun, fence=None if fence is None else stop)
    g.sink("out", edge, stop)
    stops = [] if fence is None else [(seconds(fence), None)]
    return replay(g, Session("s", {"mic": [], "stop": stops}, end={"mic": seconds(end), "stop": seconds(9)}), engine="direct")


def test_a_stage_that_answers_within_a_window_is_not_behind():
    assert behind(ran(1.0)) == []
    assert behind(ran(0.9, 0.9, 0.9)) == []


def test_a_stage_that_takes_longer_falls_further_behind_with_every_window():
    assert behind(ran(1.1)) == [Lag("stage 1", seconds(1.3), seconds(1))]
    assert behind(ran(1.1, end=10)) == [Lag("stage 1", seconds(2), seconds(1))]


def test_what_waits_for_a_slow_stage_is_not_behind_and_what_is_slower_still_is():
    assert [each.stage for each in behind(ran(1.5, 0.9))] == ["stage 1"]
    assert behind(ran(1.5, 1.75, end=4)) == [Lag("stage 1", seconds(3), seconds(1)), Lag("stage 2", seconds(2.5), seconds(1))]


def test_one_that_takes_several_windows_at_a_time_is_as_late_as_for_the_last_of_them():
    assert behind(ran(1.5, end=6, overrun="merge")) == [Lag("stage 1", seconds(2.5), seconds(1))]


def test_a_stage_that_caught_up_is_not_behind():
    g = Graph("row")
    g.sink("out", g.stage("stage", g.align("window", g.source("mic"), length=seconds(1)), passed_on, cost=[seconds(2.5), 0, 0, 0]))
    assert behind(replay(g, Session("s", {"mic": []}, end=seconds(4)), engine="direct")) == []


def test_what_was_let_go_of_answers_nothing_and_is_not_late():
    assert behind(ran(2.0, end=1, fence=2.5)) == []
    assert behind(ran(2.0, end=1, fence=3.5)) == [Lag("stage 1", seconds(2), seconds(1))]


def test_a_stage_to_which_no_window_leads_has_none_to_be_late_for():
    g = Graph("bare")
    g.sink("out", g.stage("stage", g.source("mic"), passed_on, cost=seconds(9)))
    assert behind(replay(g, Session("s", {"mic": [(0, 1)]}, end=seconds(1)), engine="direct")) == []


def test_a_trace_read_back_is_as_late(tmp_path):
    save_trace(ran(1.1), tmp_path / "trace.mcap")
    assert behind(load_trace(tmp_path)) == [Lag("stage 1", seconds(1.3), seconds(1))]


def test_of_a_damaged_trace_those_steps_count_whose_windows_are_there():
    trace = ran(1.1, end=9)
    trace.edges["window"] = trace.edges["window"][:4]
    assert behind(trace) == [Lag("stage 1", seconds(1.4), seconds(1))]
    trace.edges["window"] = []
    assert behind(trace) == []


def test_it_reads_as_a_sentence():
    assert str(Lag("decide", seconds(2.22), seconds(0.02))).startswith(
        "stage 'decide' ends the session behind: its last answer comes 2.22 s after what it answers, in windows of 0.02 s; it would not hold"
    )


@pytest.mark.parametrize("end", [1, 5])
def test_a_session_in_which_a_stage_did_nothing_has_nobody_behind(end):
    g = Graph("row")
    slow = g.stage("slow", g.map("none", g.align("window", g.source("mic"), length=seconds(1)), lambda event: None), passed_on, cost=seconds(9))
    g.sink("out", slow)
    assert behind(replay(g, Session("s", {"mic": []}, end=seconds(end)), engine="direct")) == []
