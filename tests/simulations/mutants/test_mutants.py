"""Each planted mistake is found by the kit's invariants, and a pipeline without any passes the same looks."""

from __future__ import annotations

import pytest

from omniflow_graph.testing import ALWAYS, another_hash_seed_changes_nothing
from simulations.proving.invariants import ALL
from tests.simulations.mutants.held import found
from tests.simulations.mutants.mutants import MUTANTS, Mutant

RERUN = {"replay_is_a_function", "no_output_knows_the_future", "draws_follow_the_seed"}


def test_the_pipeline_without_a_mistake_breaks_nothing():
    assert found() == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_mutant_is_killed_by_the_invariants_that_it_breaks(mutant: Mutant, monkeypatch):
    assert mutant.killed_by <= found(mutant.plant(monkeypatch), [mutant.look])


@pytest.mark.parametrize(("case", "broken"), [("sorted_case", []), ("hashed_case", ["another_hash_seed_changes_nothing"])])
def test_what_goes_by_the_order_of_a_set_is_found_by_another_hash_seed(case, broken):
    violations = another_hash_seed_changes_nothing(f"tests.simulations.mutants.held:{case}")
    assert [each.invariant for each in violations] == broken


def test_every_invariant_of_the_kit_kills_a_mutant():
    killers = set().union(*(mutant.killed_by for mutant in MUTANTS))
    assert killers == {each.__name__ for each in (*ALWAYS, *ALL)} | RERUN
