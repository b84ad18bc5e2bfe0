"""`omniflow shrink` writes a small recording that fails as the whole one does, and says if it does not fail at all."""

from __future__ import annotations

import sys

import pytest

from omniflow_graph import Event, replay
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo, open_recording
from operators.duplex import duplex
from tests.omniflow_graph.commands.calls import Shell
from tests.operators.commands.rooms import STREAMS, script
from tests.simulations.yielding import talk, yields

MINE = """
from omniflow_graph import Graph
from tests.simulations.yielding import yields

def holds(trace):
    return True

def breaks(trace):
    return trace["nothing"]

def short(trace):
    return len(trace["loud"]) < 5

def nothing_lost(trace):
    lost = [event for event in trace.edges.get("env-audio/faults", ()) if any(told.done == "dropped" for told in event.data)]
    assert len(lost) < 3, f"{len(lost)} frames lost"

def nothing_lost_or_said(trace):
    if any(event.data.text == "Oh!" for event in trace["decide"]):
        nothing_lost(trace)

def long_steps(trace):
    assert all(step.done - step.start < 900_000_000 for step in trace.stages["think"])

def think(state, event):
    return state, [event.seq]

def listener():
    g = Graph("listener")
    g.sink("out", g.map("loud", g.source("env-audio"), lambda event: event.data[0] and len(event.data) or None))
    return g

def thinker():
    g = Graph("thinker")
    g.sink("out", g.stage("think", g.align("window", g.source("env-audio"), length=1_000_000_000), think, cost=1000))
    return g

words = "no function"
"""
LINE = """
length: 4000
user:
- {say: Hello, at: 500}
camera:
- {at: 0, scene: a street}
assistant:
- {when: {at: 1.0}, say: Oh!}
faults:
  env-audio: loss(permille=100)
  env-visual: loss(permille=100)
"""
MODEL = ("--model", "scripted-fast", "--script", "script.yaml", "--set", "overlap=listen-only")


@pytest.fixture
def omniflow(capsys) -> Shell:
    """Call `omniflow` as a shell does."""
    return Shell(capsys)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a talk of 12 s, a script, and a module of properties."""
    write(tmp_path / "talk.mcap")
    script(tmp_path, *["I can hear you very well now."] * 5)
    (tmp_path / "mine_shrink.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    return tmp_path


def write(path, costs: dict[tuple[str, int], int] | None = None) -> None:
    session = talk(12, (0.5, 1.5), (4, 5), (6.3, 8.4), frame=0.1)
    with RecordingWriter(path, Manifest("talk", session.end, STREAMS, licence="CC0")) as writer:
        for (stage, seq), cost in (costs or {}).items():
            writer.cost(stage, seq, cost, 0)
        for event in session.events([*STREAMS]):
            writer.add(event)


def test_what_is_found_opens_and_replays_to_the_same_failure(omniflow, here):
    answer = omniflow("shrink", "talk.mcap", "--property", "mine_shrink:yields", *MODEL, "--json")
    found, least = answer.json, open_recording("talk.min.mcap")
    assert (answer.code, answer.err, found["fails"], found["done"], found["out"]) == (0, "", True, True, "talk.min.mcap")
    assert found["from"] == {"length_s": 12.0, "events": 132, "streams": {"env-visual": 12, "env-audio": 120}, "faults": []}
    assert (found["to"]["streams"], found["to"]["length_s"] < 3) == ({"env-visual": 0, "env-audio": 19}, True)
    assert found["failure"]["words"].startswith("answer 1 goes on after 1.20 s")
    graph = duplex(model="scripted-fast", script="script.yaml", overlap="listen-only")
    with pytest.raises(AssertionError, match=r"answer 1 goes on after 1.20 s"):
        yields(replay(graph, "talk.min.mcap", engine="direct"))
    assert (least.manifest.session, least.manifest.source, least.manifest.licence) == ("talk", "talk.mcap", "CC0")
    assert least.manifest.notes["shrunk"]["property"] == "mine_shrink:yields"
    assert least.manifest.streams["env-audio"].rate_hz == 16_000


def test_people_are_told_in_four_lines(omniflow, here):
    code, out, err = omniflow("shrink", "talk.mcap", "--property", "mine_shrink:short", "--graph", "mine_shrink:listener", "--out", "least.mcap")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[:2] == ["talk.mcap: the property returns False", "least.mcap: the property returns False"]
    assert lines[2] == "0.40 s instead of 12.00 s, 5 events instead of 120: 5 of env-audio"
    assert lines[3].endswith("nothing more can be taken away")


def test_a_recording_that_does_not_fail_is_said_to_be_fine(omniflow, here):
    holds = ("shrink", "talk.mcap", "--property", "mine_shrink:holds", "--graph", "mine_shrink:listener")
    assert omniflow(*holds)[:2] == (1, "talk.mcap: mine_shrink:holds does not fail, so there is nothing to shrink\n")
    assert (omniflow(*holds, "--json").json["fails"], (here / "talk.min.mcap").exists()) == (False, False)


def test_costs_that_were_measured_stay_where_it_needs_them(omniflow, here):
    write(here / "slow.mcap", {("think", k): 950_000_000 if k == 7 else 1000 for k in range(12)})
    found = omniflow("shrink", "slow.mcap", "--property", "mine_shrink:long_steps", "--graph", "mine_shrink:thinker", "--json").json
    assert (found["fails"], found["to"]["events"]) == (True, 0)
    assert open_recording("slow.min.mcap").costs()["think", 7] == 950_000_000


def test_a_simulated_session_is_shrunk_with_its_script_and_its_faults(omniflow, here):
    """Its faults are those of the scenario; those that it fails without go."""
    (here / "line.yaml").write_text(LINE)
    assert omniflow("simulate", "line.yaml", "--out", "sim").code == 0
    answer = omniflow("shrink", "sim/trace.mcap", "--property", "mine_shrink:nothing_lost_or_said", "--json")
    found = answer.json
    assert (answer.code, found["to"]["faults"]) == (0, ["env-audio=loss(permille=100)"])
    assert (found["to"]["events"], found["failure"]["words"].splitlines()[0]) == (3, "3 frames lost")


def test_faults_are_added_by_name(omniflow, here):
    fault = "env-audio=both(jitter(most_ms=60), loss(permille=200))"
    options = ("--property", "mine_shrink:nothing_lost", "--graph", "mine_shrink:listener", "--fault", fault)
    assert omniflow("shrink", "talk.mcap", *options, "--json").json["to"]["faults"] == [fault]
    assert "; with " + fault in omniflow("shrink", "talk.mcap", *options).out


def test_when_the_tries_are_spent_it_writes_what_there_is(omniflow, here):
    found = omniflow("shrink", "talk.mcap", "--property", "mine_shrink:short", "--graph", "mine_shrink:listener", "--tries", "2")
    assert found.out.endswith("the budget is spent; with a larger --budget, or more --tries, more may go\n")
    assert open_recording("talk.min.mcap").manifest.session == "talk"


REFUSED = [
    (["talk.mcap", "--property", "mine_shrink:nobody"], "--property: 'mine_shrink:nobody': module 'mine_shrink' has no 'nobody'"),
    (["talk.mcap", "--property", "mine_shrink:words"], "--property: mine_shrink:words is no function, but str"),
    (
        ["talk.mcap", "--property", "mine_shrink:breaks", "--graph", "mine_shrink:listener"],
        "no edge 'nothing' in this trace; there are env-audio, loud",
    ),
    (["talk.mcap", "--property", "mine_shrink:holds", "--out", "talk.mcap"], "--out talk.mcap: is a folder, or the recording itself"),
    (["talk.mcap", "--property", "mine_shrink:holds", "--out", "a/b.mcap"], "--out a/b.mcap: there is no such folder"),
    (["talk.mcap", "--property", "mine_shrink:holds", "--budget", "0"], "wants a --budget of more than 0 s"),
    (["talk.mcap", "--property", "mine_shrink:holds", "--fault", "loss"], "--fault: wants EDGE=FAULT, as in env-audio=loss(permille=20), got 'loss'"),
    (["talk.mcap", "--property", "mine_shrink:holds", "--fault", "nose=loss(permille=2)", "--graph", "mine_shrink:listener"], "has no edge 'nose'"),
    (["nobody.mcap", "--property", "mine_shrink:holds"], "nobody.mcap: there is no such file"),
    (["run", "--property", "mine_shrink:holds"], "stands in it by reference only; replay talk.mcap, or write this one again with --copy-inputs"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda each: each if isinstance(each, str) else "")
def test_what_cannot_be_done_is_said_in_one_line(omniflow, here, arguments, words):
    if arguments[0] == "run":
        omniflow("replay", "talk.mcap", *MODEL, "--out", "run")
    assert words in omniflow.refused("shrink", *arguments)


def test_what_a_recording_cannot_hold_exactly_is_said(omniflow, here):
    """A window that came in is written without its events."""
    with RecordingWriter(here / "odd.mcap", Manifest("odd", 10, {"env-audio": StreamInfo("value")})) as writer:
        writer.add(Event(0, "env-audio", 0, [1, 2]))
    (here / "mine_odd.py").write_text("CALLS = []\ndef once(trace):\n    CALLS.append(1)\n    return len(CALLS) > 3\n")
    words = omniflow.refused("shrink", "odd.mcap", "--property", "mine_odd:once", "--graph", "mine_shrink:listener", "--tries", "2")
    assert "odd.min.mcap: does not replay to the same failure, but to none" in words
