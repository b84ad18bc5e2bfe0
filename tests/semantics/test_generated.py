"""Graphs drawn from seeds must do what an independent definition of the semantics says; see README.md."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph.selftest import selftest
from tests.semantics.engines import ENGINES
from tests.semantics.generate import generate

GOLDENS = json.loads((Path(__file__).parent / "goldens.json").read_text(encoding="utf-8"))
VERDICTS = GOLDENS["verdicts"]
BLOCK = 250  # seeds that one test runs


@pytest.mark.parametrize("engine", ENGINES, ids=str)
@pytest.mark.parametrize("first", range(0, len(VERDICTS), BLOCK))
def test_drawn_graphs_do_what_the_definition_says(first, engine):
    seeds = [seed for seed in range(first, first + BLOCK) if VERDICTS[seed] is not None]
    found = {seed: verdict(selftest(generate(seed), *engine)) for seed in seeds}
    assert {s: v for s, v in found.items() if v != VERDICTS[s]} == {}, (
        f"other than the definition, by seed; to see one: python tests/semantics/generate.py SEED > case.json, "
        f"then omniflow selftest case.json --engine {engine.name} --batch {engine.batch} --workers {engine.workers}"
    )


def test_the_generator_draws_the_graphs_that_the_goldens_are_of():
    cases = sha256()
    for seed in range(len(VERDICTS)):
        cases.update(canonical(generate(seed)))
    assert cases.hexdigest() == GOLDENS["cases"]


def verdict(report: dict[str, Any]) -> str:
    """Boil a report down to what the goldens hold: the kind of error, or a digest of everything that came out."""
    return report["error"] if "error" in report else sha256(canonical(report)).hexdigest()[:16]


def canonical(value: Any) -> bytes:
    """Write a value as JSON in one way only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
