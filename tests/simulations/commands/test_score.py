"""`omniflow score` finds traces and folders, prints each and all, writes folders, and refuses the rest in one line."""

from __future__ import annotations

import json

import pytest

import recordings
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from tests.omniflow_graph.commands.calls import Shell
from tests.simulations.metrics.folders import sample
from tests.simulations.metrics.lines import heard, ran, sound, speak, utterance

ASK = utterance(1, "say", 1000, ("Who", 0, 500), (" now?", 600, 1000))
REPLY = sound(1, 0, "Me", 1000, last=True, marks=((1000, 2),))
SHOWN = """\
talk: from the trace
takeover                                          1.000                 1 turn
response latency         500 ms, mean 500, most 500                 1 taken
stop latency                                                      0 stopped
talked on                                         0         0 interruptions
pauses kept                                            0 turns with pauses
backchannels carried on                                     0 acknowledgements
bystanders ignored                                            0 over an answer
overlap                                      0.00 s  1.00 s of user speech
false starts                                  0.000               1 answer
proactive hits                                                   no pictures
false alarms                                      0               1 answer
"""


@pytest.fixture
def omniflow(capsys, tmp_path, monkeypatch) -> Shell:
    """Call `omniflow` as a shell does, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


def trace(path, name: str = "talk"):
    """A session in which a question is answered after half a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = ran(user=[(980, ASK)], decide=[(2400, speak(1))], play=[(2500, REPLY)], heard=[(3500, heard(1, 1000, final=True))], end=4000, name=name)
    save_trace(made, path, copy_inputs=True)
    return path


def lines(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


def test_a_trace_is_shown_row_by_row_and_what_is_not_claimed_below(omniflow, tmp_path):
    trace(tmp_path / "run" / "trace.mcap")
    code, out, err = omniflow("score", "run")
    assert (code, err, lines(out)[:-1]) == (0, "", lines(SHOWN))
    assert out.splitlines()[-1].startswith("not claimed: how well an answer fits (Full-Duplex-Bench asks a language model); ")
    assert omniflow("score", "run/trace.mcap").out == out


def test_several_sessions_are_a_line_each_and_summed_up(omniflow, tmp_path):
    for name in ("b", "a"):
        trace(tmp_path / "runs" / name / "trace.mcap", name)
    shown = lines(omniflow("score", "runs").out)
    assert shown[1:3] == [["a", "1", "of", "1", "500", "0", "0", "0", "0"], ["b", "1", "of", "1", "500", "0", "0", "0", "0"]]
    assert shown[3:5] == [["all", "2", "sessions,", "from", "their", "traces"], ["takeover", "1.000", "2", "turns"]]
    found = omniflow("score", "runs/b", "runs", "--json").json["truth"]
    assert [each["session"] for each in found["sessions"]] == ["b", "a"]
    assert (found["all"]["takeover"], found["all"]["response_latency_ms"]["n"]) == ({"count": 2, "n": 2, "share": 1.0}, 2)


def test_a_replayed_recording_is_scored_by_what_was_heard_and_says_so(omniflow, tmp_path):
    made = run_direct(duplex(model="scripted-fast"), open_recording(recordings.path("three_questions")).session())
    save_trace(made, tmp_path / "trace.mcap")
    found = omniflow("score", ".")
    assert found.out.splitlines()[-2].startswith("what the user said is known by what was heard, on the edge 'listen'")
    assert ["takeover", "1.000", "3", "turns"] in lines(found.out)
    assert omniflow("score", ".", "--json").json["truth"]["all"]["told_by"] == "listen"


def test_folders_are_scored_task_by_task(omniflow, tmp_path):
    sample(tmp_path / "bench" / "candor_turn_taking" / "1")
    sample(tmp_path / "bench" / "candor_turn_taking" / "2", [])
    sample(tmp_path / "bench" / "synthetic_pause_handling" / "1", [], pause=[{"timestamp": [1.0, 1.5]}])
    code, out, err = omniflow("score", "bench")
    assert (code, err) == (0, "")
    assert lines(out)[:4] == [
        ["3", "folders,", "as", "Full-Duplex-Bench", "scores", "them"],
        ["in", "ms", "n", "TOR", "latency", "stop", "response", "mhm", "a", "s"],
        ["pause_handling", "1", "0.000"],
        ["smooth_turn_taking", "2", "0.500", "500", "(1)"],
    ]
    found = omniflow("score", "bench/candor_turn_taking/1", "--json").json
    assert (found["truth"], found["fdb"]["folders"][0]["latency_ms"], found["fdb"]["tasks"]["smooth_turn_taking"]["tor"]) == (None, 500.0, 1.0)
    assert len(found["not_claimed"]) == 5


def test_what_is_exported_scores_the_same(omniflow, tmp_path):
    trace(tmp_path / "run" / "trace.mcap")
    truth = omniflow("score", "run", "--export", "fdb", "out", "--json").json["truth"]["all"]
    assert sorted(path.name for path in (tmp_path / "out" / "smooth_turn_taking" / "1").iterdir()) == [
        "input.wav", "output.json", "output.wav", "speech.json", "turn_taking.json",
    ]  # fmt: skip
    fdb = omniflow("score", "out", "--json").json["fdb"]["tasks"]["smooth_turn_taking"]
    assert (fdb["tor"], fdb["latency_ms"]) == (truth["takeover"]["share"], truth["response_latency_ms"])
    assert json.loads((tmp_path / "out" / "sessions.json").read_text())["smooth_turn_taking/1"]["session"] == "talk"


def test_a_trace_and_folders_are_scored_side_by_side(omniflow, tmp_path):
    trace(tmp_path / "run" / "trace.mcap")
    sample(tmp_path / "bench" / "1")
    found = omniflow("score", "run", "bench", "--json").json
    assert (len(found["truth"]["sessions"]), len(found["fdb"]["folders"])) == (1, 1)


def test_a_damaged_trace_is_scored_as_far_as_it_goes_with_a_warning(omniflow, tmp_path):
    path = trace(tmp_path / "trace.mcap")
    path.write_bytes(path.read_bytes()[:-700])
    code, _, err = omniflow("score", path)
    assert (code, err.startswith("omniflow: warning: ")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere: there is no such file or folder; name a folder with the trace.mcap of `omniflow simulate --out`"),
        (["empty"], "empty: holds nothing to score; name a folder with the trace.mcap of `omniflow simulate --out`"),
        (["notes.txt"], "notes.txt"),
        (["empty", "--export", "csv", "out"], "--export: writes fdb, the folders of Full-Duplex-Bench, got 'csv'; as in --export fdb OUT"),
        (["bench", "--export", "fdb", "out"], "--export: writes what is in traces, and none was named"),
        (["run", "--export", "fdb", "empty/.."], "is there already and not an empty folder; name another one"),
        (["deaf"], "deaf: score: the trace of 'talk' has neither an edge 'user' nor 'listen' that tells when the user spoke; score a trace of"),
        (["spoilt"], "1/output.json: is not JSON"),
        (["named"], "named/first: holds a sample, but its name is no number"),
        ([], "the following arguments are required: DIR"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_line(omniflow, tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no trace")
    sample(tmp_path / "bench" / "1")
    (sample(tmp_path / "spoilt" / "1") / "output.json").write_text("{")
    sample(tmp_path / "named" / "first")
    trace(tmp_path / "run" / "trace.mcap")
    (tmp_path / "deaf").mkdir()
    save_trace(ran(), tmp_path / "deaf" / "trace.mcap")
    assert words in omniflow.refused("score", *arguments)
