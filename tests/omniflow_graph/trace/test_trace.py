"""A trace holds a run edge by edge, as events and as arrays, and boils it down to two digests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Jpeg, Pcm16, Session, Trace, replay, seconds
from omniflow_graph.canonical import edge_digest, run_digest
from omniflow_graph.engine.messages import Step
from omniflow_graph.trace.trace import NOT_KEPT, is_media
from tests.omniflow_graph.trace.parrot import NUMBERS, Word, parrot, talk, traced


def test_an_edge_is_asked_for_by_name():
    assert [(event.time, event.data) for event in traced()["think"]] == [(seconds(1.1), Word(0, "2 up to 7")), (seconds(3.1), Word(2, "1 up to 9"))]
    with pytest.raises(KeyError, match="no edge 'thing' in this trace; there are mic, loud, window, think, squawk, play, again"):
        traced()["thing"]


def test_sinks_get_the_events_of_their_edges_and_stages_say_when_they_worked():
    trace = traced()
    assert [(event.stream, event.time, event.data) for event in trace.sinks["out"]] == [
        ("think", seconds(1.1), Word(0, "2 up to 7")),
        ("play", seconds(1.1), "begins"),
        ("play", seconds(1.4), "heard"),
        ("think", seconds(3.1), Word(2, "1 up to 9")),
        ("play", seconds(3.1), "begins"),
        ("play", seconds(3.4), "heard"),
    ]
    assert trace.stages == {"think": [Step("think", seconds(k), seconds(k + 0.1), (k - 1,), ()) for k in (1, 2, 3)]}


def test_a_trace_ends_when_the_last_of_its_sources_does():
    g = Graph("two")
    g.sink("out", g.merge("all", g.source("mic"), g.source("eye")))
    assert replay(g, Session("s", {"mic": [], "eye": []}, {"mic": 5, "eye": 9}), engine="direct").end == 9
    assert Trace("s", g).end == 0


# Arrays


def array(payloads: list, of: str | None = None) -> np.ndarray:
    g = Graph("one")
    g.sink("out", g.source("mic"))
    return replay(g, Session("s", {"mic": list(enumerate(payloads))}, end=100), engine="direct").array("mic", of)


@pytest.mark.parametrize(
    ("payloads", "of", "joined"),
    [
        ([b"\1\0\2\0", b"\xff\xff"], None, np.array([1, 2, -1], "<i2")),
        ([np.zeros((1, 2), "<f4"), np.ones((2, 2), "<f4")], None, np.array([[0, 0], [1, 1], [1, 1]], "<f4")),
        ([1, 2, 3], None, np.array([1, 2, 3])),
        ([0.5], None, np.array([0.5])),
        ([Word(3, "hm"), Word(4, "ha")], "k", np.array([3, 4])),
        ([], None, np.zeros(0, "<i2")),
    ],
)
def test_the_payloads_of_an_edge_join_to_one_array(payloads, of, joined):
    found = array(payloads, of)
    assert (found.dtype, found.shape, found.tolist()) == (joined.dtype, joined.shape, joined.tolist())


def test_payloads_that_were_not_kept_cannot_be_joined():
    with pytest.raises(ValueError, match=r"edge 'squawk': its payloads were not kept; run with keep=\['squawk'\]"):
        traced(keep=["think"]).array("squawk")


# What is kept


@pytest.mark.parametrize("engine", ["direct", "bytewax"])
def test_payloads_are_kept_on_the_edges_that_are_asked_for_and_digests_on_all(engine):
    graph = parrot()
    whole, some = traced(), replay(graph, talk(*NUMBERS), engine=engine, keep=["think"])
    assert (some.digests, some.payloads) == (whole.digests, whole.payloads)
    assert some["think"] == whole["think"]
    assert [(e.time, e.seq, e.data, e.made_of) for e in some["loud"]] == [(e.time, e.seq, NOT_KEPT, e.made_of) for e in whole["loud"]]
    assert {event.stream: event.data is NOT_KEPT for event in some.sinks["out"]} == {"think": False, "play": True}


def test_what_was_not_kept_is_one_thing_also_after_it_travelled():
    assert (pickle.loads(pickle.dumps(NOT_KEPT)), repr(NOT_KEPT)) == (NOT_KEPT, "NOT_KEPT")


# Digests


def test_an_edge_has_the_digest_of_its_events_and_the_run_that_of_its_edges():
    trace = traced()
    assert trace.digests == {edge: edge_digest(events).hex() for edge, events in trace.edges.items()}
    edges = {edge: bytes.fromhex(digest) for edge, digest in trace.digests.items()}
    plain = {edge: edges[edge] for edge in ("loud", "window", "think", "play", "again")}
    assert trace.digest == {"decisions": run_digest(plain).hex(), "media": run_digest(edges).hex()}


def test_the_order_of_edges_does_not_show_in_a_digest():
    trace = traced()
    turned = Trace("talk", trace.graph, digests=dict(reversed(trace.digests.items())))
    assert turned.digest == trace.digest


def test_another_voice_changes_the_digest_of_media_and_not_that_of_decisions():
    other = traced(graph=parrot().replace("squawk", fn=whistle)).digest
    assert other["decisions"] == traced().digest["decisions"]
    assert other["media"] != traced().digest["media"]


def whistle(event: Event[Word]) -> Pcm16:
    return Pcm16(bytes(4))


class Row(NamedTuple):
    text: str
    picture: Jpeg


@dataclass(frozen=True)
class Deep:
    rows: Row | None


def media(fn: Callable[..., Any]) -> bool:
    g = Graph("typed")
    made = g.map("made", g.source("mic"), fn)
    window = g.align("window", made, length=10)
    g.feedback("back", made, window)
    g.sink("out", window)
    found = {is_media(g, edge) for edge in ("made", "window", "back")}
    assert len(found) == 1, "a window and a feedback edge carry what they are made of"
    return found.pop()


def bytes_(event: Event) -> bytes: ...
def pcm(event: Event) -> Pcm16 | None: ...
def array_(event: Event) -> np.ndarray: ...
def row(event: Event) -> Row: ...
def deep(event: Event) -> Deep: ...
def text_or_sound(event: Event) -> str | Pcm16: ...
def text(event: Event) -> str: ...
def word(event: Event) -> Word: ...
def anything(event: Event): ...


@pytest.mark.parametrize(
    ("fn", "carries"),
    [(bytes_, True), (pcm, True), (array_, True), (row, True), (deep, True), (text_or_sound, True), (text, False), (word, False), (anything, False)],
)
def test_an_edge_carries_media_if_its_type_holds_sound_or_pictures(fn, carries):
    assert media(fn) == carries


def test_traces_of_arrays_are_compared_by_what_was_done_and_shown_in_one_line():
    g = Graph("g")
    g.sink("out", g.map("wave", g.source("mic"), lambda event: np.full(3, event.data)))
    traces = [replay(g, Session("ann", {"mic": [(5, loud)]}, end=9)) for loud in (1, 1, 2)]
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]
    assert repr(traces[0]) == f"<Trace of 'ann', 9e-09 s; mic: 1, wave: 1; digest {traces[0].digest['media'][:12]}>"
    assert str(g) == g.text()
