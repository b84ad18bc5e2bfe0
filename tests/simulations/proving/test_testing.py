"""Simulations are found where the test kit is, and a test written with it reads like one about any graph."""

from __future__ import annotations

import pytest

from omniflow_graph import seconds
from omniflow_graph.testing import assert_replies_within, check_all, simulate
from simulations.proving import strategies, testing
from simulations.scenario_file import load_scenario


def test_what_it_names_is_there():
    assert {name: getattr(testing, name) for name in ("faults", "scenarios", "users")} == {
        "faults": strategies.faults, "scenarios": strategies.scenarios, "users": strategies.users,
    }  # fmt: skip
    with pytest.raises(AttributeError, match="no attribute 'machines'"):
        _ = testing.machines


def test_a_simulated_conversation_is_held_to_its_times():
    trace = simulate(load_scenario("questions"), seed=2)
    check_all(trace)
    assert len(assert_replies_within(trace, seconds(2))) == 3
