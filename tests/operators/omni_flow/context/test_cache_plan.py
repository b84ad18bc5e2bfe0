"""A plan says row by row what becomes of a cache; keys that move are as if they had always stood there."""

from __future__ import annotations

import numpy as np
import pytest

from operators.omni_flow.context.cache_plan import CachePlan, Prefill, Rows, joined
from tests.operators.omni_flow.context.toy_cache import alike, carry_out, empty, feed, turn

IDS = list(range(100, 120))


def test_empty_parts_are_left_out_and_rows_that_stay_together_are_joined():
    assert joined(9, (Rows(0, 4, 0), Rows(4, 4, 4), Rows(4, 6, 4), Rows(7, 9, 6))) == CachePlan(9, (Rows(0, 6, 0), Rows(7, 9, 6)))
    assert joined(9, (Rows(2, 4, 0), Rows(4, 6, 2))).parts == (Rows(2, 6, 0),)
    assert joined(9, (Rows(0, 4, 0), Prefill((), 4), Rows(6, 9, 4))).parts == (Rows(0, 4, 0), Rows(6, 9, 4))


@pytest.mark.parametrize(
    ("plan", "after", "changes"),
    [
        (joined(9, (Rows(0, 4, 0), Rows(4, 9, 4))), 9, False),
        (joined(9, (Rows(0, 4, 0), Rows(6, 9, 4))), 7, True),
        (joined(9, (Rows(0, 4, 0), Prefill((1, 2), 4), Rows(6, 9, 6))), 9, True),
        (joined(9, (Rows(0, 4, 0),)), 4, True),
        (joined(0, ()), 0, False),
    ],
)
def test_a_plan_says_how_long_the_cache_will_be_and_whether_there_is_anything_to_do(plan, after, changes):
    assert (plan.after, plan.changes) == (after, changes)


def test_keys_that_move_are_as_if_turned_to_their_new_positions_in_the_first_place():
    cache, _ = feed(empty(), IDS)
    dropped = carry_out(joined(20, (Rows(0, 6, 0), Rows(13, 20, 6))), cache)
    kept = [*range(6), *range(13, 20)]
    unturned = turn(cache.keys, -np.arange(20))
    assert np.allclose(dropped.keys, turn(unturned[:, kept], np.arange(13)), atol=1e-12)
    assert np.array_equal(dropped.values, cache.values[:, kept])


def test_what_attends_after_a_drop_sees_the_same_as_at_keys_turned_anew():
    cache, _ = feed(empty(), IDS)
    dropped = carry_out(joined(20, (Rows(0, 6, 0), Rows(13, 20, 6))), cache)
    anew = type(cache)(turn(turn(cache.keys, -np.arange(20))[:, [*range(6), *range(13, 20)]], np.arange(13)), dropped.values)
    assert np.allclose(feed(dropped, [7, 8])[1], feed(anew, [7, 8])[1], atol=1e-12)
    assert not np.allclose(feed(dropped, [7, 8])[1], feed(cache, [7, 8])[1], atol=1e-3)


def test_what_is_fed_in_a_plan_sees_what_stands_before_it_only():
    cache, _ = feed(empty(), IDS)
    new = carry_out(joined(20, (Rows(0, 6, 0), Prefill((7, 8), 6), Rows(13, 20, 8))), cache)
    fed, _ = feed(empty(), [*IDS[:6], 7, 8])
    assert alike(type(new)(new.keys[:, :8], new.values[:, :8]), fed)


def test_rows_kept_and_the_rest_fed_anew_are_the_same_as_all_fed_anew():
    cache, _ = feed(empty(), IDS)
    assert alike(carry_out(joined(20, (Rows(0, 9, 0), Prefill(tuple(IDS[12:]), 9))), cache), feed(empty(), [*IDS[:9], *IDS[12:]])[0])
