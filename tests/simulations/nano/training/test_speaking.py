"""The decoder of units learns from sequences that hold words and units in the order in which they will be known."""

import numpy as np
import pytest

from operators.nano.speech.saying import BEGIN, FIRST_WORD, LINE_END, NO_WORD, WORD_END
from simulations.nano.training import speaking
from simulations.nano.training.speaking import IGNORED, chunks, sequence
from simulations.nano.training.units import learn
from tests.simulations.nano.training.babble import LINES, WORDS

pytest.importorskip("torch", reason="wants the extra model")

A, B = FIRST_WORD, FIRST_WORD + 1


def test_a_window_has_its_words_first_and_then_their_units():
    laid = sequence(np.array([7, 8, 9]), (2, 3), [A, B], [1, 1])
    assert laid.tokens.tolist() == [BEGIN, A, 7, 8, WORD_END, B, LINE_END, 9, WORD_END]
    assert laid.wanted.tolist() == [IGNORED, 7, 8, WORD_END, IGNORED, IGNORED, 9, WORD_END, IGNORED]
    assert laid.now.tolist() == [NO_WORD, A, A, A, A, NO_WORD, B, B, B]
    assert laid.after.tolist() == [NO_WORD] * 6 + [LINE_END] * 3


def test_words_that_come_together_are_known_to_each_other():
    laid = sequence(np.array([7, 8, 9]), (2, 3), [A, B], [2])
    assert laid.tokens.tolist() == [BEGIN, A, B, LINE_END, 7, 8, WORD_END, 9, WORD_END]
    assert laid.wanted.tolist() == [IGNORED, IGNORED, IGNORED, 7, 8, WORD_END, 9, WORD_END, IGNORED]
    assert laid.now.tolist() == [NO_WORD, NO_WORD, NO_WORD, A, A, A, B, B, B]
    assert laid.after.tolist() == [NO_WORD, NO_WORD, NO_WORD, B, B, B, LINE_END, LINE_END, LINE_END]


def test_every_word_comes_in_one_window():
    rng = np.random.default_rng(0)
    ends = (8, 20, 28, 40, 55)
    drawn = [chunks(ends, rng) for _ in range(200)]
    assert {sum(sizes) for sizes in drawn} == {5}
    assert min(map(min, drawn)) == 1
    assert [5] in drawn


def test_words_of_a_window_begin_within_its_length():
    class First:
        """Always take the TAIL rule, with windows of 1.0 s that begin with the line."""

        def random(self):
            return 0.0

        def choice(self, lengths, p):
            return 1.0

    assert chunks((8, 20, 28, 40, 55), First()) == [3, 2]  # type: ignore[arg-type]  # words begin at 0, 0.32, 0.8, 1.12 and 1.6 s


def test_sixty_steps_bring_the_loss_down():
    losses = []
    units = learn(LINES, seed=1, units=12)
    speaking.train(LINES, units, WORDS, [1] * 4, 60, 1, lambda *shown: losses.append(shown[3]), size=1)
    assert len(losses) == 60
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])


def test_the_same_seed_trains_the_same_weights():
    units = learn(LINES, seed=1, units=12)
    one, other = (speaking.train(LINES, units, WORDS, [1] * 4, 2, 1, size=1) for _ in range(2))
    assert one.keys() == other.keys()
    assert all(bool((one[name] == other[name]).all()) for name in one)
