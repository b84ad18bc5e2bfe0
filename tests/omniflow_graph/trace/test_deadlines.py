"""A step is late that is done after the window which follows its own; what was dropped is, too, unless at a fence."""

from __future__ import annotations

import pytest

from omniflow_graph import seconds
from omniflow_graph.trace.deadlines import Deadlines, deadlines, window_ends, window_length
from omniflow_graph.trace.stored import load_trace, save_trace
from tests.omniflow_graph.trace.test_lag import ran


def test_a_step_may_take_until_the_next_window_ends():
    assert deadlines(ran(1.0)) == [Deadlines("stage 1", 3, 0, 0)]
    assert deadlines(ran(1.1)) == [Deadlines("stage 1", 3, 3, seconds(0.3))]


def test_each_stage_counts_from_its_own_window_whatever_came_before_it():
    assert deadlines(ran(0.5, 0.5, 0.1)) == [
        Deadlines("stage 1", 3, 0, 0),
        Deadlines("stage 2", 3, 0, 0),
        Deadlines("stage 3", 3, 3, seconds(0.1)),
    ]


def test_what_was_dropped_for_want_of_time_was_missed():
    assert deadlines(ran(1.5, end=6, overrun="newest")) == [Deadlines("stage 1", 6, 6, seconds(1.5))]


def test_what_a_fence_let_go_of_counts_as_nothing():
    assert deadlines(ran(2.0, end=1, fence=2.5)) == []
    assert deadlines(ran(2.0, end=1, fence=3.5)) == [Deadlines("stage 1", 1, 1, seconds(1))]


@pytest.mark.parametrize("trace", [ran(1.1), ran(1.5, end=6, overrun="newest"), ran(2.0, end=1, fence=2.5)], ids=["late", "dropped", "flushed"])
def test_of_a_stored_trace_the_same_is_told(tmp_path, trace):
    save_trace(trace, tmp_path / "trace.mcap")
    assert deadlines(load_trace(tmp_path)) == deadlines(trace)


def test_every_event_knows_the_window_that_it_answers():
    trace = ran(0.4, 0.4)
    ends = {0: seconds(1), 1: seconds(2), 2: seconds(3)}
    assert window_ends(trace) == {"mic": {}, "stop": {}, "window": ends, "stage 1": ends, "stage 2": ends}
    assert window_length(trace) == seconds(1)
