"""A step is late when it is done after the next window's end; on one processor steps wait for each other."""

from __future__ import annotations

from omniflow_graph import Event, Graph, Session, Trace
from omniflow_graph.engine.direct import run_direct
from simulations.faults.carrying import Told
from simulations.faults.faulty import with_faults
from simulations.faults.kinds import jump
from simulations.real_time.deadlines import Work, shared, work


def same(state: None, event: Event[object]) -> tuple[None, list[object]]:
    return state, [event.seq]


def run(first: int, second: int, *, end: int = 300, faults: dict | None = None, fence: bool = False, overrun: str = "queue") -> Trace:
    """Two stages one after the other, behind windows of 100 ns."""
    g = Graph("two")
    cut = g.source("cut", int)
    think = g.stage("think", g.align("window", g.source("mic", int), length=100), same, cost=first, overrun=overrun)
    g.sink("out", g.stage("speak", think, same, cost=second, fence=cut if fence else None), cut)
    return run_direct(with_faults(g, faults or {}), Session("s", {"mic": [(5, 1)], "cut": [(215, 0)] if fence else []}, end=end))


def brief(done: list[Work]) -> list[tuple]:
    return [(each.stage, each.window, each.start, each.done, each.late) for each in done]


def test_every_step_knows_its_window_and_its_deadline():
    first, _ = work(run(30, 80, end=100))
    assert first == Work("think", 0, 30, 100, 100, 130, 100, 200, None)


def test_what_follows_a_step_is_about_the_same_window_and_comes_after_it():
    done = work(run(30, 80, end=200))
    assert brief(done) == [
        ("think", 100, 100, 130, False),
        ("speak", 100, 130, 210, True),
        ("think", 200, 200, 230, False),
        ("speak", 200, 230, 310, True),
    ]
    assert [each.after for each in done] == [None, ("think", 0), None, ("think", 1)]


def test_done_at_the_next_windows_end_is_in_time():
    assert [each.late for each in work(run(30, 70, end=100))] == [False, False]


def test_a_stage_that_falls_behind_is_late_with_every_window():
    assert [each for each in brief(work(run(120, 0, end=300))) if each[0] == "think"] == [
        ("think", 100, 100, 220, True),
        ("think", 200, 220, 340, True),
        ("think", 300, 340, 460, True),
    ]


def test_on_one_processor_steps_wait_for_each_other_in_the_order_in_which_they_are_there():
    assert brief(shared(work(run(30, 80, end=200)))) == [
        ("think", 100, 100, 130, False),
        ("speak", 100, 130, 210, True),
        ("think", 200, 210, 240, False),
        ("speak", 200, 240, 320, True),
    ]


def test_two_stages_that_hold_alone_may_not_hold_together():
    done = work(run(60, 60, end=1000))
    assert (sum(each.late for each in done), sum(each.late for each in shared(done))) == (10, 15)
    assert max(each.done - each.window for each in done) == 120  # it never falls behind,
    assert max(each.done for each in shared(done)) == 1000 + 300  # and here it does, by 20 a window


def test_what_a_fence_drops_is_no_work_that_was_done():
    assert [each.window for each in work(run(10, 90, end=300, fence=True)) if each.stage == "speak"] == [100, 300]


def test_windows_that_are_worked_on_together_count_for_the_last():
    done = [each for each in work(run(250, 0, end=500, overrun="merge")) if each.stage == "think"]
    assert [(each.window, each.start) for each in done] == [(100, 100), (300, 350), (500, 600)]


def test_what_is_late_on_its_way_keeps_its_window_and_its_way():
    trace = run(10, 10, end=100, faults={"think": jump(at=0, by=50)})
    assert trace["think/faults"][0].data == (Told("delayed", "jump", 50),)
    assert brief(shared(work(trace))) == [("think", 100, 100, 110, False), ("speak", 100, 160, 170, False)]


def test_without_windows_nothing_has_a_deadline():
    g = Graph("plain")
    g.sink("out", g.stage("think", g.source("mic", int), same, cost=500))
    (step,) = work(run_direct(g, Session("s", {"mic": [(5, 1)]}, end=10)))
    assert step == Work("think", 0, 500, 5, 5, 505, None, None, None)
