"""The oldest rounds of a conversation go when there are too many rows; what the system said never does."""

from __future__ import annotations

import pytest

from operators.omni_flow.context.cache_plan import CachePlan, Rows
from operators.omni_flow.context.sliding import Evicted
from operators.omni_flow.turn_based.rounds import Round, bounded, cut_back, rows_of

SYSTEM, FIRST, SECOND, THIRD = Round(0, 10, True), Round(1, 40), Round(2, 30), Round(3, 20)


def test_up_to_the_bound_nothing_goes():
    rounds = (SYSTEM, FIRST, SECOND, THIRD)
    for high in (100, None):
        assert bounded(rounds, high, 50) == (rounds, (), CachePlan(100, (Rows(0, 100, 0),)))


def test_above_it_whole_rounds_go_from_the_oldest_on_until_few_enough_rows_are_left():
    kept, evicted, plan = bounded((SYSTEM, FIRST, SECOND, THIRD), 99, 60)
    assert kept == (SYSTEM, SECOND, THIRD)
    assert evicted == (Evicted((1,), 40, 60, "over 99 rows"),)
    assert plan == CachePlan(100, (Rows(0, 10, 0), Rows(50, 100, 10)))
    kept, evicted, _ = bounded((SYSTEM, FIRST, SECOND, THIRD), 99, 59)
    assert (kept, evicted[0].units) == ((SYSTEM, THIRD), (1, 2))


def test_what_the_system_said_in_between_stays_where_it_stands():
    later = Round(2, 30, True)
    kept, evicted, plan = bounded((SYSTEM, FIRST, later, Round(3, 40), THIRD._replace(id=4)), 100, 60)
    assert (kept, evicted[0].units) == ((SYSTEM, later, Round(4, 20)), (1, 3))
    assert plan.parts == (Rows(0, 10, 0), Rows(50, 80, 10), Rows(120, 140, 40))


def test_the_newest_stays_even_if_it_is_too_long_alone():
    long = Round(2, 900)
    assert bounded((SYSTEM, long), 100, 60)[0] == (SYSTEM, long)
    assert bounded((SYSTEM, FIRST, long), 100, 60)[0] == (SYSTEM, long)


def test_the_plan_makes_as_many_rows_as_are_counted():
    for low in range(1, 100, 7):
        kept, evicted, plan = bounded((SYSTEM, FIRST, SECOND, THIRD), 99, low)
        assert plan.after == rows_of(kept) == evicted[0].cache_length


def test_a_conversation_is_cut_back_to_what_it_was():
    assert cut_back((SYSTEM, FIRST._replace(rows=55), SECOND), (SYSTEM, FIRST)) == CachePlan(95, (Rows(0, 50, 0),))
    assert cut_back((SYSTEM, FIRST), ()) == CachePlan(50, ())


@pytest.mark.parametrize("now", [(SYSTEM, SECOND), (SYSTEM,), (SYSTEM, FIRST._replace(rows=39)), (FIRST, SECOND)])
def test_what_is_gone_cannot_be_brought_back(now):
    with pytest.raises(ValueError, match="wants the state that this one came of, with all 2 rounds still in the cache, got"):
        cut_back(now, (SYSTEM, FIRST))
