"""Bytewax and the direct executor do the same, whatever comes in and however it is cut into batches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.engine import direct
from omniflow_graph.engine.direct import run_direct
from tests.properties.drawn import EVERY_SHAPE, EXAMPLES, sessions
from tests.properties.shapes import SHAPES, compiled

BATCHES = st.sampled_from((1, 2, 3, 5, 64))


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_bytewax_does_what_the_direct_executor_does(shape, data):
    """Fails when an align promises the window after the next, or a merge forgets in its promise what it holds."""
    session, batch = data.draw(sessions(shape)), data.draw(BATCHES, label="batch")
    assert compiled(shape).run([session], batch=batch)[session.name] == run_direct(SHAPES[shape], session)


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_sessions_that_run_together_do_what_each_does_alone(shape, data):
    """Fails when what a batch holds is noted down for the session of its first message."""
    together = [data.draw(sessions(shape, name)) for name in ("ann", "bob")]
    batch, workers = data.draw(BATCHES, label="batch"), data.draw(st.integers(1, 2), label="workers")
    alone = {session.name: run_direct(SHAPES[shape], session) for session in together}
    assert compiled(shape).run(together, batch=batch, workers=workers) == alone


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_how_often_the_direct_executor_looks_up_does_not_show(shape, data):
    """Fails when the last event let in counts as a tick later than itself."""
    session = data.draw(sessions(shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "CHUNK", data.draw(BATCHES, label="chunk"))
        often = run_direct(SHAPES[shape], session)
    assert often == run_direct(SHAPES[shape], session)
