"""Stretches of time are joined and laid over one another to the nanosecond."""

from __future__ import annotations

from simulations.metrics.spans import both, meets, merged, total


def test_stretches_with_a_gap_of_exactly_so_much_are_one():
    assert merged([(0, 10), (15, 20)], gap=5) == [(0, 20)]
    assert merged([(0, 10), (15, 20)], gap=4) == [(0, 10), (15, 20)]


def test_one_that_lies_in_another_does_not_make_it_shorter():
    assert merged([(0, 10), (2, 3), (10, 11)]) == [(0, 11)]


def test_what_lies_in_both_is_cut_out():
    assert both([(0, 5), (5, 9)], [(4, 6)]) == [(4, 5), (5, 6)]
    assert both([(0, 9)], [(1, 2), (3, 4), (8, 12)]) == [(1, 2), (3, 4), (8, 9)]
    assert both([(0, 5)], [(5, 9)]) == both([], [(0, 1)]) == []


def test_stretches_that_touch_do_not_meet():
    assert (meets((0, 5), (4, 6)), meets((0, 5), (5, 6)), meets((5, 6), (0, 5))) == (True, False, False)


def test_they_are_as_long_as_all_of_them():
    assert total([(1, 3), (10, 14)]) == 6
