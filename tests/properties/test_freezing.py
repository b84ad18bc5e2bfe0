"""An operator that gives what it gave changes nothing, whichever it is and whatever came in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.replay import replay
from omniflow_graph.trace.diff import diff
from omniflow_graph.trace.freezing import freeze
from tests.properties.drawn import EVERY_SHAPE, sessions
from tests.properties.shapes import SHAPES

FEW = settings(max_examples=settings.default.max_examples // 20)


@EVERY_SHAPE
@FEW
@given(st.data())
def test_what_is_not_left_out_is_as_it_was(shape, data):
    """Fails when a frozen edge ends with its session, or with its last event, and a window after that stays shut."""
    graph, session = SHAPES[shape], data.draw(sessions(shape))
    trace = run_direct(graph, session)
    names = data.draw(st.sets(st.sampled_from([node.name for node in graph.nodes.values() if node.kind not in ("source", "sink")]), min_size=1))
    again = run_direct(freeze(graph, names, trace), session)
    assert again.digests == {edge: trace.digests[edge] for edge in again.edges}
    assert again.sinks == trace.sinks
    assert diff(trace, again) is None


@pytest.mark.parametrize("shape", list(SHAPES)[::5])
@settings(max_examples=settings.default.max_examples // 50)
@given(st.data())
def test_bytewax_and_the_direct_executor_agree_on_it(shape, data):
    graph, session = SHAPES[shape], data.draw(sessions(shape))
    node = data.draw(st.sampled_from([node for node in graph.nodes.values() if node.kind not in ("source", "sink")]))
    frozen = freeze(graph, node.name, run_direct(graph, session))
    assert replay(frozen, session, batch=2) == run_direct(frozen, session)
