"""A sound conversation breaks no invariant, whatever is drawn; one that does fails with the chain of causes. The mutants show each at work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph import Trace
from omniflow_graph.testing import broken
from operators.duplex import duplex
from simulations.proving.invariants import (
    ALL,
    UNDER_FAULTS,
    check_all,
    lead_is_bounded,
    nothing_old_sounds,
    questions_are_answered,
    staleness_is_bounded,
)
from simulations.proving.strategies import scenarios
from simulations.scenario_file import bundled, load_scenario
from simulations.world import simulate
from tests.omniflow_graph.testing.small import ran
from tests.simulations.mutants.held import SCRIPT, TALK
from tests.simulations.mutants.mutants import late_flush


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_scenario_holds(name):
    check_all(simulate(load_scenario(name), seed=1))


@settings(max_examples=settings.default.max_examples // 8)
@given(scenarios(), st.integers(0, 3))
def test_whatever_is_drawn_holds(scenario, seed):
    check_all(simulate(scenario, seed=seed))


@settings(max_examples=settings.default.max_examples // 15)
@given(scenarios(faulty=True), st.integers(0, 3))
def test_whatever_goes_wrong_around_it_what_no_fault_excuses_holds(scenario, seed):
    check_all(simulate(scenario, seed=seed))


def late(monkeypatch) -> Trace:
    return simulate(TALK, late_flush(monkeypatch)(model="scripted-fast", script=SCRIPT), seed=1)


def test_a_conversation_that_breaks_an_invariant_fails_with_the_chain_of_what_broke_it(monkeypatch):
    with pytest.raises(AssertionError) as failed:
        check_all(late(monkeypatch))
    lines = str(failed.value).splitlines()
    assert lines[:2] == [
        "session 'talk 1', seed 1:",
        "nothing_old_sounds: at 7.320 s: answer 1 of epoch 0 sounds until 7320000000 ns, flushed at 7120000000 ns",
    ]
    chain = [line.split()[1] for line in lines if line.strip().startswith("<- ")]
    assert chain[:4] == ["wave", "speech", "decide", "window"]


def test_an_invariant_can_be_left_out_by_its_name(monkeypatch):
    trace = late(monkeypatch)
    check_all(trace, but=("nothing_old_sounds", "acknowledgements_make_sense"))
    with pytest.raises(ValueError, match="check_all: there is no invariant nothing_new_sounds; there are acknowledgements_make_sense, "):
        check_all(trace, but=("nothing_new_sounds",))


def test_a_frame_that_was_with_the_device_may_be_played_out(monkeypatch):
    trace = late(monkeypatch)
    assert [each.time for each in nothing_old_sounds(trace, frame=199_999_999)] == [7_320_000_000]
    assert nothing_old_sounds(trace, frame=200_000_000) == []


def test_bounds_can_be_given_in_nanoseconds():
    trace = simulate(TALK, duplex(model="scripted-fast", script=SCRIPT), seed=1)
    waited = max(sound.time - wave.time for sound, wave in pairs(trace))
    assert lead_is_bounded(trace, most=waited) == []
    assert len(lead_is_bounded(trace, most=waited - 1)) == 1
    assert staleness_is_bounded(trace, most=0) != []
    assert [each.invariant for each in questions_are_answered(trace, within=1)] == ["questions_are_answered"]


def pairs(trace: Trace) -> list:
    waves = {(event.data.response, event.data.part): event for event in trace["wave"]}
    return [(event, waves[event.data.response, event.data.part]) for event in trace["play"] if hasattr(event.data, "samples")]


def test_a_graph_without_the_edges_of_a_conversation_is_an_error_that_names_one():
    with pytest.raises(KeyError, match="no edge 'decide'"):
        nothing_old_sounds(ran())


def test_under_faults_only_what_no_fault_excuses_is_held():
    assert {*UNDER_FAULTS} < {*ALL}
    lossy = replace(TALK, faults=(("playback", "loss(permille=500)"),))
    trace = simulate(lossy, duplex(model="scripted-fast", script=SCRIPT), seed=1)
    assert broken(trace) == []
    check_all(trace)
