"""`omniflow replay --freeze --replace` runs a trace again with some operators as they were and others replaced; it says what it cannot."""

from __future__ import annotations

import json
import shutil

import pytest

from omniflow_graph import diff
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import load_trace
from operators.commands.what_if import unmeasured
from tests.operators.commands.rooms import ASK, LINE
from tests.simulations.yielding import talk

MINE = """
import numpy as np
from omniflow_graph import Event, seconds
from operators.words import Say, Wave

def slowly(state: None, event: Event[Say]) -> tuple[None, list[Wave]]:
    of = event.data
    return state, [Wave(of.response, of.part, of.last, of.text, np.full(2400 * len(of.text), 500, "<i2"), epoch=of.epoch)]

slowly.cost = seconds(0.5)

def text(event):
    return None

nothing = 3
"""


@pytest.fixture
def traced(omniflow, here):
    """A trace in the working directory, `run`, and a module of a user's."""
    (here / "mine_what_if.py").write_text(MINE)
    assert omniflow(*ASK, "--set", "force_listen=1", "--seed", "5", "--out", "run").code == 0
    return load_trace("run")


def test_what_is_frozen_gives_what_it_gave_and_the_rest_is_as_it_was(omniflow, traced):
    """Graph, model, script, seed and parameters are those of the run, which stand in the trace."""
    answer = omniflow("replay", "run", "--freeze", "decide", "--out", "again", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert [(turn["start_s"], turn["text"]) for turn in answer.json["turns"]] == [(2.29, LINE)]
    again = load_trace("again")
    assert (diff(traced, again), again.seed, again.end) == (None, 5, traced.end)
    run = open_recording("again/trace.mcap").manifest.notes["run"]
    assert (run["freeze"], run["force_listen"], run["script"]) == (["decide"], 1, "script.yaml")


def test_of_an_operator_that_was_replaced_the_first_difference_is_shown(omniflow, traced):
    answer = omniflow("replay", "run", "--freeze", "decide", "--replace", "wave=mine_what_if:slowly", "--out", "other", "--json")
    assert [(turn["start_s"], turn["end_s"]) for turn in answer.json["turns"]] == [(2.64, 5.54)]  # 29 letters of 0.1 s, after 0.5 s
    code, out, _ = omniflow("diff", "run", "other")
    assert code == 1
    assert "freeze: a none, b ['decide']\nreplace: a none, b ['wave=mine_what_if:slowly']\n" in out
    assert "not compared, since one run left them out with what is frozen: env-visual, env-audio, look, listen, window, playback\n" in out
    assert "first difference: edge 'wave', event 0, at 2.290 s" in out
    told = omniflow("diff", "run", "other", "--json").json
    assert (told["first"]["edge"], told["not_compared"][-1]) == ("wave", "playback")


def test_why_says_where_a_run_that_was_not_repeated_begins(omniflow, traced):
    omniflow("replay", "run", "--freeze", "decide", "--out", "again")
    assert "<- window #1 at 2.120 s: not run again: 'decide' is as it was recorded" in omniflow("why", "again", "--turn", "1").out


def test_without_freezing_operators_are_replaced_too(omniflow, traced):
    found = omniflow("replay", "room.mcap", *ASK[2:], "--replace", "wave=mine_what_if:slowly", "--json").json
    assert found["turns"][0]["start_s"] == 2.64


def test_several_are_frozen_and_replaced(omniflow, traced):
    options = ["--freeze", "decide", "--freeze", "listen", "--replace", "text=mine_what_if:text", "--replace", "wave=mine_what_if:slowly"]
    found = omniflow("replay", "run", *options, "--json").json
    assert (found["edges"]["text"]["events"], found["turns"][0]["start_s"], "listen" in found["edges"]) == (0, 2.64, False)


def test_windows_are_as_long_as_they_were(omniflow, here):
    omniflow(*ASK, "--window", "0.5", "--copy-inputs", "--out", "whole")
    assert omniflow("replay", "whole", "--freeze", "look", "--json").json["windows"] == 9


def test_of_a_stage_that_was_replaced_no_measured_cost_counts():
    session = talk(1)
    measured = type(session)("s", {}, 1, costs={("wave", 0): 5, ("decide", 0): 7})
    assert unmeasured(measured, ["wave=mine:slowly"]).costs == {("decide", 0): 7}
    assert unmeasured(measured, []) is measured


REFUSED = [
    (
        ["replay", "room.mcap", "--freeze", "decide"],
        "room.mcap: a recording of a session, not a trace; make one with `omniflow replay room.mcap --out DIR`",
    ),
    (["replay", "run", "--freeze", "vocode"], "graph 'duplex': cannot freeze 'vocode', which is no operator; its operators are look, listen, window"),
    (["replay", "run", "--freeze", "window"], "holds only a part of the payload of its event 0 at 1.000 s; freeze what reads it"),
    (["replay", "run", "--freeze", "look"], "run/trace.mcap: stream 'env-audio' stands in it by reference only; replay room.mcap"),
    (["replay", "run", "--replace", "vocode=mine_what_if:slowly"], "graph 'duplex': nothing named 'vocode' to replace; there are env-visual"),
    (["replay", "run", "--replace", "wave"], "--replace: wants NAME=MODULE:FUNCTION, such as wave=mine:voice, got 'wave'"),
    (["replay", "run", "--replace", "wave=mine_what_if:loud"], "--replace wave: 'mine_what_if:loud': module 'mine_what_if' has no 'loud'"),
    (["replay", "run", "--replace", "wave=mine_what_if:nothing"], "--replace wave: mine_what_if:nothing is no function, but int"),
    (
        ["replay", "run", "--replace", "wave=mine_what_if:text"],
        "stage 'wave': its function is called with (state, event), got one that takes (event)",
    ),
    (
        ["replay", "run", "--freeze", "decide", "--replace", "listen=operators.senses.ears:hear_fast"],
        "--replace listen: has no effect, it is left out: only what is frozen (decide) needed it",
    ),
    (["replay", "run", "--freeze", "wave", "--replace", "wave=mine_what_if:slowly"], "--replace wave: has no effect, it is frozen, too"),
    (["replay", "run", "room.mcap", "--freeze", "decide"], "--freeze: is for one recording at a time"),
    (["replay", "run", "--freeze", "decide", "--processes", "2"], "--freeze: goes with --processes 1"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda each: " ".join(each[1:]) if isinstance(each, list) else "")
def test_what_cannot_be_done_is_said_in_one_line(omniflow, traced, arguments, words):
    assert words in omniflow.refused(*arguments)


def test_a_trace_that_is_damaged_cannot_be_frozen(omniflow, traced, here):
    whole = (here / "run/trace.mcap").read_bytes()
    shutil.rmtree("run")
    (here / "cut.mcap").write_bytes(whole[: len(whole) * 2 // 3])
    assert "does not hold all its events, it is damaged" in omniflow.refused("replay", "cut.mcap", "--freeze", "heard")


def test_json_says_nothing_of_it_where_nothing_was_asked(omniflow, here):
    omniflow(*ASK, "--out", "plain")
    assert "freeze" not in json.dumps(open_recording("plain/trace.mcap").manifest.notes["run"])
