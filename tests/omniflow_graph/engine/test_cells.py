"""What an operator hands over is taken as it was meant, or refused by name: answers of a wrong form, arrays changed later."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from omniflow_graph import Graph, RunError, Session, Trace, Wake, replay

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


def gather(so_far: list, event: Any) -> tuple[list, list]:
    """Put out the same list, longer each time."""
    so_far.append(event.data)
    return so_far, [(event.time, so_far)]


def count(so_far: dict, event: Any) -> tuple[dict, list]:
    """Put out the same map, changed each time."""
    so_far[str(event.data)] = event.time
    return so_far, [(event.time, so_far)]


def slide(level: np.ndarray, event: Any) -> tuple[np.ndarray, list]:
    """Put out a view of an array that goes on changing."""
    level[0] = event.data
    return level, [(event.time, level[:2])]


@pytest.mark.parametrize(("fn", "state"), [(gather, list), (count, dict), (slide, lambda: np.zeros(3, np.int64))])
def test_what_was_put_out_stays_what_it_was_however_events_are_batched(fn, state):
    g = Graph("g")
    g.sink("out", g.scan("s", g.source("mic"), fn, state=state))
    session = Session("ann", {"mic": [(n, n) for n in range(20)]}, end=30)
    traces = [replay(g, session, **how) for how in ({"engine": "direct"}, {"batch": 1}, {"batch": 7}, {})]
    assert len({trace.digest["media"] for trace in traces}) == 1
    assert len(traces[0]["s"][0].data) == len(traces[3]["s"][0].data) == (2 if fn is slide else 1)


@ENGINES
def test_an_operator_cannot_change_what_the_next_run_is_given(engine):
    def louder(event: Any) -> int:
        event.data[0] += 1
        return 0

    g = Graph("g")
    g.sink("out", g.map("louder", g.source("mic"), louder))
    samples = np.zeros(3, "<i2")
    with pytest.raises(ValueError, match="read-only"):
        replay(g, Session("ann", {"mic": [(0, samples)]}, end=9), engine=engine)
    samples[0] = 5  # whoever gave it may


@ENGINES
def test_a_wake_at_a_time_in_seconds_is_named(engine):
    with pytest.raises(RunError, match=r"scan 's': answers Wake\(time=5.5\) at 5; wants \(state, "):
        scanned([Wake(5.5)], engine)  # type: ignore[arg-type]


@ENGINES
@pytest.mark.parametrize("kind", ["scan", "stage"])
def test_a_function_that_forgets_its_state_is_named(kind, engine):
    g = Graph("g")
    g.sink("out", getattr(g, kind)("s", g.source("mic"), lambda state, event: None))
    with pytest.raises(TypeError, match=r"^returns NoneType; wants \(state, \[") as caught:
        replay(g, Session("ann", {"mic": [(5, 1)]}, end=9), engine=engine)
    assert caught.value.__notes__ == [f"in {kind} 's', session 'ann', at 5 ns (0.000 s)"]


@ENGINES
def test_a_map_that_answers_with_the_event_itself_is_named(engine):
    g = Graph("g")
    g.sink("out", g.map("same", g.source("mic"), lambda event: event))
    with pytest.raises(TypeError, match=r"^answers a whole Event of 'mic'; wants its payload, event.data"):
        replay(g, Session("ann", {"mic": [(5, 1)]}, end=9), engine=engine)
