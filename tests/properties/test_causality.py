"""Nothing depends on what is still to come, and nothing is before its cause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.session import Session
from omniflow_graph.trace.trace import Trace
from tests.properties.drawn import EVERY_SHAPE, EXAMPLES, sessions, times
from tests.properties.shapes import SHAPES


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_another_future_leaves_the_past_as_it_was(shape, data):
    """Fails when an align takes all that it holds, or a stage all that waits, ready or not."""
    session, other = data.draw(sessions(shape)), data.draw(sessions(shape))
    now = data.draw(times(), label="now")
    changed = with_future(session, other, now)
    assert past(run_direct(SHAPES[shape], changed), now) == past(run_direct(SHAPES[shape], session), now)


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_an_event_is_not_before_what_it_was_made_of(shape, data):
    """Fails when an align takes all that it holds, or feedback subtracts its delay."""
    trace = run_direct(SHAPES[shape], data.draw(sessions(shape)))
    found = {edge: {event.seq: event for event in events} for edge, events in trace.edges.items()}
    for event in (event for events in trace.edges.values() for event in events):
        for stream, first, last in event.made_of:
            assert found[stream][first].time <= found[stream][last].time <= event.time


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_an_answer_has_the_time_that_its_operator_owes(shape, data):
    """Fails when a stage answers at its start, or feedback forgets its delay."""
    graph = SHAPES[shape]
    trace = run_direct(graph, data.draw(sessions(shape)))
    found = {edge: {event.seq: event for event in events} for edge, events in trace.edges.items()}
    for name in graph.edges():
        delay = graph.feedbacks[name].delay if name in graph.feedbacks else 0
        if name in graph.feedbacks or graph.nodes[name].kind in ("map", "merge"):
            causes = [found[stream][seq] for stream, seq, _ in (event.made_of[0] for event in trace[name])]
            assert [event.time for event in trace[name]] == [cause.time + delay for cause in causes]
        elif graph.nodes[name].kind == "stage":
            done = {step.taken[-1]: step.done for step in trace.stages[name]}
            assert [event.time for event in trace[name]] == [done[event.made_of[0][2]] for event in trace[name]]


def with_future(session: Session, other: Session, now: int) -> Session:
    """Keep what came before `now`, and let another session go on from there. What has ended stays ended."""
    streams, ends = {}, {}
    for source, events in session.sources.items():
        end, new_end = session.ends([source])[source], other.ends([source])[source]
        ended = end < now
        future = [] if ended else [event for event in other.sources[source] if event[0] >= now]
        streams[source] = [event for event in events if event[0] < now] + future
        ends[source] = end if ended else max(now, new_end)
    return Session(session.name, streams, ends, session.allowance)


def past(trace: Trace, now: int) -> dict:
    """Cut a trace to what is before `now`: events by their time, steps of stages by when they began."""
    return {
        "edges": {edge: [event for event in events if event.time < now] for edge, events in trace.edges.items()},
        "sinks": {sink: [event for event in events if event.time < now] for sink, events in trace.sinks.items()},
        "stages": {stage: [step for step in steps if step.start < now] for stage, steps in trace.stages.items()},
    }
