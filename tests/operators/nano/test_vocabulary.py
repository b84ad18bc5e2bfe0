"""nano's words and marks have the published ids, and rows of their own in a small table."""

from __future__ import annotations

import numpy as np
import pytest

from operators.nano.vocabulary import MARKS, Vocabulary
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, IM_END, SPEAK, TURN_EOS

WORDS = Vocabulary(("lamp", "red", "the"))


def test_each_mark_and_word_has_a_row_and_nothing_else_has():
    assert WORDS.rows[list(WORDS.ids)].tolist() == [*range(len(MARKS) + 3)]
    assert np.count_nonzero(WORDS.rows >= 0) == len(MARKS) + 3
    assert WORDS.rows[[0, 2, 3, IM_END, CHUNK_EOS]].tolist() == [len(MARKS), len(MARKS) + 2, -1, 1, MARKS.index(CHUNK_EOS)]


def test_text_is_words_joined_by_spaces_and_marks_are_none():
    assert WORDS.encode("the  lamp\nred") == (2, 0, 1)
    assert WORDS.decode((SPEAK, 2, 0, 1, TURN_EOS, CHUNK_EOS)) == "the lamp red"


def test_a_word_that_it_does_not_know_is_named():
    with pytest.raises(ValueError, match="does not know the word 'green'; it knows lamp, red, the"):
        WORDS.encode("the green lamp")
