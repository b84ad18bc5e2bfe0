"""Faults are made of faults, and each draws as if it were alone."""

from __future__ import annotations

import pytest

from omniflow_graph import Event
from omniflow_graph.chance import Rng
from simulations.faults.combining import both, during, in_order, one_in, only
from simulations.faults.kinds import corrupt, disconnect, duplicate, jitter, jump, loss, reorder, slow, stall
from simulations.faults.verdicts import Delay, Drop, Pass, verdicts

RNG = Rng(0, "s", "mic")


def on(fault, time: int = 0, seq: int = 0):
    return verdicts(fault, Event(time, "mic", seq, b"abcd"), RNG)


def test_of_two_faults_the_second_sees_what_the_first_let_through_at_its_new_time():
    assert on(both(jump(at=0, by=10), disconnect(at=10, length=5))) == (Drop("disconnect"),)
    assert on(both(disconnect(at=10, length=5), jump(at=0, by=10))) == (Delay(10, reason="jump"),)


def test_delays_add_up_and_reasons_are_told_together():
    assert on(both(jump(at=0, by=10), stall(at=10, length=5))) == (Delay(15, reason="jump, stall"),)


def test_what_one_fault_changed_stays_changed():
    ((data, reason),) = on(both(corrupt(permille=1000), loss(permille=0)))
    assert (len(data), data != b"abcd", reason) == (4, True, "corrupt")


def test_without_any_fault_all_comes_through():
    assert on(both()) == (Pass(),)


@pytest.mark.parametrize("beside", [jitter(most=5), disconnect(at=0, length=10), both(jitter(most=3), jump(at=0, by=2))])
def test_a_fault_draws_the_same_with_another_one_before_it(beside):
    alone = [n for n in range(500) if isinstance(on(loss(permille=100), 20, n)[0], Drop)]
    assert [n for n in range(500) if isinstance(on(both(beside, loss(permille=100)), 20, n)[0], Drop)] == alone


def test_two_faults_of_one_kind_do_not_draw_the_same():
    once = sum(on(loss(permille=200), 0, n) == (Pass(),) for n in range(2000))
    twice = sum(on(both(loss(permille=200), loss(permille=200)), 0, n) == (Pass(),) for n in range(2000))
    assert (once / 2000, twice / 2000) == (pytest.approx(0.8, abs=0.03), pytest.approx(0.64, abs=0.03))


def test_two_kinds_of_faults_do_not_draw_the_same_either():
    fates = [on(both(loss(permille=500), reorder(permille=500, by=9)), 0, n)[0] for n in range(50)]
    assert {type(each) for each in fates} == {Pass, Delay, Drop}


def test_a_copy_may_be_lost_where_the_first_is_not():
    fates = {tuple(type(each) for each in on(both(duplicate(permille=1000), loss(permille=500)), 0, n)) for n in range(50)}
    assert fates == {(Pass, Pass), (Pass, Drop), (Drop, Pass), (Drop, Drop)}


def test_a_fault_happens_for_a_while():
    fault = during(loss(permille=1000), start=10, end=20)
    assert [on(fault, time) for time in (9, 10, 19, 20)] == [(Pass(),), (Drop("loss"),), (Drop("loss"),), (Pass(),)]


def test_a_fault_happens_to_one_in_so_many():
    assert sum(on(one_in(loss(permille=1000), n=10), 0, n) != (Pass(),) for n in range(2000)) == pytest.approx(200, abs=45)


def test_a_fault_happens_only_where_something_is_true():
    fault = only(loss(permille=1000), where=lambda event: event.seq == 3)
    assert [n for n in range(10) if on(fault, 0, n) != (Pass(),)] == [3]


def test_in_order_everything_may_be_held_up():
    assert on(in_order(loss(permille=0))) == (Delay(0, in_order=True),)
    assert on(in_order(jump(at=0, by=7))) == (Delay(7, reason="jump", in_order=True),)
    assert on(in_order(loss(permille=1000))) == (Drop("loss"),)
    assert on(both(in_order(jump(at=0, by=7)), jump(at=0, by=1))) == (Delay(8, reason="jump, jump", in_order=True),)


def test_a_while_that_is_over_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="during: wants a start before its end, got 20 and 20 ns"):
        during(loss(permille=3), start=20, end=20)


def test_what_is_no_fault_is_refused():
    with pytest.raises(ValueError, match=r"both: wants faults, functions of \(event, rng\), got 3"):
        both(loss(permille=3), 3)
    with pytest.raises(ValueError, match="both: slow is of a stage, and stands alone"):
        both(slow(permille=2000))
