"""Sound becomes ten tokens a second, however it is cut into frames, and is told as words and phrases."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph import Event, RecordingError
from operators.nano.hearing import Heard, encode, hear, quiet
from operators.nano.mel import BEHIND, log_mel
from tests.operators.nano.shipped import MODEL, nano, sound


def heard(samples: np.ndarray, frame: int) -> list[Heard]:
    ears, found = quiet(nano().config), []
    for n, start in enumerate(range(0, len(samples), frame)):
        pcm = samples[start : start + frame].tobytes()
        ears, answers = hear(ears, Event(start * 62_500, "env-audio", n, pcm), model=MODEL)
        found += [data for _, data in answers]
    return found


def test_ten_tokens_a_second_whatever_the_frames_are():
    whole = heard(sound(3), 48_000)
    assert len(whole) == 30
    for frame in (320, 512, 1600):
        cut = heard(sound(3), frame)
        assert all(np.array_equal(one.token, other.token) and one[:-1] == other[:-1] for one, other in zip(cut, whole, strict=True))


def test_each_token_is_of_its_own_100_ms_and_of_what_was_before():
    past, mel = quiet(nano().config).past, log_mel(np.pad(sound(3), (BEHIND, 0)))
    for one, frames in zip(heard(sound(3), 1600), np.split(mel, 30), strict=True):
        token, _, _, past = encode(nano(), frames, past)
        assert np.allclose(one.token, token, atol=1e-4)


def test_a_question_is_heard_word_by_word_and_as_a_whole_once_it_has_ended():
    found = heard(sound(4), 1600)
    assert {"colour", "lamp"} <= {each.word for each in found}
    assert {each.phrase for each in found} == {"", "what colour is the lamp"}
    assert sum(each.ended for each in found) == 1


def test_a_state_is_a_value():
    ears, pcm = quiet(nano().config), sound(1).tobytes()
    before = [each.copy() for each in ears.past]
    once, again = (hear(ears, Event(0, "env-audio", 0, pcm), model=MODEL)[1] for _ in range(2))
    assert all(np.array_equal(one.token, other.token) for (_, one), (_, other) in zip(once, again, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(before, ears.past, strict=True))


def test_what_is_no_sound_is_refused():
    with pytest.raises(RecordingError, match="wants mono 16-bit samples"):
        hear(quiet(nano().config), Event(0, "env-audio", 0, b"123"), model=MODEL)
