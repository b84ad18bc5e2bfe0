"""A graph that is stepped by hand does what a replay of the whole does, and time does not run back."""

from __future__ import annotations

import pytest

from omniflow_graph import RunError
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.testing import Stepper, broken
from tests.omniflow_graph.testing.small import small


def test_what_was_stepped_is_what_a_replay_of_the_whole_is():
    step = Stepper(small(), session="by hand")
    step.push("mic", 1)
    step.push("eye", 9)
    step.push("mic", 3, at=10)
    step.tick(12)
    step.end("eye", at=20)
    step.push("mic", 4, at=33)
    stepped = step.finish()
    stepped.complete = True
    assert stepped == run_direct(small(), step.whole())
    assert stepped.ends == {"mic": 34, "eye": 20}


def test_a_window_closes_when_time_has_passed_it_and_not_before():
    step = Stepper(small())
    step.push("mic", 1, at=3)
    step.tick(9)
    assert (len(step.trace["window"]), step.now) == (0, 9)
    step.tick(10)
    assert [event.time for event in step.trace["window"]] == [10]
    assert broken(step.trace) == []


def test_a_tick_that_goes_back_does_nothing():
    step = Stepper(small())
    step.tick(10)
    step.tick(3)
    assert step.now == 10


def test_a_time_that_has_passed_a_source_that_has_ended_and_an_end_before_what_came_are_refused():
    step = Stepper(small())
    step.push("mic", 1, at=10)
    with pytest.raises(RunError, match="source 'eye': wants a time from 10 on as an int, got 9; time has passed"):
        step.push("eye", 1, at=9)
    with pytest.raises(RunError, match="source 'mic' cannot end at 10, not after its event at 10"):
        step.end("mic", at=10)
    step.end("mic")
    with pytest.raises(RunError, match="no open source 'mic'; there are eye"):
        step.push("mic", 2)
