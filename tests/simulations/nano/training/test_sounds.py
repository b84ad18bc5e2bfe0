"""Sound for ears is mixed as mel powers: labels say which word sounds, and which phrase ended 0.2 to 0.4 s before."""

from __future__ import annotations

import numpy as np

from operators.nano.mel import BEHIND, log_mel, powers
from simulations.nano.bank import bank
from simulations.nano.sessions import session, sounding
from simulations.nano.training import sounds
from simulations.nano.training.perceiving import ended, heard
from simulations.nano.words import PHRASES, USER_WORDS
from tests.simulations.nano.standing_in import needs_espeak

pytestmark = needs_espeak


def drawn(seed: int, count: int = 8) -> sounds.Piece:
    return sounds.batch(np.random.default_rng(seed), count, "one-voice")


def test_the_same_seed_mixes_the_same():
    assert all(np.array_equal(one, other) for one, other in zip(drawn(3), drawn(3), strict=True))
    assert not np.array_equal(drawn(3).mel, drawn(4).mel)


def test_a_phrase_has_ended_for_two_tokens_after_its_last_word():
    for words, phrases in zip(drawn(5).words, drawn(5).phrases, strict=True):
        begins = np.flatnonzero((phrases > 0) & (np.roll(phrases, 1) != phrases))
        assert len(begins) > 0 or not words.any()
        for begin in begins:
            phrase = PHRASES[phrases[begin] - 1]
            assert phrase.words[-1] in {USER_WORDS[word] for word in words[max(begin - 4, 0) : begin]}  # another may have begun by then
            assert (phrases[begin : begin + 2] == phrases[begin]).all() or begin == len(phrases) - 1


def test_powers_that_are_added_are_those_of_sounds_that_are_mixed():
    one, other = (bank("one-voice")[n].samples[:8000].astype(np.float32) / 32_768 for n in (3, 20))
    n = min(len(one), len(other))
    mixed, added = powers(one[:n] + other[:n]).sum(0), powers(one[:n]).sum(0) + powers(other[:n]).sum(0)
    assert np.abs(np.log10(mixed) - np.log10(added)).mean() < 0.1


def test_a_session_is_labelled_as_pieces_are():
    of = session(1, split="one-voice")
    assert len(log_mel(np.pad(sounding(of), (BEHIND, 0)))) == 10 * len(ended(of)) == 10 * len(heard(of))
    for uttered in of.drawn.uttered:
        tokens = np.flatnonzero(ended(of) == 1 + uttered.phrase)
        after = [(token + 1) * 100_000_000 - uttered.end for token in tokens]
        assert any(200_000_000 <= each < 400_000_000 for each in after) or uttered.end > of.drawn.length - 400_000_000
