"""What a graph depends on behind its own back shows when it is run again; a graph that depends on nothing comes out the same."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace

import pytest

from omniflow_graph import RunError
from omniflow_graph.trace.twice import WAYS, Way, again, told

MODULE = '''
import itertools
import os
import time

from omniflow_graph import Graph, Session

WORDS = [f"word {n}" for n in range(40)]
COUNT = itertools.count()
SEEN = []
SESSION = Session("s", {"mic": [(n * 100, n) for n in range(12)], "eye": [(n * 100, n) for n in range(12)]}, end=1_300)


def same(event):
    return event.data * 2

def some(event):
    """Take the first few of a set."""
    return ", ".join(list({*WORDS})[:3])

def clock(event):
    return time.perf_counter_ns()

def hash_seed(event):
    return os.environ["PYTHONHASHSEED"]

def counted(event):
    return next(COUNT)

def left(event):
    SEEN.append(event.seq)
    return event.seq

def right(event):
    """Say what its neighbour has seen, which no edge tells."""
    return len(SEEN)

def drawn(event, rng):
    return rng(event).below(1000)

def breaks(event):
    if next(COUNT) > 20:
        raise KeyError("the twenty-first")
    return event.data

def graph(fn):
    g = Graph("mine")
    if fn == "right":
        a, b = (g.align(name, g.source(of), length=100) for name, of in (("first", "mic"), ("second", "eye")))
        g.sink("out", g.map("a", a, left), g.map("b", b, right))
        return g
    fns = globals()[fn], same
    a, b = g.map("a", g.source("mic"), fns[0]), g.map("b", g.source("eye"), fns[1])
    g.sink("out", g.align("window", a, b, length=300))
    return g

def run(way, fn, seed=0):
    yield "s", way.replay(graph(fn), SESSION, seed=seed)
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of a user's, in the working directory."""
    (tmp_path / "mine_twice.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("mine_twice")
    del sys.modules["mine_twice"]


def apart(mine, fn: str, **given):
    """Run it here, and again elsewhere."""
    return again(dict(mine.run(Way("direct"), fn, **given)), "mine_twice:run", {"fn": fn, **given})


def test_a_graph_that_depends_on_what_comes_in_comes_out_the_same(mine):
    assert apart(mine, "drawn", seed=5) is None


@pytest.mark.parametrize(("fn", "way"), [("some", WAYS[0]), ("clock", WAYS[0]), ("counted", WAYS[1])])
def test_the_order_of_a_set_a_clock_and_a_counter_are_caught(mine, fn, way):
    """Sets are ordered otherwise elsewhere, and clocks go on; a module's state is left over for the second run of a process."""
    found = apart(mine, fn)
    assert (found.session, found.way, found.first.edge, found.first.index, found.first.time) == ("s", way, "a", 0, 0)
    assert "does not come out the same twice" in str(found)
    assert f"a: #0 at 0 ns: {found.first.a.data}\n  b: #0 at 0 ns: {found.first.b.data}\n  a #0 at 0.000 s" in str(found)
    assert "<- mic #0 at 0.000 s: 0" in str(found)
    assert json.loads(json.dumps(told(found)))["words"] == str(found)


def test_what_a_neighbour_does_is_caught(mine):
    found = apart(mine, "right")
    assert (found.first.edge, found.first.time, found.first.a.data == found.first.b.data) == ("b", 100, False)


def test_sets_are_ordered_otherwise_there_whatever_the_hash_seed_is_here(mine, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    found = apart(mine, "hash_seed")
    assert (found.first.a.data, found.first.b.data) == ("1", "2")


def test_turns_at_one_instant_have_another_order_in_each_way(mine):
    """Their neighbour sees it: no edge leads from one to the other."""
    told = []
    for way in (Way("direct"), *(replace(way, engine="direct") for way in WAYS)):
        mine.SEEN.clear()
        ((_, trace),) = mine.run(way, "right")
        told.append([event.data for event in trace["b"]])
    assert told[0] != told[1] or told[0] != told[2]


def test_a_run_that_breaks_off_only_the_second_time_says_why(mine):
    with pytest.raises(RunError, match=r"run again in another process, it breaks off: .*the twenty-first"):
        apart(mine, "breaks")
