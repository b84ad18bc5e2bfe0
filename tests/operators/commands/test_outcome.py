"""A replay is summed up for machines and for people, and left in a folder as trace, sound and turns."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Trace, diff, replay, seconds
from omniflow_graph.recording import Manifest, Recording, open_recording, write_recording
from omniflow_graph.trace.stored import load_trace, save_trace
from operators.commands.outcome import counterfactual_from, outcome, reached, show, timed, write_files
from operators.duplex import duplex
from operators.words import Say
from tests.operators.commands.rooms import LINE, STREAMS, answered, room, script
from tests.operators.test_turns import FIRST, decided
from tests.operators.test_turns import SECOND as THEN

LONG = LINE + " And more to come."  # " And more" is said with " now.", from 3.73 s on; to 5.11 s in all
TURN = {"start_s": 2.29, "end_s": 4.03, "text": LINE, "cause": "user speech 1 ended at 1.98 s"}


@pytest.fixture
def asked(tmp_path) -> Recording:
    return room(tmp_path)


@pytest.fixture
def trace(tmp_path, asked) -> Trace:
    return answered(asked, script(tmp_path))


def summed_up(trace: Trace, recording: Recording) -> dict:
    found = outcome(trace, recording)
    return found | timed(found["duration_s"], 0.5, 0.25)


def only_listens(recording: Recording, name: str = "loud") -> Trace:
    g = Graph("listener")
    g.sink("out", g.map(name, g.source("env-audio"), lambda event: len(event.data)))
    return replay(g, recording, engine="direct")


# For machines


def test_all_that_machines_are_told(trace, asked):
    assert summed_up(trace, asked) == {
        "session": "room", "duration_s": 4.5, "wall_s": 0.5, "x_realtime": 9.0, "load_s": 0.25, "windows": 5, "complete": True,
        "digest": trace.digest,
        "edges": {
            edge: {
                "events": len(events), "first_s": events[0].time / 1e9 if events else None, "last_s": events[-1].time / 1e9 if events else None,
                "digest": trace.digests[edge],
            }
            for edge, events in trace.edges.items()
        },
        "turns": [TURN],
        "files": {},
        "damage": None,
        "counterfactual_from_s": 2.29,
        "behind": [],
        "warnings": [],
    }  # fmt: skip
    assert (trace["look"], summed_up(trace, asked)["edges"]["decide"]["first_s"]) == ([], 1.12)


def test_stages_that_end_the_session_behind_are_named(tmp_path, asked):
    slow = duplex(model="scripted-fast", script=script(tmp_path)).replace("decide", cost=seconds(1.5))
    found = summed_up(replay(slow, asked, engine="direct"), asked)
    assert found["behind"] == [{"stage": "decide", "lag_s": 3.5, "window_s": 1.0}]
    (words,) = found["warnings"]
    assert words.startswith("session 'room': stage 'decide' ends the session behind: its last answer comes 3.50 s after")


def mute(state: None, event: Event[Say]) -> tuple[None, list]:
    return state, []


def test_parts_without_sound_are_said_on_one_line(tmp_path, asked):
    graph = duplex(model="scripted-fast", script=script(tmp_path)).replace("wave", fn=mute)
    found = summed_up(replay(graph, asked, engine="direct"), asked)
    assert found["warnings"] == ["session 'room': there is no wave for answer 1, part 0 and 1 more; silence stands in its place"]


def test_a_run_that_took_no_time_has_no_speed(trace, asked):
    assert timed(2.0, 0.0, 0.0)["x_realtime"] is None


def test_a_graph_without_an_assistant_has_neither_turns_nor_anything_to_hear(asked):
    found = summed_up(only_listens(asked), asked)
    assert (found["turns"], found["counterfactual_from_s"], found["windows"]) == ([], None, 0)


def test_a_graph_whose_sound_is_not_decided_in_ours_has_no_turns(asked):
    found = summed_up(only_listens(asked, "out-stream"), asked)
    assert (found["turns"], found["counterfactual_from_s"]) == ([], 0.0)


def stopped(trace: Trace, at: float) -> Trace:
    """Cut a trace as if its run had been stopped."""
    edges = {edge: [event for event in events if event.time < seconds(at)] for edge, events in trace.edges.items()}
    payloads = {edge: trace.payloads[edge][: len(events)] for edge, events in edges.items()}
    return replace(trace, edges=edges, payloads=payloads, ends={}, complete=False)


def test_a_run_that_was_stopped_lasted_as_long_as_something_came_in(trace, asked):
    assert reached(stopped(trace, 3)) == seconds(2.98)
    found = summed_up(stopped(trace, 3), asked)
    assert (found["duration_s"], found["x_realtime"], found["complete"]) == (2.98, 5.96, False)
    assert found["turns"] == [{**TURN, "end_s": 3.73, "text": "I can hear you very well"}]  # as far as it came: nobody stopped it
    assert reached(stopped(trace, 0)) == 0


# Where the recorded user reacts to another assistant


def kept(trace: Trace, recording: Recording, folder: Path) -> Recording:
    """Record a session with its assistant."""
    save_trace(trace, folder / "then.mcap", recording=recording, copy_inputs=True)
    return open_recording(folder / "then.mcap")


def test_the_assistant_that_was_recorded_is_not_another_one(tmp_path, trace, asked):
    assert counterfactual_from(trace, kept(trace, asked, tmp_path)) is None


@pytest.mark.parametrize(("line", "since"), [("No.", 2.29), (LONG, 3.73), (LINE.upper(), None)])
def test_another_answer_counts_from_where_it_sounds_otherwise(tmp_path, trace, asked, line, since):
    """The fast voice hums: it makes a line of its length, not of its letters."""
    found = counterfactual_from(answered(asked, script(tmp_path, line)), kept(trace, asked, tmp_path))
    assert found == (None if since is None else seconds(since))


def test_an_answer_at_another_time_counts_from_the_earlier_of_both(tmp_path, trace, asked):
    quick = duplex(model="scripted-fast", script=script(tmp_path)).replace("decide", cost=seconds(0.02))
    sooner = replay(quick, asked, engine="direct")
    assert counterfactual_from(sooner, kept(trace, asked, tmp_path)) == seconds(2.19)
    assert counterfactual_from(trace, kept(sooner, asked, tmp_path)) == seconds(2.19)


def test_silence_and_speech_differ_from_the_first_sound(tmp_path, trace, asked):
    silent = answered(asked, script(tmp_path, first=9))
    assert silent["out-stream"] == []
    assert counterfactual_from(silent, kept(trace, asked, tmp_path)) == seconds(2.29)
    assert counterfactual_from(trace, kept(silent, asked, tmp_path)) == seconds(2.29)


def test_an_answer_that_is_cut_short_counts_from_the_cut(tmp_path):
    (tmp_path / "calm").mkdir()
    talked_over = room(tmp_path, (0.5, 1.5), (2.2, 4.0))
    cut, calm = (answered(recording, script(tmp_path, LONG)) for recording in (talked_over, room(tmp_path / "calm")))
    assert [(event.time, event.data.final) for event in cut["heard"]][-1] == (seconds(4.12), True)
    assert [event.time for event in calm["out-stream"]] == [seconds(2.29), seconds(3.73), seconds(4.75)]
    assert counterfactual_from(cut, kept(calm, talked_over, tmp_path)) == seconds(4.12)
    assert counterfactual_from(calm, kept(cut, talked_over, tmp_path)) == seconds(4.12)


def test_what_a_stopped_run_did_not_come_to_is_no_difference(tmp_path, trace, asked):
    then = kept(trace, asked, tmp_path)
    assert [counterfactual_from(stopped(trace, at), then) for at in (0, 2, 3, 4.5)] == [None] * 4
    other = stopped(answered(asked, script(tmp_path, "No.")), 3)
    assert counterfactual_from(other, then) == seconds(2.29)


# In a folder


def samples(path: Path) -> tuple[int, np.ndarray]:
    with wave.open(str(path)) as file:
        return file.getframerate(), np.frombuffer(file.readframes(10**7), "<i2").reshape(-1, file.getnchannels())


def test_the_folder_gets_the_trace_the_turns_and_the_sound(tmp_path, trace, asked):
    out = tmp_path / "a" / "b"
    paths = write_files(out, trace, asked, summed_up(trace, asked), model="scripted-fast", copy_inputs=False)
    assert paths == {"trace": str(out / "trace.mcap"), "speech": str(out / "speech.wav"), "turns": str(out / "turns.json")}
    assert sorted(path.name for path in out.iterdir()) == ["speech.wav", "trace.mcap", "turns.json"]
    assert diff(load_trace(out), trace) is None
    assert (open_recording(out / "trace.mcap").manifest.model, open_recording(out / "trace.mcap").manifest.licence) == ("scripted-fast", "CC0")
    assert json.loads((out / "turns.json").read_text("utf-8")) == [TURN]


def test_the_room_is_on_the_left_and_the_assistant_on_the_right(tmp_path, trace, asked):
    write_files(tmp_path, trace, asked, summed_up(trace, asked), model=None, copy_inputs=False)
    rate, sound = samples(tmp_path / "speech.wav")
    assert (rate, sound.shape) == (24_000, (108_000, 2))
    left, right = (np.flatnonzero(sound[:, channel]) for channel in (0, 1))
    assert (left[0] / rate, left[-1] / rate) == pytest.approx((0.5, 1.5), abs=0.001)
    assert (right[0] / rate, right[-1] / rate) == pytest.approx((2.29, 4.03), abs=0.001)
    spoken = np.concatenate([np.frombuffer(event.data, "<i2") for event in trace["out-stream"]])
    assert sound[54_960 : 54_960 + len(spoken), 1].tolist() == spoken.tolist()


def test_turns_are_written_in_their_own_letters(tmp_path, asked):
    trace = answered(asked, script(tmp_path, "三十八万公里"))
    write_files(tmp_path, trace, asked, summed_up(trace, asked), model=None, copy_inputs=False)
    assert "三十八万公里" in (tmp_path / "turns.json").read_text("utf-8")


def test_the_input_is_in_the_trace_if_it_is_copied(tmp_path, trace, asked):
    write_files(tmp_path, trace, asked, summed_up(trace, asked), model=None, copy_inputs=True)
    assert list(open_recording(tmp_path / "trace.mcap").events(["env-audio"])) == list(asked.events(["env-audio"]))


def test_a_graph_without_an_assistant_leaves_no_sound(tmp_path, asked):
    for name in ("loud", "out-stream"):
        trace = only_listens(asked, name)
        paths = write_files(tmp_path / name, trace, asked, summed_up(trace, asked), model=None, copy_inputs=False)
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["trace.mcap", "turns.json"]
        assert list(paths) == ["trace", "turns"]


def test_a_session_without_a_microphone_is_silent_on_the_left(tmp_path):
    write_recording(tmp_path / "eye.mcap", Manifest("eye", seconds(4), {"env-visual": STREAMS["env-visual"]}), [Event(0, "env-visual", 0, b"x")])
    (tmp_path / "script.yaml").write_text(f"- when: {{at: 0.5}}\n  say: {LINE}")
    recording = open_recording(tmp_path / "eye.mcap")
    trace = answered(recording, str(tmp_path / "script.yaml"))
    found = write_files(tmp_path, trace, recording, summed_up(trace, recording), model=None, copy_inputs=False)
    rate, sound = samples(tmp_path / "speech.wav")
    assert (list(found), rate, sound.shape) == (["trace", "speech", "turns"], 24_000, (96_000, 2))
    assert np.flatnonzero(sound[:, 0]).tolist() == []
    assert (np.flatnonzero(sound[:, 1])[0] / rate, np.flatnonzero(sound[:, 1])[-1] / rate) == pytest.approx((1.29, 3.03), abs=0.001)


# For people


def test_people_are_shown_the_turns_the_files_the_speed_and_the_digest(capsys, trace, asked, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    show({**summed_up(trace, asked), "files": {"trace": "out/trace.mcap"}}, asked)
    out = capsys.readouterr().out
    lines = [" ".join(line.strip("│ \n").replace("│", " ").split()) for line in out.splitlines()]
    assert lines[0] == "room: what was said, when and why"
    assert "2.29 s 4.03 s I can hear you very well now. user speech 1 ended at 1.98 s" in lines
    assert lines[-3:] == [
        "trace out/trace.mcap",
        "4.50 s in 0.50 s: 9.0x real time (loading: 0.25 s), 5 windows",
        f"digest decisions {trace.digest['decisions'][:16]} media {trace.digest['media'][:16]}",
    ]
    assert "stopped" not in out


def test_answers_without_sound_are_shown_as_such(capsys, asked, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    show(summed_up(decided(FIRST, THEN), asked), asked)
    out = capsys.readouterr().out
    assert out.startswith("s: what was written, when and why")
    assert [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "one" in line] == [
        ["1.00 s", "2.00 s", "one two", "he asked"]
    ]


def test_people_are_shown_where_an_answer_was_cut_short(capsys, tmp_path, monkeypatch):
    asked = room(tmp_path, (0.5, 1.5), (2.2, 4.0))
    found = summed_up(answered(asked, script(tmp_path, LONG)), asked)
    text = "I can hear you very well now. And more to"  # " And" was to sound from 4.03 s to 4.27 s
    assert found["turns"] == [{**TURN, "end_s": 4.12, "text": text, "stopped": True, "heard": "I can hear you very well now."}]
    monkeypatch.setenv("COLUMNS", "160")
    show(found, asked)
    assert f"{text} [cut short]" in " ".join(capsys.readouterr().out.split())


def test_of_a_graph_in_which_nobody_speaks_people_are_shown_the_edges(capsys, asked):
    trace = only_listens(asked)
    show(summed_up(trace, asked), asked)
    lines = [" ".join(line.strip("│ \n").replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "room: what was on each edge"
    assert [line for line in lines if line.startswith(("edge", "env-audio", "loud"))] == [
        f"{edge} 225 0.000 s 4.480 s {trace.digests[edge][:16]}" for edge in ("env-audio", "loud")
    ]
    assert "┃" in "".join(lines)


def test_people_are_told_of_a_run_that_was_stopped_and_of_a_damaged_recording(capsys, tmp_path, trace, asked):
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(asked.path.read_bytes()[:-100])
    found = summed_up(stopped(trace, 3), open_recording(cut))
    show(found, open_recording(cut))
    out = " ".join(capsys.readouterr().out.split())
    assert "stopped before its end; this is what was done by then" in out
    assert found["damage"].startswith(str(tmp_path / "cut.mcap"))


def test_what_is_said_in_square_brackets_is_no_markup(capsys, tmp_path, asked):
    trace = answered(asked, script(tmp_path, "a [red] line [/nothing]"))
    show(summed_up(trace, asked), asked)
    assert "a [red] line [/nothing]" in " ".join(capsys.readouterr().out.split())
