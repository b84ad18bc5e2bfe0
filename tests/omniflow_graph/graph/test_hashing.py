"""A graph's hash is what the graph is: the same in every process, and another for every other parameter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import numpy as np
import pytest

from omniflow_graph import Event, Graph

# What can be bound to a function, and what cannot be seen


def gained(event: Event, by: int = 2, *, floor: int = 0) -> int:
    return max(floor, by * event.data)


def closure(by: Any) -> Callable:
    return lambda event: (by, event)


def recursive(by: int) -> Callable:
    def fn(event: Event) -> int:
        return by if event.data else fn(event)

    return fn


class Gain:
    def __init__(self, by: int, inner: Any = None) -> None:
        self.by, self.inner, self._seen = by, inner, 0

    def __call__(self, event: Event) -> int:
        self._seen += 1
        return self.by * event.data

    def method(self, event: Event) -> int:
        return self.table[event.data]

    @cached_property
    def table(self) -> dict:
        return {0: self.by}


@dataclass(frozen=True)
class Memory:
    name: str
    waves: dict = field(default_factory=dict, compare=False)

    def wave(self, event: Event) -> Any:
        return self.waves[event.data]


class Pair(NamedTuple):
    a: int
    b: int


class Twin(NamedTuple):
    a: int
    b: int


class Color(Enum):
    RED = 1
    BLUE = 2


class Level(IntEnum):
    LOW = 1


def hashed(fn: Any = len, state: Any = None) -> str:
    g = Graph("g")
    g.sink("out", g.scan("n", g.source("mic"), lambda state, cause: (state, []), state=state), g.map("m", "mic", fn))
    return g.hash()


def table(**fields: int) -> Callable:
    return fields.__getitem__


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (closure(2), closure(3)),
        (closure(closure(2)), closure(closure(3))),
        (recursive(2), recursive(3)),
        (lambda event, by=2: by, lambda event, by=3: by),
        (lambda event, *, by=2: by, lambda event, *, by=3: by),
        (partial(gained, by=2), partial(gained, by=3)),
        (partial(gained, by=2), partial(gained, floor=2)),
        (partial(gained, by=2), gained),
        (partial(closure(2)), partial(closure(3))),
        (lru_cache(closure(2)), lru_cache(closure(3))),
        (Gain(2), Gain(3)),
        (Gain(2).method, Gain(3).method),
        (Gain(2).method, Gain(2)),
        (partial(gained, by=Gain(2)), partial(gained, by=Gain(3))),
        (Memory("a").wave, Memory("b").wave),
        (table(a=1), table(a=2)),
        ([1].count, [2].count),
        (np.negative, np.positive),
        (len, str),
        (Gain(2, closure(2)), Gain(2, closure(3))),
    ],
)
def test_functions_differ_in_what_is_bound_to_them(one, other):
    assert hashed(one) != hashed(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: closure(2),
        lambda: recursive(2),
        lambda: partial(gained, by=2),
        lambda: Gain(2),
        lambda: Gain(2).method,
        lambda: table(a=1, b=2),
        lambda: lru_cache(closure(2)),
        lambda: closure(object()),
        lambda: closure(np),
        lambda: Gain(2, Gain(3)),
    ],
)
def test_functions_made_twice_are_the_same(make):
    one, other = make(), make()
    assert one is not other
    assert hashed(one) == hashed(other)


STATES = [
    None,
    False,
    0,
    0.0,
    1,
    2**70,
    2**70 + 1,
    "",
    "1",
    b"1",
    [],
    [1, 2],
    [2, 1],
    [[1], 2],
    {"a": 1},
    {"a": 2},
    {1: 1},
    {"1": 1},
    {(1, 2): 1},
    {1, 2},
    frozenset({3}),
    Pair(1, 2),
    Twin(1, 2),
    Memory("a"),
    Memory("b"),
    Color.RED,
    Color.BLUE,
    Level.LOW,
    Path("a/b"),
    Path("a/c"),
    Fraction(1, 3),
    Fraction(2, 3),
    Decimal("1.5"),
    1 + 2j,
    range(3),
    range(4),
    np.zeros(3),
    np.zeros(3, "<f4"),
    np.ones(3),
    dict,
    list,
    object(),
    slice(3),
]


def test_states_of_any_kind_differ():
    hashes = [hashed(state=state) for state in STATES]
    assert len(set(hashes)) == len(STATES)


def test_what_is_no_parameter_does_not_count():
    assert hashed(Memory("a", {1: 2}).wave) == hashed(Memory("a").wave)  # compare=False
    assert hashed(state={"a": 1, "b": 2}) == hashed(state={"b": 2, "a": 1})
    assert hashed(state=object()) == hashed(state=object())
    gain = Gain(2)
    before = hashed(gain), hashed(gain.method)
    assert (gain(Event(0, "mic", 0, 5)), gain.method(Event(0, "mic", 0, 0))) == (10, 2)
    assert (hashed(gain), hashed(gain.method)) == before  # what an object remembers, or worked out


def test_what_holds_itself_has_a_hash():
    state: list = [1]
    state.append(state)
    assert hashed(state=state) == hashed(state=state) != hashed(state=[1, [1]])


def build(**changes: Any) -> Graph:
    """Build a graph with one of everything; each change is of one parameter."""
    is_ = {"graph": "g", "map": "m", "first": "a", "second": "b", "state": 0, "wakes": (5,), "length": 10}
    is_ |= {"cost": 3, "overrun": "queue", "of": "n", "delay": 1, "back": "f", "target": "all", "kind": "merge", "fn": len, **changes}
    g = Graph(is_["graph"])
    g.source(is_["first"])
    g.source(is_["second"])
    g.map(is_["map"], is_["first"], is_["fn"])
    g.scan("n", is_["second"], lambda state, cause: (state, []), state=is_["state"], wakes=is_["wakes"])
    g.merge("all", is_["map"], "n")
    g.merge("too", is_["map"], "n") if is_["kind"] == "merge" else g.align("too", is_["map"], "n", length=5)
    g.align("w", "all", "too", length=is_["length"])
    g.stage("model", "w", lambda state, event: (state, []), cost=is_["cost"], overrun=is_["overrun"])
    g.feedback(is_["back"], is_["of"], is_["target"], delay=is_["delay"])
    g.sink("out", "model")
    return g


@pytest.mark.parametrize(
    "change",
    [
        {"graph": "h"},
        {"map": "k"},
        {"first": "b", "second": "a"},
        {"fn": str},
        {"state": 1},
        {"state": False},
        {"wakes": (5, 6)},
        {"wakes": ()},
        {"length": 11},
        {"cost": 4},
        {"cost": [3]},
        {"cost": len},
        {"overrun": "merge"},
        {"of": "w"},
        {"of": "m"},
        {"delay": 2},
        {"back": "e"},
        {"target": "w"},
        {"kind": "align"},
    ],
    ids=str,
)
def test_every_part_of_a_graph_counts(change):
    assert build(**change).hash() != build().hash() == build().hash()


def test_the_order_of_edges_counts():
    def read(*edges: str) -> str:
        g = Graph("g")
        g.source("a")
        g.source("b")
        g.sink("out", g.merge("m", *edges))
        return g.hash()

    assert read("a", "b") != read("b", "a")


# Other processes

SCRIPT = """
from functools import partial
from omniflow_graph import Graph

class Gain:
    def __init__(self, by):
        self.by = by
    def __call__(self, event):
        return self.by

def scale(event, by):
    return by

def graph():
    g = Graph("g")
    g.source("mic")
    g.map("a", "mic", Gain({"x": {1, 2, 3}, "y": ("z", b"w")}))
    g.map("b", "a", partial(scale, by={"one", "two", "three", "four"}))
    g.scan("c", "b", lambda state, cause: (state, []), state={"k": frozenset("abcdef"), "o": object()})
    g.sink("out", "c")
    return g

if __name__ == "__main__":
    print(graph().hash())
"""


def test_another_process_another_hash_seed_and_a_script_come_to_the_same(tmp_path):
    (tmp_path / "pipeline.py").write_text(SCRIPT)
    commands = [
        [sys.executable, "-c", "import pipeline; print(pipeline.graph().hash())"],
        [sys.executable, "pipeline.py"],
    ]
    root = str(Path(__file__).parents[3])
    found = [
        subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": str(n), "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for n, command in enumerate(commands, 1)
    ]
    assert len(found[0]) == 64
    assert found[0] == found[1]


def test_the_hash_is_that_of_canonical_msgpack():
    g = Graph("g")
    g.align("w", g.map("m", g.source("mic"), len), length=10)
    g.feedback("back", "m", "w", delay=3)
    g.sink("out", "w")
    nodes = [
        ["mic", "source", [], None, None, [], 0, 0, "queue"],
        ["m", "map", ["mic"], "builtins:len", None, [], 0, 0, "queue"],
        ["w", "align", ["m", "back"], None, None, [], 10, 0, "queue"],
        ["out", "sink", ["w"], None, None, [], 0, 0, "queue"],
    ]
    assert g.hash() == sha256(msgpack.packb(["g", nodes, [["back", "m", "w", 3]]])).hexdigest()
