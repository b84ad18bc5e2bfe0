"""A token of an answer is chosen by the published rules: repetition, ends, what is forbidden, then chance, handed in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.replying import CHAT, HALF_DUPLEX, Replying, chosen, cleaned, processed

LOGITS = np.array([4.0, 2.0, -2.0, 1.0, 0.0], np.float32)
PLAIN = Replying(ends=(3,), top_k=5, top_p=1.0, temperature=1.0)


def test_what_was_said_becomes_less_likely_whatever_its_sign():
    assert processed(LOGITS, [0, 2], replace(PLAIN, repetition=2.0)).tolist() == [2.0, 2.0, -4.0, 1.0, 0.0]
    assert LOGITS[0] == 4.0


def test_only_the_last_tokens_count_within_a_window():
    assert processed(LOGITS, [0, 1], replace(PLAIN, repetition=2.0, window=1)).tolist() == [4.0, 1.0, -2.0, 1.0, 0.0]


def test_an_end_is_made_less_likely_and_what_is_forbidden_impossible():
    ruled = processed(LOGITS, [], replace(PLAIN, length_penalty=2.0, forbidden=(0,)))
    assert ruled.tolist() == [-np.inf, 2.0, -2.0, 0.5, 0.0]
    assert chosen(ruled, None, PLAIN) == 1


@pytest.mark.parametrize(("number", "token"), [(0.0, 0), (0.79, 0), (0.81, 1), (0.92, 2), (0.94, 3), (0.99, 4)])
def test_chance_takes_the_first_id_at_which_probabilities_exceed_it(number, token):

    sums = np.cumsum(np.exp(LOGITS.astype(float)) / np.exp(LOGITS.astype(float)).sum())
    assert chosen(LOGITS, lambda: number, PLAIN) == int(np.searchsorted(sums, number, "right"))


def test_top_k_and_top_p_leave_the_likeliest():
    assert chosen(LOGITS, lambda: 0.999, replace(PLAIN, top_k=2)) == 1
    assert chosen(LOGITS, lambda: 0.999, replace(PLAIN, top_p=0.5)) == 0


def test_greedy_draws_nothing():
    assert chosen(LOGITS, lambda: 1 / 0, replace(PLAIN, mode="greedy")) == 0


def test_the_published_settings_of_chat_and_half_duplex():
    assert (CHAT.temperature, CHAT.top_k, CHAT.top_p, CHAT.repetition, CHAT.window) == (0.7, 100, 0.8, 1.02, None)
    assert (HALF_DUPLEX.window, HALF_DUPLEX.length_penalty, HALF_DUPLEX.ends) == (128, 1.1, (151_704, 151_645, 128_247))


@pytest.mark.parametrize(
    ("given", "words"), [({"top_p": 1.5}, "top_p up to 1"), ({"temperature": 0}, "wants temperature above 0"), ({"most": 0}, "wants most")]
)
def test_settings_without_a_meaning_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        Replying(**given)


def test_logits_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="wants finite logits, got nan"):
        chosen(np.full(5, np.nan, np.float32), None, PLAIN)


def test_the_reference_takes_letters_from_the_end_of_an_answer():
    assert (cleaned("Hello there"), cleaned("Hello there", reference_compatible=True)) == ("Hello there", "Hello ther")
