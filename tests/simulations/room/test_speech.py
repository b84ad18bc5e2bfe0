"""People speak with a hum in integers, a voice or a clip, and every word has its time."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest

from simulations.room.speech import Utterance, hiss, music, noise_at, spoken

MS = 1_000_000
HELLO = "Hello. What do you see in this picture?"


def test_a_hum_takes_sixty_ms_a_letter_and_forty_between_words():
    samples, words = spoken("Stop it, now")
    assert [(word.text, word.start // MS, word.end // MS) for word in words] == [("Stop", 0, 240), (" it,", 280, 460), (" now", 500, 680)]
    assert len(samples) == 680 * 16
    loud = np.abs(samples.astype(int)).reshape(-1, 160).max(axis=1) > 0  # of each 10 ms
    assert [n for n in range(68) if not loud[n]] == [*range(24, 28), *range(46, 50)]


def test_a_hum_is_the_same_on_every_machine():
    samples, _ = spoken("Stop it, now")
    assert (samples.dtype.str, sha256(samples.tobytes()).hexdigest()[:16]) == ("<i2", "4f72bd87277ea4a4")


def test_somebody_else_hums_higher():
    crossings = [np.count_nonzero(np.diff(spoken("aaaaaaaaaa", "hum", who)[0] > 0)) for who in ("user", "talker")]
    assert crossings == [192, 300]  # twice 160 and 250 times a second, for 0.6 s


@pytest.mark.parametrize("how", ["voice", "clips"])
def test_words_of_a_voice_lie_where_their_letters_do(how):
    samples, words = spoken(HELLO, how)
    assert "".join(word.text for word in words) == HELLO
    assert [word.end for word in words[:-1]] == [word.start for word in words[1:]]
    assert (words[0].start, words[-1].end) == (0, len(samples) * 62_500)
    assert 1.5 < len(samples) / 16_000 < 4


def test_nobody_can_change_what_was_said():
    with pytest.raises(ValueError, match="read-only"):
        spoken("Stop")[0][0] = 1


def test_an_utterance_ends_with_its_last_sample():
    samples, words = spoken("Stop")
    assert Utterance(1, "say", "Stop", words, 100 * MS, samples).end == 340 * MS


def test_a_hiss_has_the_loudness_it_was_asked_for_and_its_seed_decides_it():
    assert abs(np.abs(hiss(7, 300)).mean() - 300) < 3
    assert np.array_equal(hiss(7, 300), hiss(7, 300))
    assert not np.array_equal(hiss(7, 300), hiss(8, 300))


def test_music_has_three_notes_of_the_loudness_it_was_asked_for():
    tune = music(200)
    assert len(tune) // 3 == 16_000 * 4 // 3
    assert abs(np.abs(tune).mean() - 200) < 3


@pytest.mark.parametrize(("db", "loudness"), [(0, 3000), (20, 300), (40, 30), (-6, 5986)])
def test_noise_is_so_many_decibels_below_speech(db, loudness):
    assert noise_at(db) == loudness
