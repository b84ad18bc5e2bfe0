"""Order on every edge, at every merge and sink, and in every stage."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, pairwise

from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.events import Event
from omniflow_graph.graph.nodes import Node
from omniflow_graph.trace.trace import Trace
from tests.properties.drawn import EVERY_SHAPE, EXAMPLES, sessions
from tests.properties.shapes import SHAPES


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_on_an_edge_seq_increases_and_time_does_not_decrease(shape, data):
    """Fails when an operator gives all its answers one number."""
    graph = SHAPES[shape]
    trace = run_direct(graph, data.draw(sessions(shape)))
    for edge, events in trace.edges.items():
        assert {event.stream for event in events} <= {edge}
        assert all(one.seq < next.seq and one.time <= next.time for one, next in pairwise(events))
        if edge in graph.nodes and graph.nodes[edge].kind != "map":
            assert [event.seq for event in events] == list(range(len(events)))


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_a_merge_and_a_sink_join_by_time_then_input_then_seq(shape, data):
    """Fails when seq is compared before the input, or a sink lets go at once."""
    session = data.draw(sessions(shape))
    trace = run_direct(SHAPES[shape], session)
    for node in SHAPES[shape].nodes.values():
        if node.kind == "sink":
            assert trace.sinks[node.name] == joined(trace, node)
        elif node.kind == "merge":
            whole = [(event.time, event.stream, event.seq, event.data) for event in joined(trace, node)]
            assert origins(trace[node.name]) == whole[: len(trace[node.name])]
            assert all(stream not in node.forward for _, stream, _, _ in whole[len(trace[node.name]) :]), "only feedback is not let in"


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_a_stage_takes_or_drops_each_event_once_and_one_after_the_other(shape, data):
    """Fails when a stage never gets busy, or does not say what it dropped."""
    trace = run_direct(SHAPES[shape], data.draw(sessions(shape)))
    for name, steps in trace.stages.items():
        came = trace[SHAPES[shape].nodes[name].inputs[0]]
        ready = {event.seq: getattr(event.data, "ready", event.time) for event in came}
        assert list(chain.from_iterable((*step.dropped, *step.taken) for step in steps)) == [event.seq for event in came]
        assert all(one.done <= next.start for one, next in pairwise(steps))
        assert all(max(ready[seq] for seq in (*step.dropped, *step.taken)) <= step.start <= step.done for step in steps)


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_a_stage_looks_at_all_that_is_ready_when_it_starts(shape, data):
    """Fails when what gets ready just at the start is left waiting."""
    trace = run_direct(SHAPES[shape], data.draw(sessions(shape)))
    for name, steps in trace.stages.items():
        node = SHAPES[shape].nodes[name]
        ready = {event.seq: getattr(event.data, "ready", event.time) for event in trace[node.inputs[0]]}
        if node.overrun == "queue":
            assert all(len(step.taken) == 1 and not step.dropped for step in steps)
        else:
            assert all(min(ready[seq] for seq in (*next.dropped, *next.taken)) > one.start for one, next in pairwise(steps))
            assert all(len(step.taken) == 1 if node.overrun == "newest" else not step.dropped for step in steps)


@EXAMPLES
@given(sessions("metronome"))
def test_a_wake_goes_before_the_events_of_its_time(session):
    """Fails when an event fires only the wakes before it, not those of its time."""
    trace = run_direct(SHAPES["metronome"], session)
    beats = [event.time for event in trace["beat-mic"]]
    came = [sum(since <= event.time < beat for event in trace["mic"]) for since, beat in zip([0, *beats], beats)]
    assert [event.data for event in trace["beat-mic"]] == came


def joined(trace: Trace, node: Node) -> list[Event]:
    """Put all that a node reads in its order."""
    inputs = [event for edge in node.inputs for event in trace[edge]]
    return sorted(inputs, key=lambda event: (event.time, node.inputs.index(event.stream), event.seq))


def origins(events: Iterable[Event]) -> list[tuple]:
    """Name, for each event of a merge, where it came from."""
    return [(event.time, *event.made_of[0][:2], event.data) for event in events]
