"""What is wrong is told in the order of time, with the chain of the first that has one."""

from __future__ import annotations

import pytest

from omniflow_graph.testing import Violation, must_hold
from tests.omniflow_graph.testing.small import ran


def test_nothing_wrong_is_no_failure():
    must_hold([], ran())


def test_violations_are_told_in_the_order_of_time_with_the_chain_of_the_first():
    found = [Violation("b", 20, "too late", ("mic", 2)), Violation("a", 10, "too loud", ("window", 0))]
    with pytest.raises(AssertionError) as failed:
        must_hold(found, ran(), why=lambda trace, event: f"because of {event.stream} #{event.seq}")
    assert str(failed.value).splitlines() == [
        "session 'small', seed 0:",
        "a: at 0.000 s: too loud",
        "b: at 0.000 s: too late",
        "because of window #0",
    ]


def test_of_many_five_are_told():
    with pytest.raises(AssertionError) as failed:
        must_hold([Violation("a", n, f"no {n}") for n in range(7)], ran())
    assert str(failed.value).splitlines()[1:] == [*(f"a: at 0.000 s: no {n}" for n in range(5)), "and 2 more"]


def test_an_event_that_the_trace_does_not_hold_has_no_chain():
    with pytest.raises(AssertionError) as failed:
        must_hold([Violation("a", 1, "lost", ("mic", 99))], ran())
    assert str(failed.value).splitlines()[1:] == ["a: at 0.000 s: lost"]
