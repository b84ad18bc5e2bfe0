"""A property fails by returning False or by an AssertionError; another kind, or another place, is another failure."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Graph, Session, Trace
from omniflow_graph.engine.direct import run_direct
from simulations.shrinking.failures import Failure, failing, failure_of


class TooLoud(AssertionError):
    """Be an AssertionError of one's own."""


def echo() -> Graph:
    g = Graph("echo")
    g.sink("out", g.map("loud", g.source("mic"), lambda event: 10 // event.data))
    return g


def trace(*numbers: int) -> Trace:
    return run_direct(echo(), heard(*numbers))


def heard(*numbers: int) -> Session:
    return Session("s", {"mic": list(enumerate(numbers))}, end=len(numbers))


def quiet(of: Trace) -> None:
    numbers = [event.data for event in of["loud"]]
    assert len(numbers) < 4, f"{len(numbers)} of them"
    if max(numbers, default=0) > 5:
        raise TooLoud(f"{max(numbers)} is too loud")
    if sum(numbers) > 9:
        raise TooLoud("together they are too loud")


@pytest.mark.parametrize("holds", [lambda of: None, lambda of: True, lambda of: 0, lambda of: "words"])
def test_what_returns_anything_but_false_holds(holds):
    assert failure_of(trace(1), holds) is None


def test_how_it_fails_is_the_kind_the_place_and_the_words():
    assert failure_of(trace(1), lambda of: False) == Failure("False", "", "the property returns False")
    assert failure_of(trace(2, 3, 5, 7), quiet) == Failure(
        "builtins:AssertionError", "test_failures.py:32", "4 of them\nassert 4 < 4\n +  where 4 = len([5, 3, 2, 1])"
    )
    found = failure_of(trace(1), quiet)
    assert found == Failure(f"{__name__}:TooLoud", "test_failures.py:34", "10 is too loud")
    assert str(found) == "10 is too loud (TooLoud, test_failures.py:34)"


def test_what_else_a_property_raises_is_its_own_error():
    with pytest.raises(KeyError, match="no edge 'quiet'"):
        failure_of(trace(1), lambda of: of["quiet"])


LOUD = Failure(f"{__name__}:TooLoud", "test_failures.py:34", "9 is too loud")
SESSIONS = {
    "the same, in other words": ((1,), True),
    "another assertion of the same property": ((1, 1, 1, 1), False),
    "the same kind, raised elsewhere": ((2, 2), False),
    "none": ((2,), False),
    "a run that breaks off": ((1, 0), False),
}


@pytest.mark.parametrize(("numbers", "same"), SESSIONS.values(), ids=SESSIONS)
def test_only_the_same_failure_counts(numbers, same):
    assert failing(echo(), quiet, LOUD)(heard(*numbers)) is same


def test_a_property_that_breaks_on_what_nobody_recorded_does_not_fail():
    def first(of: Trace) -> bool:
        return of["loud"][0].data < 5

    fails = failing(echo(), first, Failure("False"))
    assert [fails(heard(1)), fails(heard(3)), fails(heard())] == [True, False, False]


def test_what_was_frozen_in_a_session_is_not_changed_by_asking():
    session = Session("s", {"mic": [Event(0, "mic", 7, 1)]}, end=1)
    assert failing(echo(), quiet, LOUD)(session)
    assert session.sources == {"mic": [Event(0, "mic", 7, 1)]}
