"""A graph described in JSON is run and reported in JSON. What it must come to is in tests/semantics."""

from __future__ import annotations

import json

import pytest

from omniflow_graph.command import main
from omniflow_graph.selftest import run_file, selftest

NODES = [
    {"kind": "source", "name": "mic"},
    {"kind": "align", "name": "w", "of": ["mic"], "length": 10},
    {"kind": "stage", "name": "model", "of": ["w"], "fn": "size", "args": [], "cost": 14, "overrun": "newest"},
    {"kind": "sink", "name": "out", "of": ["model"]},
]
CASE = {"graph": {"nodes": NODES}, "events": {"end": 30, "sources": {"mic": [[3, 1]]}}}
WINDOWS = [
    {"k": 0, "start": 0, "end": 10, "ready": 10, "partial": False, "events": [["mic", 3, 0, 1]]},
    {"k": 1, "start": 10, "end": 20, "ready": 20, "partial": False, "events": []},
    {"k": 2, "start": 20, "end": 30, "ready": 30, "partial": False, "events": []},
]
REPORT = {
    "edges": {"mic": [[3, 0, 1]], "w": [[w["end"], w["k"], w] for w in WINDOWS], "model": [[24, 0, 1], [38, 1, 0], [52, 2, 0]]},
    "made_of": {"mic": [[]], "w": [[["mic", 0, 0]], [], []], "model": [[["w", 0, 0]], [["w", 1, 1]], [["w", 2, 2]]]},
    "sinks": {"out": [["model", 24, 0], ["model", 38, 1], ["model", 52, 2]]},
    "stages": {"model": [[10, 24, [0], []], [24, 38, [1], []], [38, 52, [2], []]]},
}


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE))
    return str(path)


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
def test_a_file_is_run_and_everything_that_came_out_reported(case, engine):
    report = run_file(case, engine)
    assert {**report, "digests": None, "run": None} == {**REPORT, "digests": None, "run": None}
    assert [len(digest) for digest in (*report["digests"].values(), report["run"])] == [64] * 4


def test_the_command_prints_the_report(case, capsys):
    assert main(["selftest", case, "--engine", "direct", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [run_file(case)]


def test_a_graph_without_meaning_is_a_report_of_its_error():
    nodes = [*NODES, {"kind": "filter", "name": "f", "of": ["mic"]}]
    assert selftest({**CASE, "graph": {"nodes": nodes}}) == {"error": "GraphError", "message": "f: there is no kind 'filter'"}


def test_a_broken_promise_is_a_report_of_its_error():
    late = {"end": 3, "sources": {"mic": [[3, 1]]}}
    report = selftest({**CASE, "events": late})
    assert report["error"] == "RunError"
    assert "source 'mic': event 0 has time 3" in report["message"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "wants an object with 'graph' and 'events'"),
        ('{"graph": {"nodes": []}}', "wants an object with 'graph' and 'events'"),
        ('{"graph": {"nodes": [{"kind": "source"}]}, "events": {"end": 1, "sources": {}}}', "describes no graph: KeyError: 'name'"),
        (json.dumps(CASE).replace("size", "shape"), "describes no graph: KeyError: 'shape'"),
    ],
)
def test_a_file_that_is_no_case_is_refused_with_its_path(tmp_path, capsys, text, words):
    path = tmp_path / "case.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words) as refused:
        run_file(str(path))
    assert str(refused.value).startswith(f"{path}: ")
    assert main(["selftest", str(path)]) == 2
    assert words in capsys.readouterr().err
