"""Many sessions, on one process or two, come to what each comes to alone."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from omniflow_graph import Graph
from omniflow_graph.clock import wall_seconds
from operators.words import Ack
from simulations.many import World, play_many, summed
from simulations.scenario import MS, Scenario
from simulations.scenario_file import load_scenario
from simulations.world import simulate
from tests.simulations.minutes import minute

S = 1000 * MS


def outcomes(n: int, processes: int) -> list:
    return list(play_many([(minute(k), k) for k in range(n)], processes=processes))


def test_twenty_scenarios_come_to_what_each_comes_to_alone():
    found = outcomes(20, 1)
    assert [each.session for each in found] == [f"minute {n} {n}" for n in range(20)]
    assert len({each.digest["media"] for each in found}) == 20
    assert found[7] == summed(simulate(minute(7), seed=7))
    assert sum(each.turns for each in found) > 60


def short(name: str) -> Scenario:
    return replace(load_scenario(name), length=5 * S, frame=100 * MS)


def test_processes_do_not_show():
    sessions = [(short("questions"), seed) for seed in range(9)]
    assert list(play_many(sessions, processes=2)) == list(play_many(sessions))


def test_a_scenario_may_have_a_script_and_faults_of_its_own_and_options_another():
    line, questions = short("bad_line"), short("questions")
    both = list(play_many([(line, 1), (questions, 1)]))
    assert both == [summed(simulate(scenario, seed=1)) for scenario in (line, questions)]
    other = World(options=(("script", questions.script),))
    assert list(play_many([(line, 1)], other)) != both[:1]


def test_a_machine_may_be_named():
    (slow,), (fast,) = (play_many([(short("questions"), 1)], World(machine=name)) for name in ("rtx4090", None))
    assert (slow.session, slow.turns) == (fast.session, fast.turns)
    assert slow.timing != fast.timing


def test_any_graph_may_be_named():
    (found,) = play_many([(load_scenario("questions"), 0)], World("operators.turn_based:turn_based"))
    assert (found.turns, found.timing.windows, len(found.timing.replies)) == (3, 0, 3)


def echoing() -> Graph:
    """Be a graph that knows neither models nor scripts."""
    g = Graph("echoing")
    loud = g.align("window", g.source("env-audio"), length=S)
    g.sink("out", g.map("play", loud, lambda event: Ack(event.seq + 1, 0, True)))
    return g


def test_a_graph_need_not_know_models_or_scripts_nor_speak():
    (found,) = play_many([(short("questions"), 0)], World("tests.simulations.test_many:echoing"))
    assert (found.session, found.turns, found.timing) == ("questions 0", 0, None)


@pytest.mark.full
def test_a_thousand_scenarios_of_a_minute_take_a_minute():
    """Measured; a machine that is busy with something else is no failure, so five times as long is let pass."""
    began, cpu = wall_seconds(), os.times()
    found = outcomes(1000, 2)
    wall, used = wall_seconds() - began, os.times()
    spent = sum(used[:4]) - sum(cpu[:4])
    print(f"1,000 scenarios of 60 s on two processes: {wall:.1f} s, {spent:.1f} s of CPU")
    assert len(found) == 1000
    assert spent < 600
