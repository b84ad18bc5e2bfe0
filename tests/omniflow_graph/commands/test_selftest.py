"""`omniflow selftest` runs a graph described in JSON on either engine, and prints all that came out as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from omniflow_graph.selftest import run_file

NODES = [{"kind": "source", "name": "mic"}, {"kind": "align", "name": "w", "of": ["mic"], "length": 10}, {"kind": "sink", "name": "out", "of": ["w"]}]
CASE = {"graph": {"nodes": NODES}, "events": {"end": 30, "sources": {"mic": [[3, 1], [12, 4]]}}}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.json").write_text(json.dumps(CASE))
    (tmp_path / "notes.txt").write_text("no case")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "shapeless.json").write_text('{"graph": {"nodes": [{"name": "mic"}]}, "events": {"end": 30, "sources": {}}}')
    (tmp_path / "senseless.json").write_text(json.dumps({**CASE, "graph": {"nodes": NODES[1:]}}))
    return tmp_path


@pytest.mark.parametrize("options", [[], ["--engine", "direct"], ["--batch", "1"], ["--workers", "2"]])
def test_the_report_is_that_of_the_case_however_it_is_run(omniflow, here, options):
    answer = omniflow("selftest", "case.json", "--json", *options)
    assert (answer.code, answer.out.count("\n"), answer.json) == (0, 1, run_file("case.json", "direct"))
    assert answer.json["edges"]["mic"] == [[3, 0, 1], [12, 1, 4]]


def test_without_json_it_is_indented_for_people(omniflow, here):
    out = omniflow("selftest", "case.json").out
    assert (json.loads(out), out.splitlines()[:2]) == (run_file("case.json", "direct"), ["{", ' "edges": {'])


def test_a_graph_without_meaning_is_a_result(omniflow, here):
    answer = omniflow("selftest", "senseless.json", "--json")
    assert (answer.code, answer.json["error"]) == (0, "GraphError")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.json"], "omniflow: nowhere.json: there is no such file or folder"),
        (["."], "omniflow: .: is a folder, and a file is wanted"),
        (["notes.txt"], "notes.txt: is not JSON"),
        (["picture.jpg"], "picture.jpg: is not JSON"),
        (["list.json"], "list.json: wants an object with 'graph' and 'events'"),
        (["shapeless.json"], "shapeless.json: describes no graph: KeyError: 'kind'"),
        (["case.json", "--batch", "0"], "wants batch and workers of 1 or more, got batch=0, workers=1"),
        (["case.json", "--workers", "-1"], "got batch=256, workers=-1"),
        (["case.json", "--engine", "steam"], "argument --engine: invalid choice: 'steam' (choose from 'bytewax', 'direct')"),
    ],
)
def test_what_is_no_case_is_refused(omniflow, here, arguments, words):
    assert words in omniflow.refused("selftest", *arguments)
