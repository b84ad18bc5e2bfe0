"""A graph is a value: declared by name, checked as it grows, composed by plain functions, replaced operator by operator."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Graph, GraphError, Session, Wake, Window, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.nodes import Feedback, Node


def twice(event: Event[int]) -> int:
    return 2 * event.data


def shout(event: Event[str]) -> str:
    return event.data.upper()


def digits(event: Event[int]) -> str:
    return str(event.data)


def count(n: int, cause: Event[int] | Wake) -> tuple[int, list[tuple[int, int]]]:
    return n + 1, [(cause.time, n)]


def ran(graph: Graph, edge: str, **sources: list) -> list[tuple]:
    return [(event.time, event.data) for event in run_direct(graph, Session("s", sources, end=100))[edge]]


# Declared


def test_every_method_that_adds_an_operator_returns_the_name_of_its_edge():
    g = Graph("all")
    assert [
        g.source("mic", int),
        g.map("twice", "mic", twice),
        g.scan("n", "twice", count, state=0, wakes=[5]),
        g.merge("all", "twice", "n"),
        g.align("w", "all", length=10),
        g.stage("model", "w", lambda state, event: (state, []), cost=[1, 2], overrun="newest"),
        g.feedback("back", "model", "all", delay=3),
        g.sink("out", "model"),
    ] == ["mic", "twice", "n", "all", "w", "model", "back", "out"]
    assert g.edges() == ["mic", "twice", "n", "all", "w", "model", "back"]
    assert g.sources() == ["mic"]
    assert g.nodes["n"] == Node("n", "scan", ("twice",), ("twice",), count, 0, (5,), type=int)
    assert g.nodes["all"].inputs == ("twice", "n", "back")
    assert g.nodes["all"].forward == ("twice", "n")
    assert g.feedbacks == {"back": Feedback("back", "model", "all", 3)}
    assert (g.type_of("twice"), g.type_of("w"), g.type_of("back")) == (int, Window, g.type_of("model"))


def test_sources_rank_as_they_were_declared():
    g = Graph("g")
    g.sink("out", g.merge("both", g.source("b"), g.source("a")))
    assert ran(g, "both", a=[(5, "a")], b=[(5, "b")]) == [(5, "b"), (5, "a")]


def test_a_state_is_a_copy_for_every_run_however_a_function_treats_it():
    def note(state: dict, event: Event) -> tuple[dict, list]:
        state["seen"].append(event.data)
        return state, [(event.time, len(state["seen"]))]

    for state in ({"seen": []}, lambda: {"seen": []}):
        g = Graph("g")
        g.sink("out", g.scan("n", g.source("mic"), note, state=state))
        before = g.hash()
        assert [ran(g, "n", mic=[(0, "a"), (1, "b")]) for _ in range(2)] == [[(0, 1), (1, 2)]] * 2
        assert g.hash() == before


# Refused


@pytest.fixture
def g() -> Graph:
    g = Graph("g")
    g.source("mic", int)
    g.align("w", "mic", length=10)
    g.merge("both", "mic")
    g.sink("out", "w", "both")
    return g


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda g: g.source("mic"), "graph 'g': two things are named 'mic'; give one of them another name"),
        (lambda g: g.sink("w", "mic"), "graph 'g': two things are named 'w'; give one of them another name"),
        (lambda g: g.feedback("w", "w", "both"), "graph 'g': two things are named 'w'; give one of them another name"),
        (lambda g: g.source(""), "graph 'g': a name is a text that is not empty and can be printed, got ''"),
        (lambda g: g.source(3), "graph 'g': a name is a text that is not empty and can be printed, got 3"),
        (lambda g: g.source("a\nb"), r"graph 'g': a name is a text that is not empty and can be printed, got 'a\nb'"),
        (
            lambda g: g.feedback("f", "nowhere", "w"),
            "feedback 'f': there is no operator 'nowhere' to connect; declare it before; there are mic, w, both",
        ),
        (lambda g: g.feedback("f", "w", "out"), "feedback 'f': there is no operator 'out' to connect; declare it before; there are mic, w, both"),
        (lambda g: g.feedback("f", ["w"], "both"), "feedback 'f': there is no operator ['w'] to connect; declare it before; there are mic, w, both"),
        (lambda g: g.feedback("f", "w", "mic"), "feedback 'f': wants a merge or an align, got the source 'mic'; put a merge before it"),
        (lambda g: g.feedback("f", "w", "w", delay=-1), "feedback 'f': wants a delay of 0 ns or more as an int, got -1; use seconds(0.2)"),
        (lambda g: g.feedback("f", "w", "w", delay=0.2), "feedback 'f': wants a delay of 0 ns or more as an int, got 0.2; use seconds(0.2)"),
        (lambda g: g.replace("mik", twice), "graph 'g': nothing named 'mik' to replace; there are mic, w, both, out"),
        (lambda g: g.replace("w", twice), "align 'w': cannot replace fn; wants length"),
        (lambda g: g.replace("both", cost=3, state=0), "merge 'both': cannot replace cost, state; wants the name of a map, scan, stage or align"),
        (lambda g: g.replace("w", length=1.5), "align 'w': wants a length of 1 ns or more as an int, got 1.5; use seconds(1.0)"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out_and_leaves_the_graph_as_it_was(g, add, words):
    before = g.hash()
    with pytest.raises(GraphError) as refused:
        add(g)
    assert str(refused.value) == words
    assert g.hash() == before


def test_feedback_and_operators_share_their_names(g):
    g.feedback("back", "w", "both")
    with pytest.raises(GraphError, match=r"^graph 'g': two things are named 'back'; give one of them another name$"):
        g.source("back")


# Typed


def test_a_wrong_connection_is_refused_where_it_is_made():
    g = Graph("g")
    g.source("mic", int)
    with pytest.raises(GraphError, match=r"^map 'shout': wants events of str, got int from 'mic'; put an operator that converts between them$"):
        g.map("shout", "mic", shout)
    assert g.map("shout", g.map("digits", "mic", digits), shout) == "shout"


def test_a_merge_carries_what_any_of_its_inputs_carries():
    g = Graph("g")
    g.merge("both", g.source("mic", int), g.source("words", str))
    assert g.type_of("both") == int | str
    with pytest.raises(GraphError, match=r"^map 'shout': wants events of str, got int \| str from 'both'"):
        g.map("shout", "both", shout)


def test_what_is_fed_back_must_suit_those_who_read_the_merge():
    g = Graph("g")
    g.merge("all", g.source("mic", int))
    g.merge("more", "all")
    g.sink("out", g.map("twice", "more", twice), g.map("digits", "mic", digits))
    before = g.text()
    with pytest.raises(GraphError, match=r"^map 'twice': wants events of int, got int \| str from 'more'"):
        g.feedback("back", "digits", "all", delay=1)
    assert g.text() == before
    assert g.feedback("back", "twice", "all", delay=1) == "back"
    assert g.type_of("more") is int


def test_what_is_fed_back_counts_however_many_loops_it_goes_round():
    g = Graph("g")
    g.map("twice", g.merge("first", g.source("mic", int)), twice)
    g.merge("second", "mic")
    g.feedback("one", "second", "first", delay=1)
    g.source("words", str)
    with pytest.raises(GraphError, match=r"^map 'twice': wants events of int, got int \| str from 'first'"):
        g.feedback("two", "words", "second", delay=1)


# Composed


def doubled(g: Graph, of: str, name: str) -> str:
    """Add two operators and return the edge of the second: it reads like one step."""
    return g.map(f"{name}.again", g.map(f"{name}.once", of, twice), twice)


def test_a_function_that_adds_operators_reads_like_one_step():
    g = Graph("g")
    g.sink("out", doubled(g, doubled(g, g.source("mic", int), "left"), "right"))
    assert list(g.nodes) == ["mic", "left.once", "left.again", "right.once", "right.again", "out"]
    assert ran(g, "right.again", mic=[(3, 1)]) == [(3, 16)]


def test_a_step_that_is_added_twice_under_one_name_is_refused():
    g = Graph("g")
    left = doubled(g, g.source("mic", int), "left")
    with pytest.raises(GraphError, match=r"two things are named 'left\.once'; give one of them another name"):
        doubled(g, left, "left")


# Replaced


def test_one_operator_is_replaced_by_name_and_the_graph_it_came_from_stays():
    g = Graph("g")
    g.merge("all", g.source("mic", int))
    g.scan("n", g.map("twice", "all", twice), count, state=0)
    g.feedback("back", "n", "all", delay=90)
    g.sink("out", "n", "twice")
    other = g.replace("twice", lambda event: -event.data).replace("n", state=10, wakes=[50])
    assert ran(other, "twice", mic=[(3, 1), (4, 2)]) == [(3, -1), (4, -2), (93, -10), (94, -11)]
    assert [time for time, _ in ran(other, "n", mic=[(3, 1)])] == [3, 50, 93]
    assert ran(g, "twice", mic=[(3, 1), (4, 2)]) == [(3, 2), (4, 4), (93, 0), (94, 2)]
    assert (other.edges(), other.feedbacks) == (g.edges(), g.feedbacks)


def test_a_replacement_that_changes_nothing_makes_an_equal_graph(g):
    assert g.replace("w") == g
    assert g.replace("w", length=10).hash() == g.hash()


def test_a_replacement_must_suit_its_neighbours():
    g = Graph("g")
    g.sink("out", g.map("shout", g.map("digits", g.source("mic", int), digits), shout))
    with pytest.raises(GraphError, match=r"^map 'shout': wants events of str, got int from 'digits'"):
        g.replace("digits", twice)
    with pytest.raises(GraphError, match=r"^map 'digits': wants events of str, got int from 'mic'"):
        g.replace("digits", shout)


def test_a_window_can_be_replaced_by_a_longer_one(g):
    assert [time for time, _ in ran(g.replace("w", length=seconds(1)), "w", mic=[])] == [seconds(1)]
