"""`--twice` on replay and check runs everything again, otherwise, and fails with the first event that differs."""

from __future__ import annotations

import json

import pytest

from tests.operators.commands.rooms import ASK

MINE = """
import itertools
import time

from omniflow_graph import Event, Graph, Pcm16

COUNT = itertools.count()

def clock(event: Event[Pcm16]) -> int:
    return time.perf_counter_ns()

def counted(event: Event[Pcm16]) -> int:
    return next(COUNT)

def graph(fn):
    g = Graph("mine")
    g.sink("out", g.map("a", g.source("env-audio", Pcm16), globals()[fn]))
    return g

def by_clock(): return graph("clock")
def by_count(): return graph("counted")
"""


@pytest.fixture
def mine(here):
    (here / "mine_preparing.py").write_text(MINE)
    return here


def test_what_depends_on_nothing_is_the_same_twice(omniflow, here):
    code, out, err = omniflow(*ASK, "--twice")
    assert (code, err, out.splitlines()[-1].split(":")[0]) == (0, "", "the same twice")


def test_a_what_if_is_the_same_twice(omniflow, here):
    omniflow(*ASK, "--out", "run")
    answer = omniflow("replay", "run", "--freeze", "decide", "--twice", "--json")
    assert (answer.code, answer.json["apart"]) == (0, None)


def test_what_depends_on_a_clock_is_not(omniflow, mine):
    code, out, _ = omniflow("replay", "room.mcap", "--graph", "mine_preparing:by_clock", "--twice")
    assert code == 1
    assert "session 'room' does not come out the same twice: it differs when it is run again in another process" in out
    assert "first difference: edge 'a', event 0, at 0.000 s\n" in out
    assert "\n    <- env-audio #0 at 0.000 s: 640 bytes" in out


def test_check_finds_what_a_module_counts_and_accepts_nothing_of_it(omniflow, mine):
    code, out, _ = omniflow("check", "room.mcap", "--graph", "mine_preparing:by_count", "--twice", "--accept", "--json")
    (found,) = json.loads(out)["recordings"]
    assert (code, found["verdict"], found["apart"]["edge"], found["apart"]["index"]) == (1, "not the same twice", "a", 0)
    assert "for the second time in one process" in found["apart"]["words"]
    assert not (mine / "room.expected.json").exists()


def test_check_passes_what_is_the_same_twice(omniflow, here):
    check = ("check", "room.mcap", *ASK[2:])
    assert [omniflow(*check, more).code for more in ("--accept", "--twice")] == [0, 0]


def test_it_is_for_one_recording_at_a_time(omniflow, here):
    assert "--twice: is for one recording at a time" in omniflow.refused("replay", "room.mcap", "three_questions", "--twice")
