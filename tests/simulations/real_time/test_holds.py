"""Whether a run holds real time is judged on one processor, by late steps and by silences in the middle of answers."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, Session, seconds
from omniflow_graph.engine.direct import run_direct
from operators.duplex import duplex
from operators.scripted.script import Rule
from simulations.real_time.deadlines import shared, work
from simulations.real_time.holds import Load, holding, plain, silences
from simulations.real_time.machines import on
from simulations.scenario import At, Scenario, say
from simulations.world import simulate

MS = 1_000_000
LINE = "It is a lamp of brass, made a hundred years ago, and it has hung in many houses since."
ASKED = Scenario("asked", seconds(10), (say("What is that over there?", At(seconds(0.5))),), script=(Rule("speech_ends", 1, LINE),))
GRAPH = duplex(model="scripted-fast", script=ASKED.script)  # type: ignore[arg-type]


def on_costs(decide: int, speech: int, wave: int) -> Graph:
    return GRAPH.replace("decide", cost=decide * MS).replace("speech", cost=speech * MS).replace("wave", cost=wave * MS)


def test_each_stage_is_measured_alone_and_all_of_them_on_one_processor():
    trace = simulate(ASKED, on_costs(100, 10, 50))
    found, waves = holding(trace), len(trace["wave"])
    assert found.stages == (
        Load("decide", 10, 1000 * MS, 100 * MS, 0),
        Load("speech", 10, 100 * MS, 10 * MS, 0),
        Load("wave", waves, waves * 50 * MS, 50 * MS, 0),
    )
    assert found.one == Load("all", 20 + waves, 1100 * MS + waves * 50 * MS, 160 * MS, 0)
    assert (found.holds, found.one.factor(found.length)) == ("yes", 0.11 + waves * 0.005)


def test_a_stage_that_keeps_up_alone_may_not_on_one_processor():
    found = holding(simulate(ASKED, on_costs(600, 10, 800)))
    assert all(stage.factor(found.length) < 1 for stage in found.stages)
    assert found.one.most == 1410 * MS
    assert (found.holds, found.silent > 0) == ("no", True)


def test_some_late_steps_of_which_nothing_is_heard_are_no_more_than_late():
    slow_once = GRAPH.replace("decide", cost=lambda event: 1500 * MS if event.seq == 0 else 100 * MS)
    found = holding(simulate(ASKED, slow_once))
    assert (found.one.late, found.silent, found.holds) == (2, 0, "late")  # the decision, and what follows it


@pytest.mark.parametrize(("machine", "holds"), [("rtx4090", "yes"), ("dgx-spark", "yes"), ("dgx-spark-pytorch", "no")])
def test_published_machines_hold_or_do_not_as_was_published(machine, holds):
    assert holding(simulate(ASKED, on(GRAPH, machine))).holds == holds


def test_an_answer_is_silent_where_its_next_part_is_not_there_in_time():
    trace = simulate(ASKED, on_costs(100, 10, 50))
    done = [each._replace(done=each.done + (seconds(2) if each.stage == "wave" and each.seq == 2 else 0)) for each in work(trace)]
    (silent,) = silences(trace, done)
    sounds = [event for event in trace["play"] if hasattr(event.data, "samples")]
    over = sounds[1].time + len(sounds[1].data.samples) * seconds(1) // 24_000
    assert silent == trace["wave"][2].time + seconds(2) - over > 0
    assert silences(trace, shared(work(trace))) == [0]


def test_a_graph_in_which_nobody_speaks_is_measured_too():
    g = Graph("meter")
    g.sink("out", g.stage("work", g.align("window", g.source("mic", int), length=10), lambda state, event: (state, []), cost=12))
    found = plain(holding(run_direct(g, Session("s", {"mic": [(0, 1)]}, end=20))))
    load = {"steps": 2, "rtf": 1.2, "most_s": 12e-9, "late": 2}
    assert found == {"holds": "no", "stages": {"work": load}, "one_processor": load, "silent_s": 0.0}


def test_a_session_of_no_length_asks_nothing():
    assert Load("work", 0, 0, 0, 0).factor(0) == 0.0
