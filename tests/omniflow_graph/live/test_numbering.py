"""By a sender's numbers it is known what was lost, came twice, was overtaken, and whether the sender began anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.live.numbering import SPAN, Numbering


def noted(*records: int | tuple[int | None, int | None, int | None] | None) -> list[str]:
    """Note records, each a number or (number, capture time, generation); gaps with how many were missed."""
    numbering, found = Numbering(), []
    for record in records:
        what = numbering.note(*(record if isinstance(record, tuple) else (record, None, None)))
        found.append(f"gap {numbering.missed}" if what == "gap" else what)
    return found


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([0, 1, 2], ["next", "next", "next"]),
        ([7, 8], ["next", "next"]),  # a receiver that came later
        ([None, None], ["next", "next"]),
        ([0, 3, 4], ["next", "gap 2", "next"]),
        ([0, 2, 1, 3], ["next", "gap 1", "reordered", "next"]),
        ([0, 3, 2, 1, 1], ["next", "gap 2", "reordered", "reordered", "duplicate"]),
        ([0, 1, 1, 0], ["next", "next", "duplicate", "duplicate"]),
        ([1000, 0, 1], ["next", "restarted", "next"]),
        ([SPAN, 1, SPAN + 1], ["next", "duplicate", "next"]),
        ([(5, 50, None), (0, 60, None), (1, 70, None)], ["next", "restarted", "next"]),  # captured later than all before
        ([(5, 50, None), (4, 40, None)], ["next", "duplicate"]),
        ([(5, 50, 1), (0, 60, 2), (6, 70, 1), (1, 61, 2)], ["next", "restarted", "replaced", "next"]),
        ([(0, 5, None), (1, 6, 3), (0, 7, 4)], ["next", "next", "restarted"]),
    ],
)
def test_a_record_is_what_its_number_says(records, found):
    assert noted(*records) == found


@given(st.permutations(range(20)))
def test_in_any_order_each_number_is_taken_once_and_none_is_lost(order):
    """Fails when what fills a gap counts as a duplicate, or a gap that was filled counts as lost."""
    numbering = Numbering(begun=True)
    found = [numbering.note(n, None, None) for n in order]
    again = [numbering.note(n, None, None) for n in order]
    assert (numbering.expected, numbering.missing) == (20, set())
    assert "duplicate" not in found
    assert again == ["duplicate"] * 20


def test_what_is_remembered_stays_small():
    numbering = Numbering()
    for n in range(0, 10_000_000, 9_999):
        numbering.note(n, None, None)
    assert len(numbering.missing) <= SPAN
