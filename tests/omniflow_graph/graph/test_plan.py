"""A plan says whose turn it is when, and what runs as one: every cycle is an island, and one that could not turn is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Graph, GraphError
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Session


def same(event):
    return event.data


def slow(state, event):
    return state, [0]


def loop(delay: int = 0, *, window: bool = False, cost: int = 0) -> Graph:
    """Build mic -> all -> (w ->) model -> out, with the model's answer fed back into the merge."""
    g = Graph("loop")
    g.merge("all", g.source("mic"))
    g.stage("model", g.align("w", "all", length=10) if window else "all", slow, cost=cost)
    g.feedback("back", "model", "all", delay=delay)
    g.sink("out", "model")
    return g


def parts(planned: Plan) -> list[list[str]]:
    return [[node.name for node in part.nodes] for part in planned.parts]


# What has no meaning


def test_an_operator_that_nobody_reads_is_named():
    g = Graph("g")
    g.map("text", g.source("mic"), same)
    g.sink("out", "mic")
    with pytest.raises(GraphError, match=r"^graph 'g': no sink needs 'text'; add g.sink\('out', 'text'\) or remove it$"):
        plan(g)
    g.sink("more", "text")
    assert g.checked() is g


def test_an_edge_that_is_only_fed_back_is_needed():
    g = Graph("g")
    g.merge("all", g.source("mic"))
    g.feedback("back", g.map("echo", "all", same), "all", delay=1)
    assert g.checked() is g


def test_a_graph_without_anything_is_refused():
    with pytest.raises(GraphError, match=r"^graph 'nothing': is empty; add a source and a sink$"):
        Graph("nothing").checked()


@pytest.mark.parametrize("cost", [0, 5])
def test_a_cycle_that_could_wait_for_itself_is_named_in_the_direction_of_its_edges(cost):
    g = Graph("g")
    g.merge("all", g.source("mic"))
    g.stage("model", g.map("text", "all", same), slow, cost=cost)
    g.sink("out", "model")
    g.feedback("back", "model", "all")
    with pytest.raises(GraphError) as refused:
        g.checked()
    start = "graph 'g': a cycle could wait for itself for ever: "
    assert str(refused.value).startswith(start)
    cycle, _, way = str(refused.value)[len(start) :].partition("; ")
    names = cycle.split(" -> ")
    turns = [names[:-1][n:] + names[:-1][:n] for n in range(3)]
    assert ["all", "text", "model"] in turns
    assert names[0] == names[-1]
    assert way == "give its feedback a delay, or lead it into an align"


def test_a_delay_or_a_window_turns_a_cycle():
    for g in (loop(1), loop(window=True)):
        assert g.checked() is g


def test_a_merge_cannot_be_fed_from_itself_at_once():
    g = Graph("g")
    g.sink("out", g.merge("all", g.source("mic")))
    g.feedback("back", "all", "all")
    with pytest.raises(GraphError, match="for ever: all -> all;"):
        g.checked()


def test_two_windows_that_feed_each_other_have_a_meaning():
    g = Graph("g")
    a = g.align("a", g.source("mic"), length=10)
    b = g.align("b", a, length=15)
    g.feedback("back", b, a)
    g.sink("out", b)
    assert parts(plan(g)) == [["a", "b"], ["out"]]


# Parts


def test_a_graph_without_feedback_is_a_part_for_each_operator():
    g = Graph("g")
    g.map("a", g.source("mic"), same)
    g.merge("c", g.map("b", "mic", same), "a")
    g.sink("out", "c")
    planned = plan(g)
    assert sorted(map(tuple, parts(planned))) == [("a",), ("b",), ("c",), ("out",)]
    assert {part.name: (part.outside, part.edges) for part in planned.parts} == {
        "a": (("mic",), ("a",)),
        "b": (("mic",), ("b",)),
        "c": (("b", "a"), ("c",)),
        "out": (("c",), ()),
    }


def test_a_cycle_is_one_part_and_what_leads_there_or_away_is_not():
    g = Graph("g")
    g.map("before", g.source("mic"), same)
    g.align("w", "before", length=10)
    g.stage("model", "w", slow)
    g.map("aside", "w", same)
    g.feedback("back", "model", "w")
    g.sink("out", "model", "aside")
    planned = plan(g)
    assert parts(planned) == [["before"], ["w", "model"], ["aside"], ["out"]]
    island = planned.parts[1]
    assert (island.name, island.outside, island.edges) == ("w+model", ("before",), ("w", "model", "back"))
    assert [feedback.name for feedback in island.feedbacks] == ["back"]


def test_cycles_that_share_an_operator_are_one_island_and_others_are_not():
    g = Graph("g")
    for n in (1, 2):
        g.align(f"w{n}", g.source(f"mic{n}"), length=10)
        g.map(f"a{n}", f"w{n}", same)
        g.feedback(f"a{n}.back", f"a{n}", f"w{n}")
        g.map(f"b{n}", f"w{n}", same)
        g.feedback(f"b{n}.back", f"b{n}", f"w{n}")
    g.sink("out", "w1", "w2")
    assert [sorted(names) for names in parts(plan(g))] == [["a1", "b1", "w1"], ["a2", "b2", "w2"], ["out"]]


def test_feedback_that_closes_no_cycle_makes_no_island():
    g = Graph("g")
    g.merge("early", g.source("mic"))
    g.map("late", "mic", same)
    g.feedback("back", "late", "early")
    g.sink("out", "early")
    planned = plan(g)
    assert parts(planned) == [["late"], ["early"], ["out"]]
    assert {part.name: (part.outside, part.edges) for part in planned.parts} == {
        "late": (("mic",), ("late", "back")),
        "early": (("mic", "back"), ("early",)),
        "out": (("early",), ()),
    }


def test_feedback_from_a_source_begins_where_it_ends():
    g = Graph("g")
    g.merge("all", g.source("mic"))
    g.feedback("later", "mic", "all", delay=30)
    g.sink("out", "all")
    (part, _) = plan(g).parts
    assert (part.outside, part.edges) == (("mic",), ("all", "later"))
    trace = run_direct(g, Session("s", {"mic": [(0, "a"), (10, "b")]}, end=100))
    assert [(event.time, event.data) for event in trace["all"]] == [(0, "a"), (10, "b"), (30, "a"), (40, "b")]


# Turns


def test_within_an_instant_causes_come_first_and_windows_wait_for_nobody():
    g = loop(window=True)
    planned = plan(g)
    order = [node.name for node in planned.order]
    assert order.index("model") < order.index("all")  # it is fed back within the instant
    assert order.index("w") < order.index("model")
    whole = planned.whole()
    assert [node.name for node in whole.nodes] == [name for name in order if name != "mic"]
    assert whole.waits == {"w": frozenset(), "model": frozenset(), "all": {"mic"}, "out": frozenset()}


def test_a_turn_depends_on_the_edges_from_outside_that_lead_to_it_within_the_instant():
    g = Graph("g")
    a, b = g.source("a"), g.source("b")
    g.merge("m", a, g.align("w", b, length=10))
    g.map("n", "m", same)
    g.sink("out", g.merge("all", "n", b))
    assert plan(g).whole().waits == {"m": {"a"}, "w": frozenset(), "n": {"a"}, "all": {"a", "b"}, "out": {"a", "b"}}


@given(st.data())
def test_every_operator_is_in_one_part_and_reads_what_stands_before_it(data):
    g, edges = Graph("g"), ["mic"]
    g.source("mic")
    for n in range(data.draw(st.integers(1, 12))):
        of = data.draw(st.lists(st.sampled_from(edges), min_size=1, max_size=3, unique=True))
        edges.append(g.merge(f"m{n}", *of) if data.draw(st.booleans()) else g.align(f"w{n}", *of, length=5))
    for n in range(data.draw(st.integers(0, 4))):
        g.feedback(f"f{n}", data.draw(st.sampled_from(edges[1:])), data.draw(st.sampled_from(edges[1:])), delay=1)
    g.sink("out", *edges)
    planned = plan(g)
    assert sorted(node.name for part in planned.parts for node in part.nodes) == sorted(
        node.name for node in g.nodes.values() if node.kind != "source"
    )
    turns = {node.name: turn for turn, node in enumerate(planned.order)}
    assert all(names == sorted(names, key=turns.__getitem__) for names in parts(planned))
    known = {"mic"}
    waiting = list(planned.parts)
    while ready := [part for part in waiting if known >= set(part.outside)]:  # feedback between parts may run ahead of the list
        known |= {edge for part in ready for edge in part.edges}
        waiting = [part for part in waiting if part not in ready]
    assert waiting == []


def test_a_chain_of_a_thousand_operators_in_a_loop_is_one_island():
    g = Graph("long")
    edge = g.align("w", g.source("mic"), length=10)
    for n in range(1000):
        edge = g.map(f"m{n}", edge, same)
    g.feedback("back", edge, "w")
    g.sink("out", edge)
    assert [len(part.nodes) for part in plan(g).parts] == [1001, 1]
