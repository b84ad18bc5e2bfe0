"""A session of a day takes the memory of its first hour."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.world import simulate
from tests.simulations.day import day

ROOT = Path(__file__).resolve().parents[2]


def played(minutes: int, after: int) -> dict[str, float]:
    """Play it in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, "-m", "tests.simulations.day", str(minutes), str(after)]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def test_once_it_is_under_way_a_session_takes_no_more_memory():
    assert played(minutes=20, after=8)["grown_mb"] < 2


def test_a_session_that_is_watched_comes_to_the_same_as_one_that_is_held():
    assert played(minutes=3, after=1)["digest"] == simulate(day(3), keep=()).digest["media"]


@pytest.mark.full
def test_a_day_takes_the_memory_of_its_first_hour():
    found = played(minutes=24 * 60, after=60)
    print(f"a day: {found['before_mb']:.1f} MB after the first hour, {found['grown_mb']:.1f} MB more at its end")
    assert found["reached_s"] == 24 * 3600
    assert found["grown_mb"] < 20
