"""The filter learns the way from loudspeaker to microphone, and what somebody else says meanwhile is left as it is."""

from __future__ import annotations

import numpy as np
import pytest

from operators.senses.echo_filter import BLOCK, REACH, Filter, adapted, unknown

RATE = 16_000


def voice(seconds: float, seed: int) -> np.ndarray:
    """Make a noise that is as loud as speech, and as low: each sample is most of the one before it."""
    drawn = np.random.default_rng(seed).normal(0, 0.03, round(RATE * seconds))
    for n in range(1, len(drawn)):
        drawn[n] += 0.8 * drawn[n - 1]
    return drawn


def room(seed: int = 1, delay: int = 1920) -> np.ndarray:
    """Make a way through a room: a delay, then reverberation that dies away, a tenth as loud."""
    tail = np.random.default_rng(seed).normal(0, 1, 1600) * 0.02 * np.exp(-np.arange(1600) / 300)
    return np.concatenate([np.zeros(delay), [0.3], tail])


def cancelled(played: np.ndarray, heard: np.ndarray) -> tuple[Filter, np.ndarray]:
    known, left, padded = unknown(), [], np.concatenate([np.zeros(REACH), played])
    for at in range(0, len(played) - BLOCK + 1, BLOCK):
        known, block = adapted(known, padded[at : at + REACH + BLOCK], heard[at : at + BLOCK])
        left.append(block)
    return known, np.concatenate(left)


def db(before: np.ndarray, after: np.ndarray) -> float:
    return float(10 * np.log10((before**2).mean() / (after**2).mean()))


def test_an_echo_is_20_db_softer_after_a_second_and_40_after_three():
    played = voice(4, 1)
    echo = np.convolve(played, room())[: len(played)]
    left = cancelled(played, echo)[1]
    assert db(echo[RATE : 2 * RATE], left[RATE : 2 * RATE]) > 20
    assert db(echo[3 * RATE :], left[3 * RATE :]) > 40


def test_who_talks_over_it_is_heard_as_they_are_and_nothing_is_unlearnt():
    played = voice(6, 1)
    echo = np.convolve(played, room())[: len(played)]
    said = np.zeros_like(played)
    said[3 * RATE : 4 * RATE] = 3 * voice(1, 2)
    left = cancelled(played, echo + said)[1]
    over, after = slice(3 * RATE, 4 * RATE), slice(round(4.1 * RATE), 6 * RATE)
    assert db(said[over], left[over] - said[over]) > 20
    assert db(echo[after], left[after]) > 25


def test_a_room_that_changes_is_learnt_anew():
    played = voice(6, 1)
    before, after = (np.convolve(played, room(seed, delay))[: len(played)] for seed, delay in ((1, 1920), (2, 2400)))
    echo = np.where(np.arange(len(played)) < 3 * RATE, before, after)
    left = cancelled(played, echo)[1]
    assert db(echo[3 * RATE : 4 * RATE], left[3 * RATE : 4 * RATE]) > 0  # never louder than it was
    assert db(echo[5 * RATE :], left[5 * RATE :]) > 20


@pytest.mark.parametrize("silent", ["played", "heard"])
def test_where_nothing_is_played_or_nothing_heard_nothing_is_made_up(silent: str):
    sound, nothing = voice(1, 1), np.zeros(RATE)
    played, heard = (nothing, sound) if silent == "played" else (sound, nothing)
    known, left = cancelled(played, heard)
    assert np.array_equal(left, heard)
    assert known.blocks == (0 if silent == "played" else 50)


def test_the_same_sound_comes_out_twice_bit_by_bit():
    played = voice(1, 1)
    first, second = (cancelled(played, 0.3 * played)[1].tobytes() for _ in range(2))
    assert first == second
