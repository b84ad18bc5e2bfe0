"""What an operator hands over is taken as it was meant, or refused by name: answers of a wrong form, arrays changed later."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from omniflow_graph import Graph, RunError, Session, Trace, replay

ENGINES = pytest.mark.parametrize("engine", ["bytewax", "direct"])


def scanned(answers: Any, engine: str) -> Trace:
    g = Graph("g")
    g.sink("out", g.scan("s", g.source("mic"), lambda state, event: (state, answers)))
    return replay(g, Session("ann", {"mic": [(5, 1)]}, end=9), engine=engine)


def staged(answers: Any, engine: str, cost: Any = 0) -> Trace:
    g = Graph("g")
    g.sink("out", g.stage("m", g.source("mic"), lambda state, event: (state, answers), cost=cost))
    return replay(g, Session("ann", {"mic": [(5, 1)]}, end=9), engine=engine)


@ENGINES
@pytest.mark.parametrize("answers", [[5], [(5, 1, 2)], [b"ab"], ["ab"], (5, 7), 5, None])
def test_a_scan_that_answers_in_another_form_is_named(answers, engine):
    with pytest.raises(RunError, match=r"^session 'ann', scan 's': answers .* at 5; wants \(state, \[\(time, payload\), Wake\(time\), ...\]\)"):
        scanned(answers, engine)


@ENGINES
@pytest.mark.parametrize("answers", [b"ab", "ab", None, 5])
def test_a_stage_that_answers_in_another_form_is_named(answers, engine):
    with pytest.raises(RunError, match=r"^session 'ann', stage 'm': answers .* at 5; wants \(state, \[payload, ...\]\)"):
        staged(answers, engine)


@ENGINES
@pytest.mark.parametrize("cost", [-1, 0.5, None, True])
def test_a_cost_that_is_no_duration_is_named(cost, engine):
    with pytest.raises(RunError, match=rf"^session 'ann', stage 'm': event 0 costs {cost}; wants nanoseconds as an int, 0 or more"):
        staged([1], engine, cost=lambda event: cost)


@ENGINES
def test_answers_may_be_a_list_or_a_tuple(engine):
    assert [(e.time, e.data) for e in scanned(([6, "a"], (7, "b")), engine)["s"]] == [(6, "a"), (7, "b")]
    assert [e.data for e in staged(("a", "b"), engine)["m"]] == ["a", "b"]


class Heard(NamedTuple):
    samples: np.ndarray


def in_place(state: np.ndarray, event: Any) -> tuple[np.ndarray, list]:
    """Change the array that was given out before."""
    state += event.data
    return state, [(event.time, state)]


def in_a_record(state: np.ndarray, event: Any) -> tuple[np.ndarray, list]:
    """The same, in a field of a record."""
    state += event.data
    return state, [(event.time, Heard(state))]


@ENGINES
@pytest.mark.parametrize("fn", [in_place, in_a_record])
def test_an_array_that_was_given_out_cannot_be_changed_later(fn, engine):
    g = Graph("g")
    g.sink("out", g.scan("level", g.source("mic"), fn, state=lambda: np.zeros(3, np.int64)))
    with pytest.raises(ValueError, match="read-only") as caught:
        replay(g, Session("ann", {"mic": [(0, 1), (5, 2)]}, end=9), engine=engine)
    assert caught.value.__notes__ == ["in scan 'level', session 'ann', at 5 ns (0.000 s)"]


@ENGINES
def test_a_state_that_cannot_be_made_is_noted(engine):
    g = Graph("g")
    g.sink("out", g.scan("s", g.source("mic"), lambda state, event: (state, []), state=lambda: 1 // 0))
    with pytest.raises(ZeroDivisionError) as caught:
        replay(g, Session("ann", {"mic": [(5, 1)]}, end=9), engine=engine)
    assert caught.value.__notes__ == ["in scan 's', session 'ann', at 0 ns (0.000 s)"]
