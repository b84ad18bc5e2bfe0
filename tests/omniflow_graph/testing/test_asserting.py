"""One thing follows another in time, or the failure says what came instead, and why."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, Session, Trace, replay
from omniflow_graph.testing import assert_follows_within


def doorbell(*rings: int, end: int = 100) -> Trace:
    """Somebody opens 3 ns after each ring; 30 ns after those that are numbered 7."""
    g = Graph("house")
    g.sink("out", g.scan("opens", g.source("rings"), lambda state, ring: (state, [(ring.time + (30 if ring.data == 7 else 3), ring.data)])))
    return replay(g, Session("house", {"rings": [(10 * n, data) for n, data in enumerate(rings)]}, end=end), engine="direct")


def times(pairs: list) -> list[tuple[int, int]]:
    return [(cause.time, effect.time) for cause, effect in pairs]


def test_each_cause_is_returned_with_what_followed_it():
    assert times(assert_follows_within(doorbell(1, 2), "rings", "opens", 3)) == [(0, 3), (10, 13)]


def test_what_follows_at_once_follows():
    trace = doorbell(1)
    assert times(assert_follows_within(trace, "rings", "rings", 0)) == [(0, 0)]


def test_what_comes_a_nanosecond_late_fails_with_its_chain():
    with pytest.raises(AssertionError) as failed:
        assert_follows_within(doorbell(1, 7), "rings", "opens", 29)
    assert str(failed.value) == (
        "session 'house', seed 0: after rings #1 at 0.000 s, wants an event on 'opens' within 0.000 s; the next comes 0.000 s later\n"
        "opens #1 at 0.000 s: 7\n"
        "  <- rings #1 at 0.000 s: 7"
    )
    assert_follows_within(doorbell(1, 7), "rings", "opens", 30)


def test_what_never_comes_fails_with_the_chain_of_the_cause():
    trace = doorbell(1)
    with pytest.raises(AssertionError, match=r"none comes\nopens #0 at 0.000 s: 1\n  <- rings #0"):
        assert_follows_within(trace, "opens", "rings", 50)


def test_only_those_causes_count_that_are_meant_and_only_those_effects_that_will_do():
    trace = doorbell(1, 2, 7)
    assert times(assert_follows_within(trace, "rings", "opens", 3, where=lambda ring: ring.data != 7)) == [(0, 3), (10, 13)]
    assert times(assert_follows_within(trace, "rings", "opens", 50, so=lambda ring, opens: opens.data == 7)) == [(0, 50), (10, 50), (20, 50)]


def test_a_cause_whose_time_is_not_up_when_the_session_ends_proves_nothing():
    assert times(assert_follows_within(doorbell(1, 7, end=39), "rings", "opens", 29)) == [(0, 3)]


def test_a_test_that_would_prove_nothing_fails():
    with pytest.raises(AssertionError, match="wants 1 events or more on 'rings' that are followed by one on 'opens', got 0: nothing would be proved"):
        assert_follows_within(doorbell(), "rings", "opens", 3)
    assert assert_follows_within(doorbell(), "rings", "opens", 3, least=0) == []
