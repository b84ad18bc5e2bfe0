"""In the middle of a turn a window has exactly 25 codes; where a turn begins or ends it may have fewer."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.speaking.units import recalled, silent, speak

pytestmark = pytest.mark.model
NOTHING = ((), np.zeros((0, 32), np.float32))


def numbers(seed=3):
    return np.random.default_rng(seed).random


def test_positions_go_on_through_a_turn(speaker, said):
    turn, places = silent(speaker), []
    for ids, hidden in (said[0], said[2], NOTHING):
        turn, codes = speak(speaker, turn, ids, hidden, ends=False, draw=lambda: 0.2)
        places.append((len(codes), turn.position, turn.cache.length))
    first = places[0][0]
    assert places == [(first, 4 + first, 4 + first), (25, 34 + first, 34 + first), (25, 60 + first, 60 + first)]


def test_a_middle_window_may_not_end_and_the_first_and_last_may(speaker, said):
    ending = with_end(speaker, said)
    turn, counts = silent(ending), []
    for n, (ids, hidden) in enumerate(said):
        turn, codes = speak(ending, turn, ids, hidden, ends=n == 2)
        counts.append(len(codes))
    assert counts[0] < 25
    assert counts[1] == 25
    assert counts[2] < 25
    assert (turn.position, turn.cache.length) == (0, 0)


def with_end(weights, said):
    """A head whose end is likely after any code: it points where the states point on the whole."""
    import torch

    from operators.minicpm_o.speaking import decoder

    states = []
    for ids, hidden in said:
        rows = torch.cat([decoder.conditions(weights, ids, hidden), decoder.mark(weights, 290), decoder.code_rows(weights, range(39))])
        states += [decoder.feed(weights, decoder.begin(weights), rows[: n + 1], 0)[1] for n in range(len(ids), len(rows), 5)]
    head = weights.code_head.clone()
    head[-1] = 20 * torch.stack(states).mean(0)
    return replace(weights, code_head=head)


def test_the_numbers_that_are_drawn_decide_and_one_more_is_drawn_than_there_are_codes(speaker, said):
    turn, _ = speak(speaker, silent(speaker), *said[0], ends=False)
    drawn = []

    def draw():
        drawn.append(0.5)
        return 0.5

    _, codes = speak(speaker, turn, *said[1], ends=False, draw=draw)
    assert (len(codes), len(drawn)) == (25, 26)
    runs = [speak(speaker, turn, *said[1], ends=False, draw=numbers(seed))[1] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_cache_that_was_lost_is_computed_anew_and_says_the_same(speaker, said):
    turn, _ = speak(speaker, silent(speaker), *said[0], ends=False, draw=numbers())
    turn, _ = speak(speaker, turn, *said[1], ends=False, draw=numbers(4))
    again = recalled(speaker, replace(turn, cache=turn.cache.forgotten()))
    assert again.cache.length == turn.cache.length
    assert speak(speaker, again, *said[2], ends=True, draw=numbers(5))[1] == speak(speaker, turn, *said[2], ends=True, draw=numbers(5))[1]


def test_the_turn_that_was_given_stays_as_it_is(speaker, said):
    turn, _ = speak(speaker, silent(speaker), *said[0], ends=False)
    first, second = (speak(speaker, turn, *said[1], ends=False)[1] for _ in range(2))
    assert first == second


def test_a_turn_without_its_cache_is_small(speaker, said):
    turn, _ = speak(speaker, silent(speaker), *said[0], ends=False)
    assert len(pickle.dumps(turn.fed)) < 3 * 32 * 4 + 1000


@pytest.mark.parametrize(
    ("ids", "hidden", "words"),
    [
        ((1, 2), np.zeros((1, 32), np.float32), r"wants finite hidden states \[2, 32\]"),
        ((1,), np.full((1, 32), np.nan, np.float32), "wants finite hidden states"),
        ((300,), np.zeros((1, 32), np.float32), "wants ids of 0 to 299, got 300"),
    ],
)
def test_what_cannot_be_said_is_refused(speaker, ids, hidden, words):
    with pytest.raises(ValueError, match=words):
        speak(speaker, silent(speaker), ids, hidden, ends=False)


def test_a_model_without_a_speech_decoder_cannot_speak(weights):
    with pytest.raises(ValueError, match="wants a checkpoint with a speech decoder"):
        silent(weights)
