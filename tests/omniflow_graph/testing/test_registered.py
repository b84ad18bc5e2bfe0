"""What other packages add is found by its name, what is not there is told with what is, and what draws is loaded when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import omniflow_graph.testing as kit
from omniflow_graph.testing.registered import modules, names, queries
from tests.omniflow_graph.testing.small import ran


def test_what_others_add_is_found_by_its_name():
    from omniflow_graph.testing import assert_stops_within, check_all, scenarios, turns

    assert [each.__module__ for each in (assert_stops_within, check_all, scenarios, turns)] == [
        "operators.testing", "simulations.proving.invariants", "simulations.proving.strategies", "operators.turns",
    ]  # fmt: skip


def test_what_is_not_there_is_told_with_what_is():
    with pytest.raises(
        ImportError, match=r"omniflow_graph.testing has no 'assert_sings'; there are ALWAYS, .*about, .*assert_stops_within, .*sessions"
    ):
        from omniflow_graph.testing import assert_sings  # noqa: F401 - that is what fails


def test_what_python_asks_every_module_for_is_no_import_error():
    assert getattr(kit, "__wrapped__", None) is None


def test_all_that_it_names_is_there():
    assert [name for name in (*kit.__all__, *names()) if getattr(kit, name, None) is None] == []


def test_what_can_be_asked_are_functions_of_a_trace():
    assert set(queries()) == {"turns", "heard", "speech", "sounds"}
    assert [module.__name__ for module in modules()] == ["operators.testing", "simulations.proving.testing"]
    with pytest.raises(KeyError, match="no edge 'decide'"):
        kit.about(ran()).turns()


def test_hypothesis_is_loaded_only_by_what_draws():
    code = "import sys; from omniflow_graph.testing import about, assert_stops_within, check_all; print({'hypothesis', 'bytewax'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
