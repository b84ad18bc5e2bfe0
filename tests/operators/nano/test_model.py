"""nano in the pipeline: the same trace every time, on Bytewax as directly, and what it cannot be told is refused."""

from __future__ import annotations

import pytest

import recordings
from omniflow_graph import Session, replay, seconds
from omniflow_graph.recording import open_recording
from operators.duplex import duplex
from operators.nano.loading import CHECKPOINT, load
from operators.nano.model import nano
from operators.nano.tensors import read_tensors, write_tensors
from operators.turns import turns


def played(name: str, length: float, **how):
    recording = open_recording(recordings.path(name))
    of = recording.session()
    sources = {name: [event for event in events if event.time < seconds(length)] for name, events in of.sources.items()}
    return replay(duplex(model="nano", recording=recording), Session(of.name, sources, seconds(length)), **how)


def test_a_recorded_question_is_heard_and_answered_by_what_is_seen():
    (turn,) = turns(played("nano_questions", 5.5))
    assert (turn.text, turn.cause) == ("the lamp is blue", "heard 'what colour is the lamp', by 2.4 s")
    assert seconds(3) < turn.start < seconds(3.5)


def test_who_counts_is_stopped_within_a_window():
    (turn,) = turns(played("nano_barge_in", 7))
    assert turn.stopped
    assert turn.text.startswith("one, two, three,")
    assert turn.end < seconds(4.5)


def test_twenty_runs_come_to_the_same_trace():
    assert len({played("nano_questions", 4, engine="direct").digest["media"] for _ in range(20)}) == 1


def test_bytewax_and_the_direct_engine_come_to_the_same_trace():
    assert played("nano_barge_in", 5).digests == played("nano_barge_in", 5, engine="direct").digests


def test_the_prompt_is_the_recordings_unless_another_is_given():
    recording = open_recording(recordings.path("nano_unasked"))
    noted = recording.manifest.notes["prompt"]
    assert nano(length=seconds(1), recording=recording).decide.keywords["prompt"] == noted != "answer what you are asked"
    assert nano(length=seconds(1), recording=recording, prompt="answer what you are asked").decide.keywords["prompt"] == "answer what you are asked"
    assert nano(length=seconds(1)).decide.keywords["prompt"] == "answer what you are asked"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"prompt": "be funny"}, "wants a prompt out of 'answer what you are asked', .*, got 'be funny'"),
        ({"window": 0.5}, r"was trained with windows of 1 s, got 0.5 s; wants window=1"),
        ({"script": "mine.yaml"}, "decides by itself, and takes no script, got mine.yaml; wants model 'scripted'"),
        ({"overlap": "on-speech"}, "has learned its manners, and takes no interleave, overlap or context"),
        ({"context": "as-heard"}, "has learned its manners"),
    ],
)
def test_what_it_cannot_be_told_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        duplex(model="nano", **given)


def test_only_nano_takes_a_prompt():
    with pytest.raises(ValueError, match="only model 'nano' takes a prompt, got 'hello' for 'scripted-fast'"):
        duplex(model="scripted-fast", prompt="hello")


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"wants a folder with a config.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_bytes((CHECKPOINT / "config.json").read_bytes())
    write_tensors(tmp_path / "model.safetensors", read_tensors(CHECKPOINT / "model.safetensors"))
    with pytest.raises(ValueError, match=r"lacks hearing.onnx; write it with `make nano`"):
        load(tmp_path)


def test_what_ships_is_small():
    assert sum(path.stat().st_size for path in CHECKPOINT.iterdir()) <= 12_000_000
