"""Of the orders in which operators may have their turns at one instant, none shows in a trace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import run_bytewax
from omniflow_graph.graph.plan import plan
from tests.properties.drawn import EVERY_SHAPE, sessions
from tests.properties.shapes import SHAPES

ORDERS = st.integers(1, 1 << 32)


@EVERY_SHAPE
@settings(max_examples=settings.default.max_examples // 20)
@given(st.data())
def test_the_direct_executor_comes_to_the_same_in_any_order(shape, data):
    """Fails when a turn waits for fewer others than it depends on: without what a merge reads in `_same_instant`."""
    graph, session = SHAPES[shape], data.draw(sessions(shape))
    assert run_direct(plan(graph, order=data.draw(ORDERS)), session) == run_direct(graph, session)


@pytest.mark.parametrize("shape", list(SHAPES)[::4])
@settings(max_examples=settings.default.max_examples // 50)
@given(st.data())
def test_so_does_bytewax(shape, data):
    graph, session = SHAPES[shape], data.draw(sessions(shape))
    shuffled = plan(graph, order=data.draw(ORDERS))
    assert run_bytewax(shuffled, [session], batch=3)[session.name] == run_direct(graph, session)
