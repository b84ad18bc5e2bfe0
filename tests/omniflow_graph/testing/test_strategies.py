"""What is drawn fits a graph's sources, is in order, and runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from omniflow_graph import Graph, Jpeg, Pcm16
from omniflow_graph.canonical import payload_digest
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.testing import broken, events, jittered, must_hold, payloads, sessions
from operators.duplex import duplex
from tests.omniflow_graph.testing.small import small

FEW = settings(max_examples=20)


class Pose(NamedTuple):
    x: float
    name: str | None


@dataclass(frozen=True)
class Order:
    kind: Literal["go", "stop"]
    poses: tuple[Pose, ...]
    more: dict[str, int]


KINDS = [
    int,
    float,
    bool,
    str,
    bytes,
    np.ndarray,
    Pcm16,
    Jpeg,
    int | None,
    list[int],
    tuple[int, str],
    tuple[int, ...],
    Literal[1, 2],
    Pose,
    Order,
    Any,
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@FEW
@given(data=st.data())
def test_a_payload_of_any_type_can_be_digested(kind, data):
    assert payload_digest(data.draw(payloads(kind)))


def test_a_type_that_nobody_can_draw_is_named_with_the_way_out():
    with pytest.raises(TypeError, match=r"payloads of the type object; hand a strategy for them, as in payloads=\{source: ...\}"):
        payloads(object)


@FEW
@given(events(int, end=1000, most=5, grid=100))
def test_events_are_in_the_order_of_time_and_before_the_end(stream):
    times = [time for time, _ in stream]
    assert times == sorted(times)
    assert len(times) <= 5
    assert all(0 <= time < 1000 for time in times)


@FEW
@given(data=st.data())
def test_what_is_jittered_is_late_by_up_to_so_much_and_nothing_is_lost(data):
    stream = [(0, "a"), (10, "b"), (20, "c")]
    drawn = data.draw(jittered(stream, 15, end=30))
    assert [time for time, _ in drawn] == sorted(time for time, _ in drawn)
    late = {payload: time for time, payload in drawn}
    assert all(time <= late[payload] <= min(time + 15, 29) for time, payload in stream)


def test_jitter_lets_one_event_overtake_another():
    stream = [(0, "a"), (10, "b")]
    orders = set()

    @settings(max_examples=50, database=None)
    @given(jittered(stream, 15))
    def draw(drawn):
        orders.add("".join(payload for _, payload in drawn))

    draw()
    assert orders == {"ab", "ba"}


@pytest.mark.parametrize(
    "graph", [small(), duplex(model="scripted-fast", playback="recorded").replace("decide", fn=lambda state, event: (state, []))]
)
@settings(max_examples=10)
@given(data=st.data())
def test_a_session_for_a_graph_runs_and_is_sound(graph, data):
    given = {"playback": st.integers(0, 9)} if "playback" in graph.sources() else {}
    trace = run_direct(graph, data.draw(sessions(graph, payloads=given)))
    must_hold(broken(trace), trace)


def test_payloads_for_a_source_that_there_is_not_are_refused():
    with pytest.raises(ValueError, match="graph 'small' has no source ear; its sources are mic, eye"):
        find(sessions(small(), payloads={"ear": st.just(1)}), lambda session: True)


def test_a_source_of_a_type_that_nobody_can_draw_is_an_error():
    g = Graph("odd")
    g.sink("out", g.source("things", object))
    with pytest.raises(TypeError, match="of the type object"):
        find(sessions(g), lambda session: True)
