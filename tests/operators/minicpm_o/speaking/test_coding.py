"""A code is chosen of what is likely, after what was said lately, and the end only where it is allowed."""

from __future__ import annotations

import numpy as np
import pytest

from operators.minicpm_o.speaking.coding import UNITS, WHOLE, Coding, chances, chosen

LOGITS = np.float32([0.0, 1.0, 2.0, 3.0, -1.0, 2.5])
END = 5


def test_at_the_first_code_only_the_temperature_counts():
    wanted = np.exp(LOGITS.astype(float) / 0.8)
    assert np.allclose(chances(LOGITS, [], WHOLE, end=END), wanted / wanted.sum(), atol=1e-7)


def test_a_code_is_less_likely_as_often_as_it_was_said_of_the_last_sixteen():
    before, once, twice = (chances(LOGITS, said, UNITS, end=END)[3] for said in ([0] * 16, [3], [3, 3]))
    assert before > once > twice
    assert chances(LOGITS, [3, *[0] * 16], UNITS, end=END)[3] == chances(LOGITS, [0] * 16, UNITS, end=END)[3]


def test_a_negative_logit_falls_too():
    assert chances(LOGITS, [4], UNITS, end=END)[4] < chances(LOGITS, [1], UNITS, end=END)[4]


def test_the_end_can_be_forbidden():
    assert chances(LOGITS, [1], UNITS, end=END, may_end=False)[END] == 0
    assert chances(LOGITS, [1], UNITS, end=END)[END] > 0


def test_top_p_leaves_three_at_least_and_top_k_no_more():
    assert np.flatnonzero(chances(LOGITS, [1], Coding(top_p=0.01, top_k=None), end=END)).tolist() == [2, 3, 5]
    assert np.flatnonzero(chances(LOGITS, [1], Coding(top_p=None, top_k=4), end=END)).tolist() == [1, 2, 3, 5]


def test_the_number_that_is_drawn_falls_between_sums():
    likely = chances(LOGITS, [], UNITS, end=END)
    sums = np.cumsum(likely)
    assert [chosen(LOGITS, [], UNITS, lambda at=at: at, end=END) for at in (0.0, sums[0] + 1e-9, 1 - 1e-9)] == [0, 1, 5]
    assert chosen(LOGITS, [], UNITS, end=END) == 3


def test_what_is_no_logit_is_refused():
    with pytest.raises(ValueError, match="wants finite logits"):
        chances(np.float32([0, np.nan]), [], WHOLE, end=1)
    with pytest.raises(ValueError, match="wants top_p above 0"):
        Coding(top_p=0)
