"""Each rule of what a graph means, shown by one small case that was worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph.selftest import run_file
from tests.semantics.engines import ENGINES

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


@pytest.mark.parametrize("engine", ENGINES, ids=str)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_comes_out_as_worked_out_by_hand(path, engine):
    expected = json.loads(path.read_text(encoding="utf-8"))["expected"]
    assert mentioned(run_file(str(path), *engine), expected) == expected


def test_there_are_eighteen_cases():
    assert [path.stem[:2] for path in CASES] == [f"{n:02}" for n in range(1, 19)]


def mentioned(report: Any, expected: Any) -> Any:
    """Cut a report down to what a case speaks of; a list is compared whole."""
    if not isinstance(expected, dict):
        return json.loads(json.dumps(report))
    return {key: mentioned(report[key], value) for key, value in expected.items() if key in report}
