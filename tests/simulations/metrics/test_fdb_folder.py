"""Folders are read as the benchmark lays them out; whatever is wrong is named with its file and the way out."""

from __future__ import annotations

import json

import pytest

from simulations.metrics.fdb import Sample
from simulations.metrics.fdb_folder import read_sample, samples_in
from simulations.metrics.parts import Timed
from tests.simulations.metrics.folders import WORDS, chunks, sample, wav
from tests.simulations.metrics.lines import MS

READ = (Timed("Well", 2000 * MS, 2400 * MS), Timed("then", 2500 * MS, 3250 * MS))
WHOLE = {"user": [[0.5, 1.5]], "model": [[2, 3.25]]}


def read(folder, task: str, event: tuple[int, int], words=READ, user=(), model=()) -> Sample:
    return Sample(str(folder), task, 4000 * MS, (event[0] * MS, event[1] * MS), words, user, model)


def test_turn_taking_has_the_end_of_the_turn(tmp_path):
    folder = sample(tmp_path / "1")
    assert read_sample(folder) == read(folder, "smooth_turn_taking", (1500, 1500))


def test_its_second_number_may_be_anything(tmp_path):
    folder = sample(tmp_path / "1", turn_taking=[{"timestamp": [1.5, 0.0]}])
    assert read_sample(folder) == read(folder, "smooth_turn_taking", (1500, 1500))


def test_pauses_are_read_from_the_first_to_the_last(tmp_path):
    folder = sample(tmp_path / "1", [], pause=[{"text": "[PAUSE]", "timestamp": [1.0, 1.6]}, {"text": "[PAUSE]", "timestamp": [2, 2.5]}])
    assert read_sample(folder) == read(folder, "pause_handling", (1000, 2500), ())


def test_an_interruption_has_speech_where_it_is_known(tmp_path):
    folder = sample(tmp_path / "1", interrupt=[{"context": "", "interrupt": "Wait", "timestamp": [0.5, 1.5]}], speech=WHOLE)
    assert read_sample(folder) == read(folder, "user_interruption", (500, 1500), READ, ((500 * MS, 1500 * MS),), ((2000 * MS, 3250 * MS),))


def test_else_speech_is_detected(tmp_path):
    folder = sample(tmp_path / "1", interrupt=[{"timestamp": [0.5, 1.5]}])
    assert read_sample(folder) == read(folder, "user_interruption", (500, 1500))  # the sound is silent


def test_a_sample_of_v1_5_needs_no_words(tmp_path):
    folder = sample(tmp_path / "1", metadata={"timestamps": [0.5, 1.5], "context_text": "Hello"}, speech=WHOLE)
    (folder / "output.json").unlink()
    assert read_sample(folder) == read(folder, "overlap", (500, 1500), None, ((500 * MS, 1500 * MS),), ((2000 * MS, 3250 * MS),))


def test_a_listener_has_no_annotation_and_is_told_by_the_folder_above(tmp_path):
    folder = sample(tmp_path / "icc_backchannel" / "7", transcription=[])
    assert read_sample(folder) == read(folder, "backchannel", (0, 4000))


def test_a_word_whose_end_nobody_knows_ends_where_it_begins(tmp_path):
    folder = sample(tmp_path / "1", [("Well", 2.0, 2.4), ("then", 2.5, None)])
    assert read_sample(folder).words == (READ[0], Timed("then", 2500 * MS, 2500 * MS))


def test_sound_may_be_written_in_floats(tmp_path):
    folder = sample(tmp_path / "1")
    wav(folder / "input.wav", subtype="FLOAT")
    assert read_sample(folder).length == 4000 * MS


def test_samples_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("10", "9", "1"):
        sample(tmp_path / name)
    (tmp_path / "notes").mkdir()
    (tmp_path / "sessions.json").write_text("{}")
    assert [each.name for each in samples_in(tmp_path)] == ["1", "9", "10"]


def test_a_sample_whose_name_is_no_number_is_refused(tmp_path):
    sample(tmp_path / "first")
    with pytest.raises(ValueError, match=r"first: holds a sample, but its name is no number, .*; rename it"):
        samples_in(tmp_path)


# What is wrong


def words(*entries):
    return lambda folder: (folder / "output.json").write_text(json.dumps({"text": "", "chunks": list(entries)}))


def text(name, content):
    return lambda folder: (folder / name).write_bytes(content.encode())


def gone(name):
    return lambda folder: (folder / name).unlink()


SWAPPED = [{"text": "then", "timestamp": [2.5, 3.0]}, {"text": "Well", "timestamp": [2.0, 2.4]}]
WRONG = [
    (gone("input.wav"), r"input\.wav: there is no such file; a sample wants input\.wav and output\.wav, equally long"),
    (gone("output.json"), r"output\.json: there is no such file; get_transcript/asr\.py of the benchmark writes one"),
    (gone("turn_taking.json"), r"1: has no annotation, one of turn_taking\.json, pause\.json, interrupt\.json, metadata\.json \(v1\.5\); add it"),
    (text("pause.json", "[]"), r"1: holds turn_taking\.json and pause\.json, and a sample is of one task; remove the others"),
    (lambda folder: wav(folder / "output.wav", rate=24_000), r"output\.wav: has 24000 Hz, and 16,000 Hz mono is wanted; convert it: ffmpeg"),
    (lambda folder: wav(folder / "input.wav", channels=2), r"input\.wav: has 16000 Hz and 2 channels, and 16,000 Hz mono is wanted"),
    (lambda folder: wav(folder / "output.wav", seconds=4.5), r"input\.wav: has 4\.0000 s, and output\.wav has 4\.5000 s; cut the longer one"),
    (text("input.wav", "no sound"), r"input\.wav: cannot be read as sound .*; write it again as 16-bit PCM at 16 kHz"),
    (text("output.json", '{"chunks": ['), r"output\.json: is not JSON .*; get_transcript/asr\.py of the benchmark writes one"),
    (text("output.json", "[" * 100_000), r"output\.json: is not JSON"),
    (text("output.json", "[]"), r"output\.json: wants 'chunks', a list, got \[\]"),
    (text("output.json", '{"chunks": {}}'), r"output\.json: wants 'chunks', a list, got \{\}"),
    (words(5), r"output\.json: word 1: wants 'text', a text, got 5"),
    (words({"text": "Well"}), r"output\.json: word 1: wants 'timestamp', a list, got"),
    (words({"text": "Well", "timestamp": [1.0]}), r"output\.json: word 1: wants \[begin, end\] in seconds, 0 or more and in order, got \[1\.0\]"),
    (words({"text": "Well", "timestamp": [2.0, 1.0]}), r"word 1: wants \[begin, end\] in seconds"),
    (words({"text": "Well", "timestamp": [None, 1.0]}), r"word 1: wants \[begin, end\] in seconds"),
    (words({"text": "Well", "timestamp": [True, 2]}), r"word 1: wants \[begin, end\] in seconds"),
    (text("output.json", '{"chunks": [{"text": "a", "timestamp": [0, Infinity]}]}'), r"word 1: wants \[begin, end\] in seconds"),
    (words(*SWAPPED), r"output\.json: word 2, 'Well', begins at 2 s, before the one in front of it, at 2\.5 s; sort the words by their times"),
    (text("turn_taking.json", "{}"), r"turn_taking\.json: wants a list such as .*, got \{\}"),
    (text("turn_taking.json", "[]"), r"turn_taking\.json: wants a list such as"),
    (text("turn_taking.json", '[{"timestamp": []}]'), r"turn_taking\.json: entry 1: wants \[begin, end\] in seconds"),
    (text("speech.json", '{"user": []}'), r"speech\.json: wants 'model', a list"),
    (
        text("speech.json", '{"user": [[1, 2], [1.5, 3]], "model": []}'),
        r"speech\.json: user: wants stretches in order, none over another; remove the file",
    ),
]


@pytest.mark.parametrize(("spoil", "said"), WRONG)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, spoil, said):
    folder = sample(tmp_path / "1")
    spoil(folder)
    with pytest.raises(ValueError, match=said) as error:
        read_sample(folder)
    assert str(error.value).startswith(str(folder))
    assert "\n" not in str(error.value)


def test_words_before_the_end_of_an_interruption_are_refused(tmp_path):
    folder = sample(tmp_path / "1", WORDS, interrupt=[{"timestamp": [1.0, 2.1]}], speech=WHOLE)
    with pytest.raises(
        ValueError, match=r"output\.json: word 1, 'Well', begins before the interruption ends at 2\.1 s; .*asr\.py --task user_interruption"
    ):
        read_sample(folder)
    (folder / "output.json").write_text(json.dumps(chunks(WORDS[1:])))
    assert read_sample(folder).words == READ[1:]
