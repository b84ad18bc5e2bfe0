"""`omniflow replay` runs a recording through a graph, as asked, and tells what came of it; what it cannot do it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from omniflow_graph import diff, seconds
from omniflow_graph.recording import RecordingWriter, open_recording
from omniflow_graph.trace.stored import load_trace
from operators.commands.outcome import outcome
from operators.words import Ack
from recordings import bundled
from tests.operators.commands.rooms import ASK, FAST, LINE, answered, room

ROOT = Path(__file__).resolve().parents[3]


def told(omniflow, *arguments: object) -> dict:
    answer = omniflow(*arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    return answer.json


# What is told


def test_json_is_one_object_on_the_last_line(omniflow, here):
    trace = answered(open_recording("room.mcap"), "script.yaml")
    answer = omniflow(*ASK, "--json")
    found = answer.json
    times = {name: found.pop(name) for name in ("wall_s", "x_realtime", "load_s")}
    assert (answer.code, answer.out.count("\n"), answer.err) == (0, 1, "")
    assert {name: value > 0 for name, value in times.items()} == {"wall_s": True, "x_realtime": True, "load_s": True}
    assert found == {
        "session": "room", "duration_s": 4.5, "windows": 5, "complete": True, "files": {}, "damage": None, "counterfactual_from_s": 2.29,
        "turns": [{"start_s": 2.29, "end_s": 4.03, "text": LINE, "cause": "user speech 1 ended at 1.98 s"}], "behind": [], "warnings": [],
        "digest": trace.digest, "edges": outcome(trace, open_recording("room.mcap"))["edges"],
    }  # fmt: skip


def test_without_json_the_turns_are_shown(omniflow, here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    code, out, err = omniflow(*ASK)
    assert (code, err) == (0, "")
    assert out.startswith("room: what was said, when and why")
    assert "│2.29 s │ 4.03 s │ I can hear you very well now. │ user speech 1 ended at 1.98 s│" in out


def test_the_command_works_from_any_shell(here):
    command = [sys.executable, "-m", "omniflow_graph.command", *ASK, "--json"]
    done = subprocess.run(command, cwd=here, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr, json.loads(done.stdout)["turns"][0]["start_s"]) == (0, "", 2.29)


def test_a_bundled_recording_is_known_by_its_name_and_its_user_reacts_to_the_assistant_of_then(omniflow):
    assert told(omniflow, "replay", "three_questions", *FAST)["counterfactual_from_s"] == 5.29
    found = told(omniflow, "replay", "dialogue_zh", "--model", "recorded")
    assert (found["counterfactual_from_s"], [turn["start_s"] for turn in found["turns"]]) == (None, [3.88, 10.48])
    assert told(omniflow, "replay", bundled()["dialogue_zh"], *FAST)["counterfactual_from_s"] == 3.88


# What is asked for


@pytest.mark.parametrize("options", [["--engine", "direct"], ["--workers", "2"], ["--batch", "1"], ["--seed", "7"], ["--pace", "1e6"]])
def test_how_it_is_run_does_not_show_in_what_comes_of_it(omniflow, here, options):
    assert told(omniflow, *ASK, *options)["digest"] == answered(open_recording("room.mcap"), "script.yaml").digest


@pytest.mark.parametrize("options", [["--engine", "direct"], ["--workers", "2"], ["--processes", "2"]])
def test_what_is_drawn_depends_on_the_seed_alone(omniflow, here, options):
    lottery = ("replay", "room.mcap", "--graph", "graphs_for_replay:lottery", "--seed")
    assert told(omniflow, *lottery, 1, *options)["digest"] == told(omniflow, *lottery, 1)["digest"] != told(omniflow, *lottery, 2)["digest"]


def test_windows_are_as_long_as_asked_for(omniflow, here):
    found = told(omniflow, *ASK, "--window", "0.2")
    assert (found["windows"], found["digest"]) == (23, answered(open_recording("room.mcap"), "script.yaml", window=0.2).digest)


def test_a_graph_of_ones_own_is_run(omniflow, here):
    found = told(omniflow, "replay", "room.mcap", "--graph", "graphs_for_replay:listener", "--out", "out")
    assert ({edge: told["events"] for edge, told in found["edges"].items()}, found["windows"]) == ({"env-audio": 225, "loud": 225}, 0)
    assert (found["turns"], sorted(found["files"])) == ([], ["trace", "turns"])


def test_what_was_heard_comes_from_the_recording_if_it_holds_that_and_else_from_a_player(omniflow, here):
    assert told(omniflow, *ASK)["edges"]["playback"]["events"] == 10
    acks = [(2.5, Ack(1, 4800, False)), (4.1, Ack(1, 41_760, True))]
    room(here, acks=acks)
    assert told(omniflow, *ASK)["edges"]["playback"]["events"] == 2
    assert told(omniflow, *ASK, "--playback", "recorded")["edges"]["playback"]["events"] == 2
    assert told(omniflow, *ASK, "--playback", "simulated")["edges"]["playback"]["events"] == 10


# What is left in a folder


def test_the_folder_gets_the_trace_the_sound_and_the_turns(omniflow, here):
    found = told(omniflow, *ASK, "--seed", "5", "--out", "new/out")
    names = {"trace": "trace.mcap", "speech": "speech.wav", "turns": "turns.json"}
    assert found["files"] == {name: str(Path("new/out", file)) for name, file in names.items()}
    assert sorted(path.name for path in (here / "new/out").iterdir()) == sorted(names.values())
    assert json.loads((here / "new/out/turns.json").read_text()) == found["turns"]
    trace, manifest = load_trace("new/out"), open_recording("new/out/trace.mcap").manifest
    assert (trace.digest, trace.seed, manifest.model, manifest.source) == (found["digest"], 5, "scripted-fast", "room.mcap")
    run = {"graph": "operators.duplex:duplex", "script": "script.yaml", "playback": "simulated", "cost": "measured"}
    assert (manifest.notes["run"], manifest.notes["windows_s"]) == (run, {"window": 1.0})
    assert (manifest.streams["out-stream"].rate_hz, manifest.streams["env-audio"].rate_hz) == (24_000, 16_000)


def test_a_folder_that_is_there_gets_them_anew(omniflow, here):
    told(omniflow, *ASK, "--out", "folder")
    again = told(omniflow, *ASK, "--window", "0.2", "--out", "folder")
    assert load_trace("folder").digest == again["digest"]


def test_a_trace_with_its_inputs_is_a_recording_that_replays_to_itself(omniflow, here):
    first = told(omniflow, *ASK, "--out", "out", "--copy-inputs")
    for options in ([*FAST, "--script", "script.yaml"], ["--model", "recorded"]):
        again = told(omniflow, "replay", "out", *options, "--out", "again")
        assert (again["turns"], again["counterfactual_from_s"], again["digest"]) == (first["turns"], None, first["digest"])
        assert diff(load_trace("out"), load_trace("again")) is None


def test_costs_are_those_of_the_recording_unless_declared_ones_are_asked_for(omniflow, here):
    told(omniflow, *ASK, "--out", "out", "--copy-inputs")
    half = ("replay", "out", *FAST, "--script", "script.yaml", "--window", "0.5")
    assert "the recording holds no cost for event 5 of 'window'; replay with declared costs instead" in omniflow.refused(*half, "--cost", "recorded")
    assert [told(omniflow, *half, *cost)["windows"] for cost in ((), ("--cost", "declared"))] == [9, 9]


@pytest.mark.parametrize("several", [[], ["--recover"]])
def test_costs_that_were_measured_are_taken_also_in_a_run_of_many(omniflow, here, several):
    manifest, events = open_recording("room.mcap").manifest, list(open_recording("room.mcap").events())
    for name, declared in (("measured", False), ("told", True)):
        with RecordingWriter(f"{name}.mcap", manifest) as writer:
            for event in events:
                writer.add(event)
            for k in range(5):
                writer.cost("decide", k, seconds(0.3), declared=declared)
    found = {}
    for name, cost in product(("measured", "told"), ("measured", "recorded", "declared")):
        options = ["--cost", cost, *([*several, f"{name} {cost}"] if several else [])]
        found[name, cost] = told(omniflow, "replay", f"{name}.mcap", *ASK[2:], *options)["turns"][0]["start_s"]
    assert found == {
        ("measured", "measured"): 2.47, ("measured", "recorded"): 2.47, ("measured", "declared"): 2.29,
        ("told", "measured"): 2.29, ("told", "recorded"): 2.47, ("told", "declared"): 2.29,
    }  # fmt: skip


# Which assistant


def test_the_assistant_that_a_recording_holds_is_given_back_unless_another_one_is_named(omniflow):
    code, out, err = omniflow("replay", "dialogue_zh", "--json")
    assert (code, err) == (
        0,
        "omniflow: dialogue_zh: gives back the assistant that was recorded; choose another one with --model, such as scripted\n",
    )
    assert json.loads(out)["turns"] == told(omniflow, "replay", "dialogue_zh", "--model", "recorded")["turns"] != []


def test_a_script_is_said_by_the_scripted_model_whoever_was_recorded(omniflow, here):
    (here / "script.yaml").write_text(f"- when: {{at: 0.5}}\n  say: {LINE}")
    assert [turn["text"] for turn in told(omniflow, "replay", "dialogue_zh", "--script", "script.yaml")["turns"]] == [LINE]


def test_of_several_recordings_each_gets_the_model_that_fits_it_and_it_is_said_once(omniflow, here):
    assert omniflow(*ASK, "--window", "0.5", "--out", "kept", "--copy-inputs").code == 0
    code, out, err = omniflow("replay", "dialogue_zh", "three_questions", "kept", "--json")
    words = "dialogue_zh, room: gives back the assistant that was recorded; choose another one with --model, such as scripted"
    assert (code, err) == (0, f"omniflow: {words}\n")
    found = json.loads(out)["sessions"]
    assert [(each["session"], each["windows"], each["turns"][0]["start_s"]) for each in found] == [
        ("dialogue_zh", 15, 3.88), ("three_questions", 22, 5.29), ("room", 9, 2.1725),
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["scripted", "scripted-fast"])
@pytest.mark.parametrize("window", ["0.5", "1.0"])
def test_a_trace_is_given_back_with_the_ears_and_the_windows_that_it_was_made_with(omniflow, here, model, window):
    first = told(omniflow, "replay", "room.mcap", "--model", model, "--window", window, "--out", "first", "--copy-inputs")
    for then, now in (("first", "second"), ("second", "third")):
        again = told(omniflow, "replay", then, "--model", "recorded", "--out", now, "--copy-inputs")
        assert (again["digest"], again["edges"]) == (first["digest"], first["edges"])
    assert "was decided in windows of" in omniflow.refused("replay", "first", "--window", "0.2")


def test_a_trace_that_was_cut_in_the_middle_is_given_back_as_far_as_it_goes(omniflow, here):
    """Cut between a decision and its wave."""
    told(omniflow, *ASK, "--out", "first", "--copy-inputs")
    recording = open_recording("first/trace.mcap")
    with RecordingWriter("cut.mcap", recording.manifest) as writer:
        costs = {}
        for event, digest in recording.records(recording.manifest.streams, costs, declared=True):
            if event.stream != "wave" or event.seq == 0:
                writer.add(event, digest)
        for (stage, seq), cost in costs.items():
            writer.cost(stage, seq, cost, declared=True)
    code, out, err = omniflow("replay", "cut.mcap", "--model", "recorded", "--json")
    assert (code, err) == (0, "omniflow: warning: session 'room': there is no wave for answer 1, part 1; silence stands in its place\n")
    assert [(turn["end_s"], turn["text"]) for turn in json.loads(out)["turns"]] == [(3.73, "I can hear you very well")]


def test_a_stage_that_falls_behind_is_a_warning(omniflow, here):
    code, out, err = omniflow(*ASK, "--window", "0.02", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "".join(f"omniflow: warning: {words}\n" for words in found["warnings"]))
    assert [(each["stage"], each["window_s"]) for each in found["behind"]] == [("decide", 0.02), ("wave", 0.02)]
    assert "stage 'decide' ends the session behind" in omniflow(*ASK, "--window", "0.02").err


@pytest.mark.parametrize("window", ["1.0", "0.5", "0.2", "0.1"])
def test_the_scripted_model_holds_real_time_in_windows_as_short_as_a_small_model_would(omniflow, here, window):
    assert told(omniflow, *ASK, "--window", window)["behind"] == []


# What goes wrong on the way


def test_a_cut_recording_is_replayed_as_far_as_it_goes_with_a_warning(omniflow, here):
    path = here / "room.mcap"
    path.write_bytes(path.read_bytes()[:-6000])
    answer = omniflow(*ASK)
    assert answer.code == 0
    assert answer.err.startswith("omniflow: warning: room.mcap: was cut")


def test_an_error_of_ones_own_operator_is_told_with_its_traceback(omniflow, here):
    with pytest.raises(TypeError, match="byte indices must be integers") as caught:
        omniflow("replay", "room.mcap", "--graph", "graphs_for_replay:broken")
    assert caught.value.__notes__ == ["in map 'loud', session 'room', at 0 ns (0.000 s)"]
