"""What could never end is refused before it begins, on every engine."""

from __future__ import annotations

import pytest

from omniflow_graph import Graph, Session, replay, seconds
from omniflow_graph.errors import RunError


def windows(length: int) -> Graph:
    g = Graph("windows")
    g.sink("out", g.align("window", g.source("mic"), length=length))
    return g


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
def test_windows_without_number_are_refused_at_once(engine):
    session = Session("long", {"mic": [(0, b"")]}, end=seconds(20))
    with pytest.raises(RunError, match=r"session 'long', align 'window': would cut 20 s into 20,000,000,000 windows of 1 ns"):
        replay(windows(1), session, engine=engine)
    assert len(replay(windows(seconds(1)), session, engine=engine)["window"]) == 20
