"""A session is written as folders of Full-Duplex-Bench: the files, the words, the sound, sample by sample."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from omniflow_graph import Graph, Pcm16, Session
from omniflow_graph.engine.direct import run_direct
from operators.senses.ears import Talk, hear_fast
from simulations.metrics.fdb_export import Clip, clips, export
from simulations.metrics.timeline import timeline
from tests.simulations.metrics.lines import MS, answer, heard, line, part, ran, sound, speak, stop, utterance

ASK = utterance(1, "say", 1000, ("Who", 0, 500), (" now?", 600, 1000))
REPLY = sound(1, 0, "Me", 1000, last=True, marks=((1000, 2),), loud=600)


def cut(*said) -> list[tuple]:
    """Clips as (task, begin, end, annotated, words) in ms."""
    return [(clip.task, clip.begin // MS, clip.end // MS, *_held(clip)) for clip in clips(line(*said))]


def _held(clip: Clip) -> tuple[list, list]:
    return [tuple(time // MS for time in mark["timestamp"]) for mark in clip.marks], [word.text for word in clip.words]


def files(folder: Path) -> dict:
    return {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}


def ears() -> Graph:
    """A graph that only listens."""
    g = Graph("ears")
    g.sink("out", g.scan("listen", g.source("env-audio", Pcm16), hear_fast, state=Talk()), *(g.source(edge) for edge in ("decide", "play", "heard")))
    return g


FOUR = ["one", "two", "three", "four"]


# Clips


def test_a_turn_lasts_from_its_first_word_to_the_next_turn():
    assert cut(part("say", 1000, 2000), answer(1, 3000, 4000), part("say", 6000, 7000)) == [
        ("smooth_turn_taking", 1000, 6000, [(2000, 2000)], FOUR),
        ("smooth_turn_taking", 6000, 20_000, [(7000, 7000)], []),
    ]


def test_a_pause_is_a_sample_that_ends_with_the_users_last_word():
    assert cut(part("say", 1000, 2000), part("say", 3500, 4000), answer(1, 5000, 6000)) == [
        ("smooth_turn_taking", 3500, 20_000, [(4000, 4000)], FOUR),
        ("pause_handling", 1000, 4000, [(2000, 3500)], []),
    ]


def test_words_in_a_pause_are_in_its_sample_and_what_follows_is_an_interruption():
    assert cut(part("say", 1000, 2000), answer(1, 2400, 4400, stopped=True), part("say", 3500, 4500), answer(2, 5000, 6000)) == [
        ("user_interruption", 1000, 20_000, [(3500, 4500)], FOUR),
        ("pause_handling", 1000, 4500, [(2000, 3500)], FOUR),
    ]


def test_of_an_interruption_only_words_after_it_are_kept_and_the_question_before_is_heard():
    assert cut(part("say", 1000, 2000), answer(1, 3000, 6000, stopped=True), part("interrupt", 5000, 7000), answer(2, 8000, 9000)) == [
        ("smooth_turn_taking", 1000, 5000, [(2000, 2000)], ["one", "two", "three"]),
        ("user_interruption", 1000, 20_000, [(5000, 7000)], FOUR),
    ]


def test_words_that_an_interrupted_answer_goes_on_with_are_heard_as_the_benchmark_hears_them():
    found = cut(part("say", 1000, 2000), answer(1, 3000, 11_000), part("interrupt", 5000, 6000))[1]
    assert found == ("user_interruption", 1000, 20_000, [(5000, 6000)], ["three", "four"])


def test_an_interruption_tells_what_was_asked_before_and_what_was_said_over_the_answer():
    two = (part("interrupt", 5000, 6000, "No."), part("say", 6500, 7000, "You!"))
    _, clip = clips(line(part("say", 1000, 2000, "Who?"), answer(1, 3000, 6000, stopped=True), *two))
    assert clip.marks == ({"context": "Who?", "interrupt": "No. You!", "timestamp": (5000 * MS, 7000 * MS)},)
    clip, _ = clips(line(part("say", 1000, 2000, "I am"), answer(1, 2400, 4400, stopped=True), part("say", 3500, 4500, "here.")))
    assert clip.marks == ({"context": "I am", "interrupt": "here.", "timestamp": (3500 * MS, 4500 * MS)},)


# Files


def test_a_sample_holds_sound_words_and_annotation_counted_from_its_beginning(tmp_path):
    trace = ran(user=[(980, ASK)], decide=[(2400, speak(1))], play=[(2500, REPLY)], heard=[(3500, heard(1, 1000, final=True))], end=4000)
    assert export([trace], tmp_path / "out") == {"smooth_turn_taking/1": {"session": "talk", "from_s": 1.0, "to_s": 4.0}}
    folder = tmp_path / "out" / "smooth_turn_taking" / "1"
    assert files(folder) == {
        "output.json": {"text": "Me", "chunks": [{"text": "Me", "timestamp": [1.5, 2.5]}]},
        "turn_taking.json": [{"text": "[TURN-TAKING]", "timestamp": [1.0, 1.0]}],
        "speech.json": {"user": [[0.0, 1.0]], "model": [[1.5, 2.5]]},
    }
    (user, rate), (model, other) = (soundfile.read(folder / name, dtype="int16") for name in ("input.wav", "output.wav"))
    assert (rate, other) == (16_000, 16_000)
    assert user.tolist() == [1000] * 16_000 + [0] * 32_000
    assert model.tolist() == [0] * 24_000 + [600] * 16_000 + [0] * 8_000


def test_sound_that_was_cut_short_ends_there_and_what_was_said_before_the_clip_is_not_in_it(tmp_path):
    again = utterance(2, "say", 2400, ("No", 0, 300), loud=70)
    trace = ran(
        user=[(980, ASK), (2380, again)], decide=[(2800, speak(1)), (3400, stop(1))], play=[(2900, REPLY)], heard=[(3400, heard(1, 500, final=True))]
    )
    export([trace], tmp_path / "out")
    user, model = (soundfile.read(tmp_path / "out" / "smooth_turn_taking" / "1" / name, dtype="int16")[0] for name in ("input.wav", "output.wav"))
    assert user[:4800].tolist() == [70] * 4800
    assert (user[4800:].any(), np.flatnonzero(model)[[0, -1]].tolist()) == (False, [8000, 8000 + 8000 - 1])
    assert files(tmp_path / "out" / "pause_handling" / "1")["pause.json"] == [{"text": "[PAUSE]", "timestamp": [1.0, 1.4]}]


def test_somebody_else_is_not_in_the_users_sound(tmp_path):
    other = utterance(1, "aside", 2200, ("Bye", 0, 500), who="talker", loud=50)
    export([ran(user=[(980, ASK)], talker=[(2100, other)], end=3000)], tmp_path / "out")
    user, _ = soundfile.read(tmp_path / "out" / "smooth_turn_taking" / "1" / "input.wav", dtype="int16")
    assert set(user.tolist()) == {1000, 0}


def test_sessions_are_numbered_on_in_one_folder(tmp_path):
    traces = [ran(user=[(980, ASK)], name=name) for name in ("a", "b")]
    assert [(name, of["session"]) for name, of in export(traces, tmp_path / "out").items()] == [
        ("smooth_turn_taking/1", "a"),
        ("smooth_turn_taking/2", "b"),
    ]
    assert list(json.loads((tmp_path / "out" / "sessions.json").read_text())) == ["smooth_turn_taking/1", "smooth_turn_taking/2"]


def test_of_a_recording_the_sound_is_what_was_heard(tmp_path):
    frames = [(n * 20 * MS, np.full(320, 900 if 50 <= n < 100 else 3, "<i2").tobytes()) for n in range(150)]
    trace = run_direct(ears(), Session("room", {"env-audio": frames, "decide": [], "play": [], "heard": []}, end=3000 * MS))
    assert timeline(trace).parts == (part("say", 1000, 2000),)
    export([trace], tmp_path / "out")
    user, _ = soundfile.read(tmp_path / "out" / "smooth_turn_taking" / "1" / "input.wav", dtype="int16")
    assert user.tolist() == [900] * 16_000 + [3] * 16_000
    trace.edges["env-audio"].clear()
    with pytest.raises(ValueError, match=r"the trace of 'room' holds what was heard by reference only, .*; replay its recording with --copy-inputs"):
        export([trace], tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="is there already and not an empty folder; name another one"):
        export([ran(user=[(980, ASK)])], tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_where_nobody_asked_anything_there_is_nothing_to_write(tmp_path):
    with pytest.raises(ValueError, match="no session holds a turn of the user, so there is nothing to write"):
        export([ran(user=[])], tmp_path / "out")
    assert not (tmp_path / "out").exists()
