"""A fence makes a stage let go of what waits and of what is under way, at its own time, on every engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.engine.messages import Step
from omniflow_graph.errors import GraphError

END = 1000


def count(n: int, event: Event[int]) -> tuple[int, list[tuple[int, int]]]:
    """Answer with what it took and how many it took before; what it takes is what it costs."""
    return n + 1, [(event.data, n)]


def fenced(cancellable: bool, overrun: str = "queue") -> Graph:
    g = Graph("fenced")
    work, stop = g.source("work"), g.source("stop")
    g.sink("out", g.stage("do", work, count, state=0, cost=lambda event: event.data, overrun=overrun, fence=stop, cancellable=cancellable))
    return g


FLOWS = {cancellable: compile_flow(fenced(cancellable)) for cancellable in (False, True)}


def ran(cancellable: bool, work: list[tuple[int, int]], stops: list[int]) -> tuple[list, list[Step]]:
    session = Session("s", {"work": work, "stop": [(time, None) for time in stops]}, end=END)
    trace = run_direct(fenced(cancellable), session)
    assert [FLOWS[cancellable].run([session], batch=batch)["s"].digests for batch in (1, 3, 256)] == [trace.digests] * 3
    return [(event.time, *event.data) for event in trace["do"]], trace.stages["do"]


def test_a_step_under_way_is_dropped_and_the_next_one_starts_when_it_would_have_been_done():
    assert ran(False, [(0, 100), (60, 7)], [50]) == (
        [(107, 7, 0)],
        [Step("do", 0, 100, (0,), (0,)), Step("do", 100, 107, (1,), ())],
    )


def test_a_stage_that_can_be_cancelled_is_free_at_the_fence():
    assert ran(True, [(0, 100), (60, 7)], [50]) == (
        [(67, 7, 0)],
        [Step("do", 0, 50, (0,), (0,)), Step("do", 60, 67, (1,), ())],
    )


def test_what_waits_is_dropped_with_it():
    assert ran(True, [(0, 100), (10, 1), (20, 1), (50, 5)], [50]) == (
        [(55, 5, 0)],
        [Step("do", 0, 50, (0,), (0, 1, 2)), Step("do", 50, 55, (3,), ())],
    )


def test_at_one_time_the_fence_comes_first():
    assert ran(False, [(0, 50), (50, 5)], [50])[0] == [(55, 5, 0)]
    assert ran(False, [(0, 49), (50, 5)], [50])[0] == [(49, 49, 0), (55, 5, 1)]


def test_a_fence_at_an_idle_stage_does_nothing():
    assert ran(True, [(0, 10)], [20, 30]) == ([(10, 10, 0)], [Step("do", 0, 10, (0,), ())])


def test_a_step_that_costs_nothing_is_done_before_a_later_fence():
    assert ran(True, [(5, 0), (5, 0)], [6])[0] == [(5, 0, 0), (5, 0, 1)]


def test_what_a_long_window_or_the_newest_takes_is_dropped_as_a_whole():
    session = Session("s", {"work": [(0, 30), (10, 1), (20, 2)], "stop": [(31, None)]}, end=END)
    trace = run_direct(fenced(True, "newest"), session)
    assert [(event.time, *event.data) for event in trace["do"]] == [(30, 30, 0)]
    assert trace.stages["do"] == [Step("do", 0, 30, (0,), ()), Step("do", 30, 30, (), (1,)), Step("do", 30, 31, (2,), (2,))]


def by_hand(cancellable: bool, work: list[tuple[int, int]], stops: list[int]) -> list[tuple[int, int, int]]:
    """Say what comes out, step by step of time: another way than the engine's, which jumps."""
    out, queue, running, free_at, n = [], [], None, 0, 0
    for now in range(2 * END):
        if now in stops:
            queue = []
            if running:
                free_at = now if cancellable else running[0]
                running = None
        if running and running[0] == now:
            out.append((now, running[1], n))
            n, running = n + 1, None
        queue += [cost for time, cost in work if time == now]
        while queue and not running and free_at <= now:
            cost = queue.pop(0)
            if cost:
                running = (now + cost, cost)
                free_at = now + cost
            else:
                out.append((now, 0, n))
                n += 1
    return out


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=8),
    st.lists(st.integers(0, 60), max_size=4, unique=True),
    st.booleans(),
)
def test_it_does_what_a_clock_that_walks_does(work, stops, cancellable):
    work, stops = sorted(work, key=lambda item: item[0]), sorted(stops)
    assert ran(cancellable, work, stops)[0] == by_hand(cancellable, work, stops)


def test_a_fence_may_be_fed_by_what_the_stage_leads_to():
    g = Graph("loop")
    mic = g.source("mic")
    window = g.align("window", mic, length=10)
    stop = g.map("stop", window, lambda event: True if event.data.k == 2 else None)
    say = g.map("say", window, lambda event: 25)
    spoken = g.stage("speak", say, count, state=0, cost=lambda event: event.data, fence=stop, cancellable=True)
    g.feedback("heard", spoken, window)
    g.sink("out", spoken)
    session = Session("s", {"mic": [(n, 0) for n in range(0, 60, 5)]}, end=60)
    trace = run_direct(g, session)
    assert [event.time for event in trace["speak"]] == [55, 80, 105, 130]  # begun at 30 anew: the one of 10 was cancelled there
    assert compile_flow(g).run([session], batch=1)["s"] == trace


def test_what_can_be_cancelled_needs_a_fence():
    g = Graph("g")
    g.source("work")
    with pytest.raises(GraphError, match="stage 'do': is cancellable and has no fence at which to cancel"):
        g.stage("do", "work", count, cancellable=True)


def test_a_fence_shows_in_the_drawing_and_in_the_hash():
    plain, other = fenced(True), fenced(False)
    assert "cancelled by stop" in plain.text()
    assert "fenced by stop" in other.text()
    assert plain.hash() != other.hash() == plain.replace("do", cancellable=False).hash()
