"""The language model in onnxruntime: fed piece by piece it comes to the same; a cache is a value, and rows of it can move."""

from __future__ import annotations

import numpy as np
import pytest

from operators.nano.thinking import Cache, begin, carry_out, embedded, feed, logits
from operators.omni_flow.context.cache_plan import CachePlan, Prefill, Rows
from operators.omni_flow.tokens.vocabulary import LISTEN, SIZE, UNIT, UNIT_END
from tests.operators.nano.shipped import nano


def rows(n: int = 40) -> np.ndarray:
    return np.random.default_rng(6).normal(0, 0.5, (n, nano().config.width)).astype(np.float32)


def test_rows_that_are_fed_piece_by_piece_come_to_the_same():
    whole, hidden = feed(nano(), begin(nano()), [rows()])
    cache, found = begin(nano()), []
    for piece in np.split(rows(), [1, 2, 19, 30]):
        cache, states = feed(nano(), cache, [piece])
        found.append(states)
    assert np.allclose(np.concatenate(found), hidden, atol=1e-5)
    assert np.allclose(cache.keys, whole.keys, atol=1e-5)
    assert cache.length == 40


def test_a_cache_stays_as_it_is_whatever_is_fed_on_top_of_it():
    cache, _ = feed(nano(), begin(nano()), [rows(5)])
    before = cache.keys.copy()
    first = feed(nano(), cache, [(UNIT, LISTEN)])[1]
    assert not np.allclose(first[-1], feed(nano(), cache, [(UNIT, UNIT_END)])[1][-1])
    assert np.array_equal(feed(nano(), cache, [(UNIT, LISTEN)])[1], first)
    assert np.array_equal(cache.keys, before)


def test_rows_that_move_are_as_if_they_had_been_there():
    """Keys of the first layer do not depend on what stands before a row, only on where it is."""
    long, _ = feed(nano(), begin(nano()), [rows(10)])
    moved = carry_out(nano(), long, CachePlan(10, (Rows(0, 2, 0), Rows(6, 10, 2))))
    short, _ = feed(nano(), begin(nano()), [np.concatenate([rows(10)[:2], rows(10)[6:]])])
    assert np.allclose(moved.keys[0], short.keys[0], atol=1e-5)
    assert np.allclose(moved.values[0], short.values[0], atol=1e-5)


def test_a_part_of_a_plan_that_is_fed_anew_sees_what_stands_before_it():
    cache, _ = feed(nano(), begin(nano()), [rows(4), (UNIT, UNIT_END)])
    made = carry_out(nano(), cache, CachePlan(6, (Rows(0, 4, 0), Prefill((UNIT, UNIT_END), 4))))
    assert np.allclose(made.keys, cache.keys, atol=1e-5)
    with pytest.raises(ValueError, match="wants a plan for a cache of 6 rows, got one for 7"):
        carry_out(nano(), cache, CachePlan(7, ()))


def test_ids_that_it_does_not_know_score_lowest_and_are_refused():
    scores = logits(nano(), feed(nano(), begin(nano()), [(UNIT,)])[1][-1])
    known = np.zeros(SIZE, bool)
    known[nano().ids] = True
    assert scores[~known].max() < scores[known].min()
    with pytest.raises(ValueError, match="wants ids of its own words and marks, got 99999"):
        embedded(nano(), [(UNIT, 99_999)])
    with pytest.raises(ValueError, match=r"wants embeddings \[n, 128\], got \[2, 64\]"):
        embedded(nano(), [np.zeros((2, 64), np.float32)])


def test_an_empty_cache_holds_on_to_nothing():
    cache, _ = feed(nano(), begin(nano()), [rows(5)])
    assert (cache.forgotten().length, cache.truncated(3).length) == (0, 3)
    assert isinstance(cache.forgotten(), Cache)
