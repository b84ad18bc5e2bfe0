"""A trace answers what was on its edges when, what came first, when a stage worked, and what others registered."""

from __future__ import annotations

import pytest

from omniflow_graph.engine.messages import Step
from omniflow_graph.testing import about
from tests.omniflow_graph.testing.small import ran


def test_what_was_between_two_times_comes_in_the_order_of_time_then_of_the_edges():
    found = about(ran()).between(7, 10)
    assert [(event.time, event.stream, event.seq) for event in found] == [(7, "both", 3), (7, "both", 4), (7, "echo", 0), (7, "echo", 2)]


def test_the_end_of_a_span_is_not_in_it():
    asked = about(ran())
    assert [event.time for event in asked.between(0, 10, "mic")] == [0, 0]
    assert [event.time for event in asked.between(10, 11, "mic", "eye")] == [10, 10]


def test_the_first_event_is_that_at_the_time_or_after_it_that_is_meant():
    asked = about(ran())
    assert asked.first("mic").data == 1
    assert asked.first("mic", after=10).data == 3
    assert asked.first("mic", where=lambda event: event.data > 3).time == 20
    assert asked.first("mic", after=21) is None


def test_a_stage_tells_when_it_worked_on_what():
    assert about(ran()).steps("count")[:2] == [Step("count", 10, 13, (0,), ()), Step("count", 20, 23, (1,), ())]


def test_an_event_tells_why():
    asked = about(ran())
    assert asked.why(asked.first("count")).startswith("count #0 at 0.000 s: 0\n  <- window #0 at 0.000 s: window 0")


def test_what_nobody_can_answer_names_what_can_be_asked():
    with pytest.raises(AttributeError, match=r"asked for 'moods'; it can for between, first, steps, why, .*turns"):
        about(ran()).moods()
    with pytest.raises(KeyError, match="no stage 'cuont' in this trace; there are count"):
        about(ran()).steps("cuont")
    with pytest.raises(KeyError, match="no edge 'mice'"):
        about(ran()).between(0, 1, "mice")
