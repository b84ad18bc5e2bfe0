"""A virtual clock waits for nobody, or walks at a pace; the wall clock is read in one file only."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.clock import VirtualClock, WallClock, wall_seconds, wall_span
from omniflow_graph.events import SECOND, seconds

FAR = seconds(3600)


@dataclass
class Stopped(WallClock):
    """Show always the same time."""

    shown: int = 0

    def now(self) -> int:
        return self.shown


def awake_in(clock: WallClock | VirtualClock, at: int) -> tuple[float, float]:
    """Return bounds, in seconds, of how long a clock would have us wait for a session time."""
    before = datetime.now(timezone.utc)
    due = clock.awake(at)
    after = datetime.now(timezone.utc)
    assert due is not None
    return (due - after) / timedelta(seconds=1), (due - before) / timedelta(seconds=1)


def test_the_wall_clock_is_zero_when_it_is_first_read():
    clock = WallClock()
    before = time.monotonic_ns()
    assert clock.now() == 0
    between = time.monotonic_ns()
    now = clock.now()
    assert before <= clock.zero <= between
    assert between - clock.zero <= now <= time.monotonic_ns() - clock.zero


def test_a_wall_clock_can_be_given_its_zero():
    zero = time.monotonic_ns() - FAR
    assert FAR <= WallClock(zero).now() <= time.monotonic_ns() - zero


def test_the_wall_clock_says_when_a_time_comes_and_nothing_once_it_has():
    assert WallClock().awake(0) is None
    assert WallClock(time.monotonic_ns() - FAR).awake(FAR) is None
    least, most = awake_in(WallClock(), FAR)
    assert least <= 3600 <= most + 1e-5  # rounded to microseconds


def test_without_a_pace_nobody_waits():
    clock = VirtualClock(wall=Stopped(shown=5))
    assert (clock.now(), clock.awake(FAR)) == (5, None)


@given(st.floats(0.001, 1000), st.integers(0, 10**15))
def test_a_pace_stretches_the_wall(pace, shown):
    assert VirtualClock(pace, Stopped(shown=shown)).now() == round(shown * pace)


@pytest.mark.parametrize(("pace", "wait"), [(1.0, 3595.0), (2.0, 1795.0), (0.5, 7195.0)])
def test_a_paced_clock_waits_as_long_as_its_pace_says(pace, wait):
    clock = VirtualClock(pace, Stopped(shown=5 * SECOND))
    least, most = awake_in(clock, FAR)
    assert least <= wait <= most + 1e-5
    assert clock.awake(round(5 * SECOND * pace)) is None
    assert clock.awake(0) is None


def test_a_clock_starts_with_its_own_zero():
    assert VirtualClock(1.0).now() == 0
    assert VirtualClock().wall is not VirtualClock().wall


@pytest.mark.parametrize("pace", [0, -1.0, float("inf"), float("nan")])
def test_a_pace_that_leads_nowhere_is_refused(pace):
    with pytest.raises(ValueError, match=rf"^clock: wants a pace above 0, or None to wait for nobody, got {pace}; 1\.0 is real time$"):
        VirtualClock(pace)


def test_a_stopwatch_runs_forwards():
    readings = [wall_seconds() for _ in range(100)]
    assert readings == sorted(readings)


def test_a_span_of_the_wall_is_what_bytewax_takes():
    assert [wall_span(each) for each in (0, 1_500_000, SECOND)] == [timedelta(0), timedelta(microseconds=1500), timedelta(seconds=1)]
