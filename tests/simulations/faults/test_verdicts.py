"""Anybody's function can be a fault; what it answers is checked."""

from __future__ import annotations

import pytest

from omniflow_graph import Event
from omniflow_graph.chance import Rng
from simulations.faults.text import fault_of
from simulations.faults.verdicts import DOES, MAKES, Delay, Drop, Pass, Verdict, fault, verdicts

EVENT, RNG = Event(0, "mic", 4, b"a"), Rng(0, "s", "mic")


def test_one_verdict_is_as_good_as_a_tuple_of_one():
    assert verdicts(lambda event, rng: Pass(), EVENT, RNG) == verdicts(lambda event, rng: (Pass(),), EVENT, RNG) == (Pass(),)


@pytest.mark.parametrize("answer", [None, (), "drop", Delay(-1), Delay(0.5), (Pass(), 3), [Pass()]])  # type: ignore[arg-type]
def test_an_answer_that_is_no_verdict_is_an_error_that_names_the_event(answer):
    with pytest.raises(TypeError, match=r"answers .* to event 4; wants Pass, Delay by 0 ns or more, Drop, or a tuple of them"):
        verdicts(lambda event, rng: answer, EVENT, RNG)


def test_a_fault_of_ones_own_can_be_written_as_text():
    def odd(event: Event, rng: Rng, n: int) -> Verdict:
        """Drop every event whose number n divides."""
        return Drop("odd") if event.seq % n == 0 else Pass()

    try:
        made = fault(odd)(n=2)
        assert verdicts(fault_of("odd(n=2)"), EVENT, RNG) == verdicts(made, EVENT, RNG) == (Drop("odd"),)
        assert str(made) == "odd(n=2)"
    finally:
        del DOES["odd"], MAKES["odd"]
