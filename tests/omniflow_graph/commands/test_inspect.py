"""`omniflow inspect` says what is in a recording or a trace, stream by stream."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omniflow_graph import Event, seconds
from omniflow_graph.recording import Manifest, StreamInfo, write_recording
from omniflow_graph.trace.stored import save_trace
from tests.omniflow_graph.trace.parrot import parrot, traced

ROOT = Path(__file__).parents[3]
STREAMS = {"mic": StreamInfo("audio", rate_hz=16_000, format="pcm-s16"), "words": StreamInfo("text", "out"), "eye": StreamInfo("image")}
EVENTS = [Event(0, "mic", 0, bytes(640)), Event(seconds(0.5), "words", 0, "hello"), Event(seconds(1.25), "mic", 1, bytes(640))]
SURVEY = {
    "session": "talk", "source": "a test", "licence": "CC0", "model": None, "seed": None, "graph_hash": None, "allowance": 7,
    "duration_s": 2.0, "complete": None, "damage": None,
    "streams": {
        "mic": {"kind": "audio", "role": "in", "rate_hz": 16_000, "events": 2, "first_s": 0.0, "last_s": 1.25},
        "words": {"kind": "text", "role": "out", "rate_hz": None, "events": 1, "first_s": 0.5, "last_s": 0.5},
        "eye": {"kind": "image", "role": "in", "rate_hz": None, "events": 0, "first_s": None, "last_s": None},
    },
    "summary": None, "notes": [],
}  # fmt: skip
TEXT = """\
session     talk
duration_s  2.0
source      a test
licence     CC0
stream  role  kind     rate  events    first     last
mic     in    audio  16000       2  0.000 s  1.250 s
words   out   text               1  0.500 s  0.500 s
eye     in    image              0
"""


@pytest.fixture
def talk(tmp_path) -> Path:
    path = tmp_path / "talk.mcap"
    write_recording(path, Manifest("talk", seconds(2), STREAMS, allowance=7, source="a test", licence="CC0"), EVENTS)
    return path


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_recording_is_told_stream_by_stream(omniflow, talk):
    code, out, err = omniflow("inspect", talk)
    assert (code, words(out), err) == (0, words(TEXT), "")


def test_json_is_one_object(omniflow, talk):
    answer = omniflow("inspect", talk, "--json")
    assert (answer.code, answer.out.count("\n"), answer.json) == (0, 1, SURVEY)


def test_a_folder_of_segments_is_told_as_one_recording(omniflow, tmp_path):
    for n, event in enumerate((EVENTS[0], EVENTS[2])):
        write_recording(tmp_path / f"talk.{n}.mcap", Manifest("talk", seconds(2), STREAMS), [event])
    assert omniflow("inspect", tmp_path, "--json").json["streams"]["mic"]["events"] == 2


def test_a_trace_tells_its_graph_model_and_seed_and_the_inputs_that_it_refers_to(omniflow, tmp_path):
    trace = traced(0, 1, seed=3)
    save_trace(trace, tmp_path / "trace.mcap", model="parrot")
    found = omniflow("inspect", tmp_path / "trace.mcap", "--json").json
    assert (found["session"], found["model"], found["seed"], found["graph_hash"]) == ("talk", "parrot", 3, parrot().hash())
    rows = {name: (stream["events"], stream["first_s"], stream.get("by_reference")) for name, stream in found["streams"].items()}
    assert rows == {
        "mic": (2, None, trace.digests["mic"]),
        "loud": (1, 0.25, None),
        "window": (3, 1.0, None),
        "think": (1, 1.1, None),
        "squawk": (1, 1.1, None),
        "play": (2, 1.1, None),
        "again": (2, 1.1, None),
    }


def test_people_are_told_where_the_inputs_are_and_that_a_run_was_stopped(omniflow, tmp_path):
    trace = traced(0, 1)
    trace.complete = False
    save_trace(trace, tmp_path / "trace.mcap")
    out = omniflow("inspect", tmp_path / "trace.mcap").out
    lines = [" ".join(line) for line in words(out)]
    assert "complete False: the run was stopped before its end" in lines
    reference = f"by reference, digest {trace.digests['mic'][:12]}"
    assert " ".join(out.split()).count(reference.split()[-1]) == 1
    assert omniflow("inspect", tmp_path / "trace.mcap", "--json").json["complete"] is False


def test_a_run_that_came_to_its_end_is_complete(omniflow, tmp_path):
    save_trace(traced(0, 1), tmp_path / "trace.mcap")
    assert omniflow("inspect", tmp_path / "trace.mcap", "--json").json["complete"] is True
    assert "complete" not in omniflow("inspect", tmp_path / "trace.mcap").out


def test_a_trace_is_summed_up_as_a_table_and_by_key(omniflow, tmp_path):
    save_trace(traced(0, 1, graph=parrot().replace("think", cost=seconds(1.2))), tmp_path / "trace.mcap")
    last = " ".join(words(omniflow("inspect", tmp_path / "trace.mcap").out)[-1])
    assert last == "think: deadlines missed 3 of 3 steps, the latest by 0.60 s !"
    found = omniflow("inspect", tmp_path / "trace.mcap", "--json").json
    assert (found["summary"], found["notes"]) == ({"deadlines/think": {"missed": 3, "steps": 3, "latest_s": 0.6}}, [])


def test_of_a_trace_whose_run_cannot_be_read_the_streams_are_told_all_the_same(omniflow, tmp_path):
    notes = {"digest": "", "ends": {}, "complete": True, "steps": "none"}
    manifest = Manifest("talk", seconds(2), STREAMS, graph={"name": "g", "nodes": [], "feedback": []}, notes=notes)
    write_recording(tmp_path / "trace.mcap", manifest, EVENTS)
    found = omniflow("inspect", tmp_path / "trace.mcap", "--json").json
    assert (found["streams"]["mic"]["events"], found["summary"]) == (2, {})
    assert "what it says of its run cannot be read" in found["notes"][0]
    assert "not summed up: " in omniflow("inspect", tmp_path / "trace.mcap").out


def test_a_reader_that_has_enough_is_no_error(talk):
    """As in `omniflow inspect talk.mcap | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "omniflow_graph.command", "inspect", str(talk)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_edge_on_which_nothing_was_is_empty_and_no_reference(omniflow, tmp_path):
    save_trace(traced(0), tmp_path / "trace.mcap")
    assert omniflow("inspect", tmp_path / "trace.mcap", "--json").json["streams"]["think"] == {
        "kind": "value", "role": "out", "rate_hz": None, "events": 0, "first_s": None, "last_s": None,
    }  # fmt: skip


def test_damage_is_told_and_what_is_left_is_counted(omniflow, talk):
    talk.write_bytes(talk.read_bytes()[:-200])
    found = omniflow("inspect", talk, "--json").json
    assert (found["damage"], found["streams"]) == (f"{talk}: was cut in its index, after the last event; nothing is lost", SURVEY["streams"])
    assert "was cut in its index" in " ".join(omniflow("inspect", talk).out.split())


def test_what_is_no_recording_is_refused(omniflow, tmp_path):
    (tmp_path / "talk.wav").write_bytes(b"RIFF" + bytes(99))
    assert "talk.wav: is no recording (not an MCAP file)" in omniflow.refused("inspect", tmp_path / "talk.wav")
    assert "nowhere.mcap: there is no such file" in omniflow.refused("inspect", tmp_path / "nowhere.mcap")
    assert "a folder without any .mcap file" in omniflow.refused("inspect", tmp_path)
    assert omniflow.refused("inspect").startswith("omniflow inspect: the following arguments are required: REC")
