"""Two traces are compared event by event: the first that differs is named, with its time and what fed it."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session, Trace, Window, diff, replay, seconds
from omniflow_graph.canonical import EdgeDigest
from omniflow_graph.trace.stored import load_trace, save_trace
from tests.omniflow_graph.trace.parrot import NUMBERS, Word, parrot, think, traced


def louder(*numbers: int) -> Trace:
    """Trace other numbers: the ninth is 3 more."""
    return traced(*NUMBERS[:8], NUMBERS[8] + 3)


def by_reference(trace: Trace, folder) -> Trace:
    """Store a trace and load it: its inputs stand in it by their digests."""
    save_trace(trace, folder / f"{trace.digests['mic'][:8]}.mcap")
    return load_trace(folder / f"{trace.digests['mic'][:8]}.mcap")


def place(found) -> tuple:
    return found.edge, found.time, found.index


def test_the_same_run_twice_differs_in_nothing():
    assert diff(traced(), traced()) is None


def test_a_stored_trace_equals_the_run_that_it_is_of(tmp_path):
    assert diff(traced(), by_reference(traced(), tmp_path)) is None
    assert diff(by_reference(traced(), tmp_path), traced()) is None


def shout(said: int, event: Event[Window]) -> tuple[int, list[Word]]:
    """Think the same, and say the second word louder."""
    said, words = think(said, event)
    return said, [word._replace(text=word.text.upper()) if word.k else word for word in words]


def test_the_first_event_by_time_is_named_with_both_sides_and_what_fed_it():
    assert str(diff(traced(), traced(graph=parrot(shout)))) == (
        "first difference: edge 'think', event 1, at 3.100 s\n"
        "  a: #1 at 3100000000 ns: k=2  text=1 up to 9\n"
        "  b: #1 at 3100000000 ns: k=2  text=1 UP TO 9\n"
        "  think #1 at 3.100 s: k=2  text=1 up to 9\n"
        "    <- window #2 at 3.000 s: window 2 [2 s, 3 s)\n"
        "      <- loud #8 at 2.000 s: 9\n"
        "        <- mic #8 at 2.000 s: 4 bytes"
    )


def test_of_two_records_that_look_alike_when_cut_short_the_fields_that_differ_are_shown():
    def long(said: int, event: Event[Window]) -> tuple[int, list[Word]]:
        said, words = think(said, event)
        return said, [word._replace(text="so " * 50 + word.text) for word in words]

    def longer(said: int, event: Event[Window]) -> tuple[int, list[Word]]:
        said, words = long(said, event)
        return said, [word._replace(text=word.text + "!") for word in words]

    lines = str(diff(traced(graph=parrot(long)), traced(graph=parrot(longer)))).splitlines()
    assert lines[1].split(": ", 2)[2].startswith("text=so so")
    assert lines[2] == lines[1].replace("  a: ", "  b: ") + "!"


def test_of_several_events_at_one_time_the_one_that_stands_first_in_the_graph_is_named():
    """The words are the fourth that the model says and the second to be spoken: their place on the edge decides nothing."""

    def model(word: str):
        return lambda n, event: (n + 1, [word if n == 3 else "" if n % 2 else "hm"])

    def talker(word: str) -> Graph:
        g = Graph("talker")
        spoken = g.stage("model", g.align("window", g.source("mic"), length=10), model(word), state=0)
        g.sink("out", g.map("spoken", spoken, lambda event: event.data or None))
        return g

    yes, no = (replay(talker(word), Session("s", {"mic": []}, end=60), engine="direct") for word in ("yes", "no"))
    assert place(diff(yes, no)) == ("model", 40, 3)
    assert (yes["spoken"][1].time, yes["spoken"][2].time) == (30, 40)


def test_an_event_that_one_of_them_lacks_is_the_first_difference():
    some, more = traced(5), traced(5, 0, 0, 0, 0, 6)
    found = diff(some, more)
    assert (*place(found), found.a, found.b) == ("mic", seconds(0.25), 1, None, more["mic"][1])
    assert "a: no such event\n  b: #1 at 250000000 ns: 4 bytes" in str(found)
    found = diff(more, some)
    assert (*place(found), found.a, found.b) == ("mic", seconds(0.25), 1, more["mic"][1], None)


def test_what_fed_the_difference_is_taken_from_the_trace_where_it_comes_first():
    slow = diff(traced(graph=parrot().replace("think", cost=seconds(0.2))), traced())
    assert (*place(slow), slow.fed_by.splitlines()[0]) == ("think", seconds(1.1), 0, "think #0 at 1.100 s: k=0  text=2 up to 7")


def test_an_edge_that_one_of_them_lacks_counts_from_its_first_event():
    g = parrot()
    g.sink("also", g.map("loudest", "loud", lambda event: event.data if event.data > 6 else None))
    assert place(diff(traced(), traced(graph=g))) == ("loudest", seconds(0.5), 0)
    found = diff(traced(1), traced(1, graph=g))
    assert str(found) == "first difference: edge 'loudest'\n  only b has this edge; there is no event on it"
    assert str(diff(traced(1, graph=g), traced(1))).endswith("only a has this edge; there is no event on it")


def test_of_an_input_by_reference_the_first_event_that_it_changed_is_named(tmp_path):
    found = diff(by_reference(traced(), tmp_path), by_reference(louder(), tmp_path))
    assert str(found) == (
        "first difference: edge 'loud', event 2, at 2.000 s\n"
        "  a: #8 at 2000000000 ns: 9\n"
        "  b: #8 at 2000000000 ns: 12\n"
        "  loud #8 at 2.000 s: 9\n"
        f"    <- mic #8 at 2.000 s: by reference, of 9 events in the recording (value, digest {traced().digests['mic'][:12]})"
    )


def test_an_input_by_reference_that_changed_nothing_else_is_named_itself(tmp_path):
    g = Graph("deaf")
    g.sink("out", g.map("tick", g.source("mic"), lambda event: event.seq))
    a, b = (by_reference(trace, tmp_path) for trace in (traced(1, graph=g), traced(2, graph=g)))
    assert str(diff(a, b)) == "first difference: edge 'mic'\n  the digests of its events differ; the events are not in both traces"
    assert place(diff(a, traced(1, 2, graph=g))) == ("tick", seconds(0.25), 1)


TRACE = traced()
PLACES = [(edge, index) for edge, events in TRACE.edges.items() for index in range(len(events))]


@given(st.sets(st.sampled_from(PLACES), min_size=1, max_size=5), st.booleans())
def test_whichever_events_are_changed_the_first_of_them_is_found(changed, swapped):
    """Fails when the place on the edge is looked at before the order of the edges."""
    other = deepcopy(TRACE)
    for edge, index in changed:
        other.payloads[edge][index] = bytes(32)
        chain = EdgeDigest()
        for event, digest in zip(other.edges[edge], other.payloads[edge]):
            chain.add(event.time, event.seq, digest)
        other.digests[edge] = chain.digest().hex()
    rank = list(TRACE.edges)
    edge, index = min(changed, key=lambda at: (TRACE.edges[at[0]][at[1]].time, rank.index(at[0]), at[1]))
    assert place(diff(*((other, TRACE) if swapped else (TRACE, other)))) == (edge, TRACE.edges[edge][index].time, index)


@pytest.mark.parametrize("seq", [0, 1])
def test_an_event_with_another_number_or_time_differs(seq):
    other = deepcopy(TRACE)
    event = other.edges["think"][seq]
    for changed in (event._replace(seq=7), event._replace(time=event.time + 1)):
        other.edges["think"][seq] = changed
        other.digests["think"] = "another"
        assert place(diff(TRACE, other)) == ("think", event.time, seq)
