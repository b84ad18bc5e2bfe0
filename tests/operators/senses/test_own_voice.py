"""What the loudspeaker plays is known from what is scheduled, and from what the player says that it has come to."""

from __future__ import annotations

import numpy as np

from omniflow_graph.events import SECOND
from operators.senses.own_voice import MOST_LAG, PAD, OwnVoice, Told, begins, ends, follows, forgotten, reference, sounds, two_thirds
from operators.words import Ack, Sound

MS = 1_000_000


def sound(ms: int, level: int = 8192, response: int = 1) -> Sound:
    return Sound(response, 0, "x", np.full(24 * ms, level, "<i2"))


def ack(response: int, ms: int, *, final: bool = False) -> Ack:
    return Ack(response, 24 * ms, final)


def heard(voice: OwnVoice, ms: int) -> list[float]:
    """Return the loudness in the middle of each 20 ms."""
    return [round(float(each), 2) for each in reference(voice, 0, 16 * ms)[160::320]]


def test_a_sound_is_played_from_when_it_begins_to_its_end():
    assert heard(begins(OwnVoice(), sound(60), 40 * MS), 140) == [0, 0, 0.25, 0.25, 0.25, 0, 0]


def test_sounds_of_one_answer_join_without_a_gap():
    voice = begins(begins(OwnVoice(), sound(60), 0), sound(60), 60 * MS)
    whole = begins(OwnVoice(), sound(120), 0)
    assert np.abs(reference(voice, 0, 16 * 130) - reference(whole, 0, 16 * 130)).max() < 1e-12


def test_the_player_says_by_how_much_it_is_behind():
    voice = begins(OwnVoice(), sound(100), 0)
    assert follows(voice, Told(ack(1, 50), 110 * MS)).lag == 60 * MS
    assert heard(follows(voice, Told(ack(1, 40), 80 * MS)), 160) == [0, 0, 0.25, 0.25, 0.25, 0.25, 0.25, 0]


def test_what_it_says_of_the_end_of_a_sound_is_not_said_of_the_next_one():
    voice = begins(begins(OwnVoice(), sound(100), 0), sound(100), 400 * MS)
    assert follows(voice, Told(ack(1, 100), 130 * MS)).lag == 30 * MS


def test_what_is_not_believable_or_no_news_changes_nothing():
    voice = begins(OwnVoice(), sound(100), 0)
    for told in (Told(ack(1, 50), 51 * MS), Told(ack(2, 50), 110 * MS), Told(ack(1, 50), MOST_LAG + SECOND)):
        assert follows(voice, told) == voice


def test_an_answer_that_was_cut_ends_where_the_player_fell_silent():
    voice = begins(begins(OwnVoice(), sound(60), 0), sound(60), 60 * MS)
    assert heard(ends(voice, ack(1, 80, final=True)), 140) == [0.25, 0.25, 0.25, 0.25, 0, 0, 0]
    assert heard(ends(voice, ack(1, 40, final=True)), 140) == [0.25, 0.25, 0, 0, 0, 0, 0]
    assert heard(ends(voice, ack(2, 40, final=True)), 140) == heard(voice, 140)


def test_whether_something_sounds_counts_the_ends_of_its_filter():
    voice = begins(OwnVoice(), sound(60), 40 * MS)
    first, end = 640 - PAD, 640 + 960 + PAD
    assert [sounds(voice, 0, n) for n in (first, first + 1)] == [False, True]
    assert [sounds(voice, n, 10_000) for n in (end - 1, end)] == [True, False]


def test_what_is_long_over_is_forgotten():
    voice = begins(OwnVoice(), sound(60), 0)
    late = 60 * 16 + PAD + MOST_LAG * 16 // MS
    assert forgotten(voice, late - 1) == voice
    assert forgotten(voice, late).sounds == ()


def test_a_tone_is_the_same_at_16_khz_and_what_16_khz_cannot_hold_is_gone():
    def tone(hz: int, rate: int, n: int) -> np.ndarray:
        return 0.25 * np.sin(2 * np.pi * hz * np.arange(n) / rate)

    low, high = ((32768 * tone(hz, 24_000, 2400)).astype("<i2") for hz in (3000, 11_000))
    inner = slice(PAD + 50, PAD + 1550)
    assert np.abs(two_thirds(low)[inner] - tone(3000, 16_000, 1600)[50:1550]).max() < 1e-3
    assert np.abs(two_thirds(high)[inner]).max() < 1e-3
