"""A state machine steps a graph: a sound one passes; a mistake that shows at some step, or only in the end, is found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from omniflow_graph import Event, Graph
from omniflow_graph.engine.cells import Align
from omniflow_graph.testing import Stepping
from tests.omniflow_graph.testing.small import small
from tests.simulations.mutants.mutants import feedback_forgets_its_delay

QUICK = settings(max_examples=10, stateful_step_count=8, deadline=None, derandomize=True, database=None)
FINDING = settings(QUICK, max_examples=50, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))


class Small(Stepping):
    """Two sources, a merge, windows, a stage, an echo."""

    graph = small()
    payloads = {"mic": st.integers(0, 9), "eye": st.integers(0, 9)}

    @rule()
    def say_three(self):
        if "mic" in self.step.open:
            self.step.push("mic", 3)

    @invariant()
    def what_is_heard_is_counted_at_most_once(self):
        assert all(event.data <= 2 * len(self.step.trace["both"]) for event in self.step.trace["count"])


TestSmall = Small.TestCase
TestSmall.settings = QUICK


def test_a_mistake_is_found_at_the_step_that_shows_it(monkeypatch):
    feedback_forgets_its_delay(monkeypatch)
    with pytest.raises(AssertionError, match=r"times_in_order: .*edge 'echo': #0 at 3 ns is not 7 ns after its cause, odd #0 at 0 ns"):
        run_state_machine_as_test(Small, settings=settings(FINDING, phases=(Phase.generate, Phase.shrink)))


def test_a_mistake_that_shows_only_when_things_come_at_another_pace_is_found_in_the_end(monkeypatch):
    before = Align.before
    monkeypatch.setattr(Align, "before", lambda self, end: before(self, end + 1))
    with pytest.raises(AssertionError, match=r"which belongs elsewhere|stepped by hand it is another session"):
        run_state_machine_as_test(Small, settings=FINDING)


def test_what_depends_on_how_it_was_stepped_is_found_in_the_end():
    seen: list[int] = []

    def forgetful(event: Event[int]) -> int:
        seen.append(event.data)
        return len(seen)

    g = Graph("forgetful")
    g.sink("out", g.map("nth", g.source("mic", int), forgetful))

    class Forgetful(Stepping):
        graph = g

    with pytest.raises(AssertionError, match="stepped by hand it is another session than replayed: first difference: edge 'nth'"):
        run_state_machine_as_test(Forgetful, settings=FINDING)
