"""While a session runs it is told whether it holds real time, and which stage missed which deadlines."""

from __future__ import annotations

from typing import Any

from omniflow_graph import Event, Graph, seconds
from omniflow_graph.engine.messages import Chunk, Step
from operators.live.progress import Progress

MS = 1_000_000


def progress(*steps: tuple[str, int, int, int]) -> Progress:
    """Make what was told of steps: (stage, window, start in ms, done in ms)."""
    g = Graph("g")
    worked = g.stage("work", g.align("window", g.source("mic"), length=seconds(0.2)), lambda state, event: (state, [1]))
    g.sink("out", g.stage("speak", worked, lambda state, event: (state, [])))
    found = Progress(g, 50 * MS)
    for stage, k, start, done in steps:
        found("s", Chunk({}, [Step(stage, start * MS, done * MS, (k,), ())], {}, {}))
    return found


def test_the_factor_is_that_of_the_stage_that_works_on_windows():
    assert progress(("work", 0, 250, 300), ("work", 1, 450, 600), ("speak", 0, 300, 900)).factor("s") == 0.5
    assert progress().factor("s") == 0.0


def test_only_the_last_ten_steps_count():
    assert progress(*(("work", k, 0, 200 if k < 5 else 20) for k in range(15))).factor("s") == 0.1


def test_a_deadline_is_when_the_next_window_may_be_begun():
    assert progress(("work", 0, 250, 450)).sessions["s"].missed == {}
    assert progress(("work", 0, 250, 451), ("work", 1, 451, 600)).sessions["s"].missed == {"work": 1}


def test_a_window_is_known_by_its_number_also_behind_a_merge_and_an_order_is_none():
    g = Graph("g")
    merged = g.merge("arrivals", g.align("window", g.source("mic"), length=seconds(0.2)), g.source("orders"))
    g.sink("out", g.stage("work", merged, lambda state, event: (state, [1])))
    found = Progress(g, 50 * MS)
    arrivals = [Event(150 * MS, "arrivals", 0, 1, (("orders", 0, 0),)), Event(200 * MS, "arrivals", 1, 2, (("window", 0, 0),))]
    steps: list[Any] = [Step("work", 150 * MS, 999 * MS, (0,), ()), Step("work", 999 * MS, 1050 * MS, (1,), ())]
    found("s", Chunk({"arrivals": arrivals}, steps, {}, {}))
    assert (found.factor("s"), found.sessions["s"].missed) == (0.255, {"work": 1})


def test_the_line_says_it_all():
    counts = {"late": 3, "overflow": 2, "refused": 1, "gap": 9}
    assert progress(("work", 0, 250, 451)).line("s", seconds(12), counts, 1500 * MS) == (
        "s 12 s, x1.00 of real time, late 3, dropped 3, lead 1.5 s, work missed 1"
    )
    assert progress().line("s", 0, {}, -5) == "s 0 s, x0.00 of real time, late 0, dropped 0, lead 0.0 s"


def test_what_has_ended_is_forgotten():
    found = progress(("work", 0, 250, 300))
    found.forget("s")
    assert found.sessions == {}
