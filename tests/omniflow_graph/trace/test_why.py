"""An event is followed back, through one window, to all that was heard in it, and the chain reads as a text."""

from __future__ import annotations

from dataclasses import replace as replaced

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Session, Window, replay, seconds
from omniflow_graph.recording.wire import pack_value, unpack_value
from omniflow_graph.trace.trace import NOT_KEPT, Elsewhere
from omniflow_graph.trace.why import at, brief, chain, explain, find
from tests.omniflow_graph.trace.parrot import Word, parrot, traced


def followed(links: list) -> list[tuple]:
    return [(link.depth, link.event.stream, link.event.seq, link.last) for link in links]


def test_a_sound_goes_back_through_its_window_to_the_frames_that_were_heard_in_it():
    assert explain(chain(traced(), "play", 0)) == (
        "play #0 at 1.100 s: begins\n"
        "  <- squawk #0 at 1.100 s: 8 bytes\n"
        "    <- think #0 at 1.100 s: k=0  text=2 up to 7\n"
        "      <- window #0 at 1.000 s: window 0 [0 s, 1 s)\n"
        "        <- loud #1..2 at 0.250 s: 5\n"
        "           #2 at 0.500 s: 7\n"
        "          <- mic #1..2 at 0.250 s: 4 bytes, and 1 more up to 0.500 s"
    )


def told(numbers: tuple[int, ...], telling=lambda event: False) -> list[str]:
    """The lines that say what a window of numbers was made of."""
    lines = explain(chain(traced(*numbers), "window", 0, telling=telling)).splitlines()
    return [line.strip() for line in lines[1 : next(n for n, line in enumerate(lines) if "mic" in line)]]


def test_of_a_range_the_first_and_the_last_event_are_shown_and_how_many_stand_between():
    assert told((3, 4, 5, 6)) == ["<- loud #0..3 at 0.000 s: 3", "(2 between)", "#3 at 0.750 s: 6"]
    assert told((3, 0, 0, 6)) == ["<- loud #0..3 at 0.000 s: 3", "#3 at 0.750 s: 6"]
    assert told((3, 4, 5, 3)) == ["<- loud #0..3 at 0.000 s: 3, and 3 more up to 0.750 s"]


def test_of_a_range_those_events_are_shown_that_say_something():
    assert told((3, 9, 9, 3), lambda event: event.data == 9) == [
        "<- loud #0..3 at 0.000 s: 3", "#1 at 0.250 s: 9", "#2 at 0.500 s: 9", "#3 at 0.750 s: 3",
    ]  # fmt: skip
    assert told((3, 4, 9, 3), lambda event: event.data == 9) == [
        "<- loud #0..3 at 0.000 s: 3", "(1 between)", "#2 at 0.500 s: 9", "#3 at 0.750 s: 3",
    ]  # fmt: skip


def test_of_many_events_that_say_something_the_first_five_are_shown():
    g = parrot().replace("window", length=seconds(3))
    lines = explain(chain(traced(*range(1, 11), graph=g), "window", 0, telling=lambda event: event.stream == "loud")).splitlines()
    assert [line.split()[0] for line in lines[2:9]] == ["#1", "#2", "#3", "#4", "#5", "(3", "#9"]


def test_the_causes_of_a_range_are_those_of_all_its_events():
    assert followed(chain(traced(1, 0, 0, 4), "window", 0)) == [(0, "window", 0, 0), (1, "loud", 0, 3), (2, "mic", 0, 3)]


def test_what_a_window_was_fed_back_is_named_and_not_followed():
    assert followed(chain(traced(), "think", 1)) == [
        (0, "think", 1, 1),
        (1, "window", 2, 2),
        (2, "loud", 8, 8),
        (3, "mic", 8, 8),
    ]
    assert followed(chain(traced(), "window", 1)) == [(0, "window", 1, 1), (1, "again", 0, 1)]


def test_an_event_that_was_fed_back_is_followed_if_it_is_the_one_asked_for():
    assert [link.event.stream for link in chain(traced(), "again", 0)] == ["again", "play", "squawk", "think", "window", "loud", "mic"]


def test_what_a_scan_answered_to_a_wake_has_no_cause_unless_somebody_knows_it():
    trace = traced()
    assert followed(chain(trace, "play", 1)) == [(0, "play", 1, 1)]
    links = chain(trace, "play", 1, woken=lambda trace, event: (("squawk", event.seq // 2, event.seq // 2),))
    assert followed(links)[:3] == [(0, "play", 1, 1), (1, "squawk", 0, 0), (2, "think", 0, 0)]


def test_an_input_that_stands_by_reference_is_named_without_its_payload():
    trace = traced()
    trace.edges["mic"] = []
    assert explain(chain(trace, "loud", 1)) == "loud #1 at 0.250 s: 5\n  <- mic #1 at 0.250 s: (payload not kept)"
    trace.elsewhere["mic"] = Elsewhere("in a drawer")
    assert explain(chain(trace, "loud", 1)) == "loud #1 at 0.250 s: 5\n  <- mic #1 at 0.250 s: in a drawer"


def echo(event: Event) -> int | None:
    return event.data - 1 or None


def test_an_echo_of_an_echo_is_followed_to_its_beginning_however_long_ago_that_is():
    g = Graph("echo")
    heard = g.map("echo", g.merge("all", g.source("mic")), echo)
    g.feedback("again", heard, "all", delay=1)
    g.sink("out", heard)
    trace = replay(g, Session("echo", {"mic": [(0, 2000)]}, end=5000), engine="direct")
    links = chain(trace, "echo", 1998)
    assert (len(links), links[-1].event) == (1999 + 1999 + 1998 + 1, Event(0, "mic", 0, 2000))


def forged(**made_of: tuple) -> list[tuple]:
    """Follow the first sound of a trace in which the first events of some edges say they were made of something else."""
    trace = traced()
    for edge, causes in made_of.items():
        trace.edges[edge][0] = trace.edges[edge][0]._replace(made_of=causes)
    return followed(chain(trace, "squawk", 0))


def test_a_forged_event_that_names_itself_is_named_and_not_followed_again():
    assert forged(squawk=(("squawk", 0, 0),)) == [(0, "squawk", 0, 0), (1, "squawk", 0, 0)]
    assert forged(squawk=(("think", 0, 0),), think=(("squawk", 0, 0),)) == [(0, "squawk", 0, 0), (1, "think", 0, 0), (2, "squawk", 0, 0)]


def test_a_forged_window_that_names_itself_ends_too():
    assert forged(window=(("window", 0, 0), ("loud", 1, 1)))[2:] == [
        (2, "window", 0, 0),
        (3, "window", 0, 0),  # beyond a window feedback is not followed, so this is another question
        (4, "window", 0, 0),
        (4, "loud", 1, 1),
        (5, "mic", 1, 1),
        (3, "loud", 1, 1),
    ]


def test_a_chain_of_many_steps_takes_a_line_each_and_not_the_square_of_their_number():
    trace = traced()
    link = chain(trace, "mic", 0)[0]
    lines = explain([replaced(link, depth=depth) for depth in (99, 100, 9999)])
    assert [len(line) - len(line.lstrip()) for line in lines.splitlines()] == [198, 200, 200]


def test_an_event_that_is_not_there_is_an_error_that_says_what_is():
    trace = traced()
    for edge, seq, words in [
        ("loud", 0, r"edge 'loud' has no event with seq 0; its seqs are 1\.\.8"),
        ("loud", 9, r"edge 'loud' has no event with seq 9; its seqs are 1\.\.8"),
        ("sound", 0, "no edge 'sound' in this trace; there are mic, loud, window"),
    ]:
        with pytest.raises(KeyError, match=words):
            chain(trace, edge, seq)
    with pytest.raises(KeyError, match="edge 'think' has no event with seq 0; it holds none"):
        find(traced(0), "think", 0)


def test_the_event_at_a_time_is_the_last_one_up_to_it():
    trace = traced()
    assert [at(trace, "play", seconds(time)).seq for time in (1.1, 1.399, 1.4, 9)] == [0, 0, 1, 3]
    with pytest.raises(KeyError, match=r"edge 'play' has no event up to 1\.099 s"):
        at(trace, "play", seconds(1.099))


WINDOW = Window(3, seconds(1.5), seconds(2), seconds(2), True, ())


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"1234", "4 bytes"),
        ("a text", "a text"),
        ("two\nlines", "two lines"),
        (NOT_KEPT, "(payload not kept)"),
        (7, "7"),
        (None, "None"),
        (np.float64(0.5), "0.5"),
        (np.zeros((2, 3), "<i2"), "int16[2, 3]"),
        (Word(1, "hm"), "k=1  text=hm"),
        ({"wave": np.zeros(5, "<f4"), "none": None, "empty": "", "zero": 0, "sound": b"12"}, "wave=float32[5]  zero=0  sound=2 bytes"),
        (WINDOW, "window 3 [1.5 s, 2 s) partial"),
        (WINDOW._replace(partial=False), "window 3 [1.5 s, 2 s)"),
        (unpack_value(pack_value(WINDOW)), "window 3 [1.5 s, 2 s) partial"),
        (unpack_value(pack_value(Word(1, "hm"))), "k=1  text=hm"),
        ("a" * 100, "a" * 100),
        ("a" * 101, "a" * 97 + "..."),
        ({"text": "a" * 61}, "text=" + "a" * 57 + "..."),
    ],
)
def test_a_payload_is_written_on_one_short_line(data, line):
    assert brief(data) == line


def test_a_graph_without_feedback_is_followed_to_the_same_frames():
    assert followed(chain(traced(graph=parrot(fed_back=False)), "play", 0)) == followed(chain(traced(), "play", 0))
