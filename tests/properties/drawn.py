"""What comes in, drawn by Hypothesis: sessions for a shape, and how many examples each shape gets."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from omniflow_graph.events import seconds
from omniflow_graph.session import Session
from tests.properties.shapes import SHAPES

LONGEST = 40  # tenths of a second
TENTH = seconds(0.1)

EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES)
EXAMPLES = settings(max_examples=settings.default.max_examples // 2)  # 50 of each shape make 1,000; `make check` makes ten times as many


def times() -> st.SearchStrategy[int]:
    """Draw a time that is likely to be that of something else, or next to it."""
    return st.builds(lambda tenth, off: max(0, tenth * TENTH + off), st.integers(0, LONGEST), st.sampled_from((0, 1, -1)))


@st.composite
def sessions(draw: st.DrawFn, shape: str, name: str = "drawn") -> Session:
    """Draw a session for a shape: a few events on each source, and sources that end together or apart."""
    streams, ends = {}, {}
    for source in SHAPES[shape].sources():
        events = draw(st.lists(st.tuples(times(), st.integers(0, 9)), max_size=12), label=source)
        streams[source] = sorted(events, key=lambda event: event[0])
        last = max((time for time, _ in events), default=-1)
        ends[source] = max(last + 1, draw(times(), label=f"end of {source}"))
    end = max(ends.values()) if draw(st.booleans(), label="all end together") else ends
    return Session(name, streams, end, allowance=draw(st.sampled_from((0, 0, TENTH, 3 * TENTH)), label="allowance"))
