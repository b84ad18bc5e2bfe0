"""A page is one file that asks no network, whatever a session is called and says."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from omniflow_graph import seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.trace.trace import NOT_KEPT
from operators.duplex import duplex
from operators.report.page import page
from tests.operators.commands.rooms import answered, room, script


def data_of(text: str) -> dict:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_page_holds_all_it_needs(tmp_path):
    recording = room(tmp_path)
    text = page([(answered(recording, script(tmp_path)), recording.session())])
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", text) == []
    assert re.findall(r"https?://", text) == []
    assert data_of(text)["runs"][0]["session"] == "room"
    assert data_of(text)["difference"] is None


def test_nothing_that_is_said_can_end_the_script(tmp_path):
    recording = room(tmp_path)
    trace = answered(recording, script(tmp_path, "'</script><script>alert(1)</script> $js'"))
    trace.session = "<b>&room</b>"
    text = page([(trace, recording.session())], sound=False)
    assert text.count("<script") == 2
    assert "<title>&lt;b>&amp;room&lt;/b></title>" in text
    assert data_of(text)["runs"][0]["turns"][0]["text"] == "</script><script>alert(1)</script> $js"


def test_two_runs_are_compared_by_their_first_difference(tmp_path):
    recording = room(tmp_path)
    a, b = (answered(recording, script(tmp_path, line)) for line in ("I hear you.", "I hear him."))
    data = data_of(page([(a, recording.session()), (b, recording.session())], sound=False))
    assert data["difference"]["t"] == 2120.0
    assert data["difference"]["text"].startswith("first difference: edge 'decide', event 1, at 2.120 s")
    assert [run["turns"][0]["text"] for run in data["runs"]] == ["I hear you.", "I hear him."]


def test_three_runs_are_too_many(tmp_path):
    recording = room(tmp_path)
    run = (answered(recording, script(tmp_path)), None)
    with pytest.raises(ValueError, match=r"wants one run or two to compare, got 3"):
        page([run, run, run])


def test_on_top_stands_what_the_run_came_to(tmp_path):
    data = data_of(page([(answered(room(tmp_path), script(tmp_path)), None)], sound=False))
    assert data["numbers"] == [
        ["windows", "5", "", False],
        ["turns", "1", "", False],
        ["response latency", "790 ms, mean 790, most 790", "1 taken", False],
        ["takeover", "1.000", "1 turn", False],
        ["talked on", "0", "0 interruptions", False],
        ["overlap", "0.00 s", "1.00 s of user speech", False],
        ["false starts", "0.000", "1 answer", False],
        ["false alarms", "0", "1 answer", False],
        ["longest lead", "1.44 s", "of sound that waited to be played", False],
        ["oldest word when heard", "1.43 s", "of 7, since its window ended", False],
        ["decide: deadlines missed", "0", "of 5 steps", False],
        ["speech: deadlines missed", "0", "of 5 steps", False],
        ["wave: deadlines missed", "0", "of 2 steps", False],
    ]


def test_of_two_runs_both_figures_stand_on_top_where_they_differ(tmp_path):
    recording = room(tmp_path)
    long, short = ((answered(recording, script(tmp_path, line)), None) for line in ("I hear you well, and all of it.", "I hear you."))
    numbers = {name: rest for name, *rest in data_of(page([long, short], sound=False))["numbers"]}
    assert numbers["turns"] == ["1", "", False]
    assert numbers["oldest word when heard"] == ["1.49 s, 0.65 s", "A, B", False]


def test_what_could_not_be_summed_up_is_told(tmp_path):
    trace = answered(room(tmp_path), script(tmp_path))
    trace.edges["look"] = [trace.edges["listen"][0]._replace(data=NOT_KEPT)]
    about = data_of(page([(trace, None)], sound=False))["about"]
    assert about[-1].startswith("not summed up: score: the trace of 'room' did not keep 'look'")


def test_a_stage_that_cannot_keep_up_is_marked(tmp_path):
    slow = duplex(model="scripted-fast", script=script(tmp_path)).replace("decide", cost=seconds(1.6))
    data = data_of(page([(run_direct(slow, room(tmp_path).session()), None)], sound=False))
    assert [row for row in data["numbers"] if row[3]] == [
        ["decide: deadlines missed", "5", "of 5 steps, the latest by 3.00 s", True],
        ["speech: deadlines missed", "5", "of 5 steps, the latest by 3.02 s", True],
        ["wave: deadlines missed", "2", "of 2 steps, the latest by 1.97 s", True],
        ["decide ends behind by", "4.00 s", "", True],
    ]


def test_a_run_that_was_stopped_says_so(tmp_path):
    recording = room(tmp_path)
    trace = replace(answered(recording, script(tmp_path)), complete=False)
    assert "4.5 s, stopped before its end" in data_of(page([(trace, None)], sound=False))["about"]
