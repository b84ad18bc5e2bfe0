"""Operators are frozen to what they gave in a run: what follows runs again, what only they needed does not."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, GraphError, Pcm16, RunError, Session, diff, explain, replay, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.nodes import frozen_in
from omniflow_graph.trace.diff import not_compared
from omniflow_graph.trace.freezing import freeze
from omniflow_graph.trace.stored import load_trace, save_trace
from omniflow_graph.trace.why import chain
from tests.omniflow_graph.trace.parrot import Word, parrot, play, talk, traced


def stored(folder):
    """Keep the parrot's trace, and read it back."""
    save_trace(traced(), folder / "trace.mcap")
    return load_trace(folder / "trace.mcap")


def shout(event):
    return Pcm16(b"\1\0" * 2 * len(event.data.text))


def run(graph: Graph, session: Session | None = None):
    return run_direct(graph, session or talk())


def test_what_only_it_needed_is_left_out_feedback_too_and_what_follows_runs():
    frozen = freeze(parrot(), "think", traced())
    assert (frozen.sources(), list(frozen.nodes), frozen.feedbacks) == (["think"], ["think", "squawk", "play", "out"], {})
    again = run(frozen)
    assert again.digests == {edge: traced().digests[edge] for edge in ("think", "squawk", "play")}
    assert (again.sinks, again.end, again.stages) == (traced().sinks, seconds(3.0), {})


def test_what_something_else_reads_too_stays_and_runs():
    g = parrot()
    g.sink("also", "loud")
    frozen = freeze(g, "think", traced(graph=g))
    assert (list(frozen.nodes), frozen.sources()) == (["mic", "loud", "think", "squawk", "play", "out", "also"], ["mic", "think"])
    other = run_direct(frozen, talk(1, 2, 3))
    assert other["think"] == [event._replace(stamps=None) for event in traced()["think"]]
    assert [event.data for event in other["loud"]] == [1, 2, 3]


def test_it_serves_a_trace_that_was_stored_and_its_records_are_records_again(tmp_path):
    frozen = freeze(parrot(), "think", stored(tmp_path))
    assert {type(event.data) for event in run(frozen)["think"]} == {Word}
    assert run(frozen).digests == run(freeze(parrot(), "think", traced())).digests


def test_several_are_frozen_at_once_or_one_after_another():
    at_once = freeze(parrot(), ["squawk", "think"], traced())
    assert (at_once.sources(), run(at_once).digests) == (["think", "squawk"], run(freeze(parrot(), "think", traced())).digests)
    one = freeze(parrot(), "squawk", traced())
    assert run(freeze(one, "think", traced())).digests == run(at_once).digests


def test_one_that_only_another_frozen_one_needed_is_left_out():
    g = Graph("line")
    g.sink("out", g.map("b", g.map("a", g.source("mic"), lambda event: event.data), lambda event: event.data))
    session = Session("s", {"mic": [(0, 1)]}, end=2)
    assert freeze(g, ["a", "b"], replay(g, session, engine="direct")).edges() == ["b"]


def test_with_another_operator_replaced_the_first_difference_is_what_that_gives():
    what_if = run(freeze(parrot(), "think", traced()).replace("squawk", fn=shout))
    found = diff(traced(), what_if)
    assert (found.edge, found.index, found.time) == ("squawk", 0, seconds(1.1))
    assert "<- think #0 at 1.100 s: k=0  text=2 up to 7\n    <- window #0 at 1.000 s" in found.fed_by
    assert not_compared(traced(), what_if) == ["mic", "loud", "window", "again"]
    assert diff(traced(), run(freeze(parrot(), "think", traced()))) is None


def test_causes_go_back_to_what_is_frozen_and_say_what_was_not_run():
    words = explain(chain(run(freeze(parrot(), "think", traced())), "play", 0))
    assert words.endswith("<- think #0 at 1.100 s: k=0  text=2 up to 7\n      <- window #0 at 1.100 s: not run again: 'think' is as it was recorded")


def test_a_stored_run_still_knows_what_it_left_out(tmp_path):
    save_trace(run(freeze(parrot(), "think", traced())), tmp_path / "what_if.mcap")
    again = load_trace(tmp_path / "what_if.mcap")
    assert diff(traced(), again) is None
    assert not_compared(traced(), again) == ["mic", "loud", "window", "again"]
    assert (again.end, again["think"][0].data.text) == (seconds(3.0), "2 up to 7")


def test_the_hash_is_another_one_and_follows_what_was_frozen():
    frozen = freeze(parrot(), "think", traced())
    assert frozen.hash() == freeze(parrot(), "think", traced()).hash()
    assert len({frozen.hash(), parrot().hash(), freeze(parrot(), "think", traced(1, 2)).hash()}) == 3


def test_a_cost_is_none_any_more():
    slow = traced(graph=parrot().replace("think", cost=seconds(0.7)))
    assert [event.time for event in run(freeze(parrot(), "think", slow))["think"]] == [seconds(1.7), seconds(3.7)]


def test_a_graph_that_was_frozen_is_drawn_and_printed_and_can_be_changed():
    frozen = freeze(parrot(), "think", traced())
    assert "think" in frozen.mermaid()
    assert frozen_in(frozen.replace("play", fn=play).nodes).keys() == {"think"}


REFUSED = [
    ("mic", "cannot freeze 'mic', which is a source; its operators are loud, window, think, squawk, play"),
    ("out", "cannot freeze 'out', which is a sink"),
    ("again", "cannot freeze 'again', which is no operator"),
    ("decide", "cannot freeze 'decide', which is no operator; its operators are loud"),
]


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_what_is_no_operator_is_refused(name, words):
    with pytest.raises(GraphError, match=words):
        freeze(parrot(), name, traced())


def test_a_trace_that_does_not_hold_it_all_is_refused(tmp_path):
    with pytest.raises(GraphError, match=r"'think', the trace of 'talk' holds no payload of its event 0 at 1.100 s; keep the payloads of this edge"):
        freeze(parrot(), "think", traced(keep=["mic"]))
    with pytest.raises(GraphError, match=r"holds only a part of the payload of its event 0 at 1.000 s; freeze what reads it"):
        freeze(parrot(), "window", stored(tmp_path))
    cut = stored(tmp_path)
    del cut.edges["think"][-1], cut.payloads["think"][-1]
    with pytest.raises(GraphError, match="does not hold all its events, it is damaged"):
        freeze(parrot(), "think", cut)
    cut.complete = False
    with pytest.raises(GraphError, match="was stopped before its end"):
        freeze(parrot(), "think", cut)
    g = parrot()
    g.sink("more", g.map("louder", "loud", lambda event: event.data))
    with pytest.raises(GraphError, match="'louder', the trace of 'talk' has no such edge; it has mic, loud, window"):
        freeze(g, "louder", traced())


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
def test_another_session_is_refused(engine):
    frozen = freeze(parrot(), "think", traced())
    with pytest.raises(RunError, match="'think' is frozen to what it gave in session 'talk', got session 'other'; freeze it to a trace of this one"):
        replay(frozen, Session("other", {"mic": []}, end=5), engine=engine)
