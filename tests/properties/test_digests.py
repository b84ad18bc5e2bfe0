"""A digest depends on what happened, not on how it came about."""

from __future__ import annotations

from hashlib import sha256
from itertools import groupby

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.canonical import payload_digest
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.events import SECOND, Event
from tests.properties.drawn import EVERY_SHAPE, EXAMPLES, sessions
from tests.properties.shapes import SHAPES, compiled

BATCHES = (1, 4, 64)


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_digests_do_not_depend_on_the_batch(shape, data):
    """Fails when a digest's chain is closed with each batch."""
    session = data.draw(sessions(shape))
    digests = [compiled(shape).run([session], batch=batch)[session.name].digests for batch in BATCHES]
    assert digests == [digests[0]] * len(BATCHES)


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_a_digest_is_chained_second_by_second_that_holds_records(shape, data):
    """Fails when the chain is closed every two seconds."""
    trace = run_direct(SHAPES[shape], data.draw(sessions(shape)))
    assert trace.digests == {edge: chained(events) for edge, events in trace.edges.items()}


@EVERY_SHAPE
@EXAMPLES
@given(st.data())
def test_a_digest_does_not_need_the_payloads_to_be_kept(shape, data):
    """Fails when it is the payload in the trace that is hashed."""
    session = data.draw(sessions(shape))
    assert run_direct(SHAPES[shape], session, keep=()).digests == run_direct(SHAPES[shape], session).digests


def chained(events: list[Event]) -> str:
    """Digest an edge as the rule is written."""
    digest = bytes(32)
    for _, second in groupby(events, key=lambda event: event.time // SECOND):
        records = [msgpack.packb((event.time, event.seq, payload_digest(event.data))) for event in second]
        digest = sha256(digest + b"".join(records)).digest()
    return digest.hex()
