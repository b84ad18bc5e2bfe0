"""Windows tile time: each event is in one window, that of its time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.events import Event, Window
from omniflow_graph.graph.nodes import Node
from omniflow_graph.trace.trace import Trace
from tests.properties.drawn import EVERY_SHAPE, EXAMPLES, sessions
from tests.properties.shapes import SHAPES


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_windows_are_what_their_edges_hold_cut_at_multiples_of_the_length(shape, data):
    """Fails when an align takes what is at its end, too."""
    session = data.draw(sessions(shape))
    trace = run_direct(SHAPES[shape], session)
    for align in aligns(shape):
        windows = trace[align.name]
        cut = [window(trace, align, k, session.allowance) for k in range(len(windows))]
        assert [event.data._replace(partial=False) for event in windows] == cut
        assert [(event.time, event.seq) for event in windows] == [(w.end, w.k) for w in cut]


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_windows_last_until_the_end_and_only_the_last_is_partial(shape, data):
    """Fails when a window opens at the End, when none is ever partial, or when feedback keeps an align open."""
    session = data.draw(sessions(shape))
    trace = run_direct(SHAPES[shape], session)
    for align in aligns(shape):
        last = max((event.time for edge in align.forward for event in trace[edge]), default=-1)
        partial = [event.data.partial for event in trace[align.name]]
        assert last < len(partial) * align.length, "what came by a forward edge is in a window"
        assert True not in partial[:-1]
        if set(align.forward) <= set(session.sources):
            end = max(session.ends(align.forward).values())
            assert len(partial) == -(-end // align.length)
            assert partial[-1:] == [end % align.length > 0] * (end > 0)


def aligns(shape: str) -> list[Node]:
    """List the aligns of a shape."""
    return [node for node in SHAPES[shape].nodes.values() if node.kind == "align"]


def window(trace: Trace, align: Node, k: int, allowance: int) -> Window:
    """Cut the k-th window out of the edges that an align reads."""
    start, end = k * align.length, (k + 1) * align.length
    held = [event for edge in align.inputs for event in trace[edge] if start <= event.time < end]
    return Window(k, start, end, end + allowance, False, tuple(sorted(held, key=lambda event: place(event, align))))


def place(event: Event, node: Node) -> tuple[int, int, int]:
    """Say where an event stands among all that a node reads: by time, input, seq."""
    return event.time, node.inputs.index(event.stream), event.seq
