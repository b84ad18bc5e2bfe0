"""A graph runs at the speed of a machine, and a published machine comes to its published factor."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, GraphError, seconds
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from simulations.real_time.machines import MACHINES, on, speeds
from simulations.scenario import At, Scenario, say
from simulations.world import simulate

HELLO = Scenario("hello", seconds(5), (say("Hello there", At(seconds(0.5))),))
GRAPH = duplex(model="scripted-fast")


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_known_as_a_whole_comes_to_its_published_factor(name):
    machine = MACHINES[name]
    if machine.basis == "whole":
        assert machine.parts.second / 1_000_000 == pytest.approx(machine.published_rtf, abs=0.001)


def test_the_parts_that_were_published_come_to_more_than_the_factor_of_the_same_card():
    f16 = MACHINES["rtx4090-f16"]
    assert (f16.parts.unit(), f16.parts.second, f16.published_rtf) == (103_000_000, 655_500_000, 210)


def test_every_stage_of_the_pipeline_costs_what_it_costs_there():
    trace = simulate(HELLO, on(GRAPH, "rtx4090-f16"))
    assert {step.done - step.start for step in trace.stages["decide"]} == {21_000_000 + 38_000_000}  # the camera is off


def test_a_machine_may_be_one_of_ones_own():
    assert speeds(MACHINES["rtx4090"]) == speeds("rtx4090")
    assert on(GRAPH, MACHINES["rtx4090"]).hash() == on(GRAPH, "rtx4090").hash() != on(GRAPH, "rtx5080").hash() != GRAPH.hash()


@pytest.mark.parametrize("model", ["scripted-fast", "blocked", "passive"])
def test_a_scripted_model_knows_how_long_its_sound_takes_there(model):
    def delays(graph: Graph) -> list[int]:
        bound = graph.nodes["decide"].fn.keywords  # type: ignore[union-attr]
        return [keywords["pace"].delay for keywords in (bound, getattr(bound.get("decide"), "keywords", {})) if "pace" in keywords]

    graph = duplex(model=model)
    assert (delays(graph), delays(on(graph, "rtx4090-f16"))) == ([290_000_000], [655_500_000])


def test_a_recorded_run_is_a_machine_too(tmp_path):
    save_trace(simulate(HELLO, GRAPH.replace("decide", cost=70_000_000)), tmp_path / "trace.mcap", copy_inputs=True)
    trace = simulate(HELLO, on(GRAPH, f"measured:{tmp_path / 'trace.mcap'}"))
    assert {step.done - step.start for step in trace.stages["decide"]} == {70_000_000}


def test_a_machine_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match=r"machine 'rtx9090': nobody published figures of it; wants one of rtx4090-f16, .*, or measured:REC"):
        on(GRAPH, "rtx9090")


def test_a_graph_with_none_of_the_stages_is_refused():
    g = Graph("meter")
    g.sink("out", g.source("mic", int))
    with pytest.raises(GraphError, match="graph 'meter': has no stage of those whose cost is known there: decide, speech, wave"):
        on(g, "rtx4090")
