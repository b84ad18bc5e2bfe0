"""Turns are what was heard, with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph import Event, Graph, Session, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.trace.stored import load_trace, save_trace
from operators.duplex import assistant
from operators.models import scripted_fast
from operators.turns import Turn, heard_samples, turns, unvoiced
from operators.turns import said as shown
from operators.turns import told as told_of
from operators.words import Decision, Wave, duration

MARKS = {"one": ((24_000, 3),), " two": ((48_000, 7),), "three": ((24_000, 5),)}


def waves(state: None, event: Event) -> tuple[None, list[Wave]]:
    """Give a second of sound for every part."""
    wanted = event.data
    return state, [Wave(wanted.response, wanted.part, wanted.last, wanted.text, np.ones(24_000, "<i2"), epoch=wanted.epoch, marks=MARKS[wanted.text])]


def told(state: None, event: Event[Decision]) -> tuple[None, list[Decision]]:
    return state, [event.data]


def said(*decisions: tuple[float, Decision], end: float = 10, keep=None, voice=waves):
    """Run the assistant's half of the pipeline on decisions told to it, at no cost."""
    g = Graph("told")
    assistant(g, g.source("told"), scripted_fast(length=seconds(1)))
    for name, fn in (("decide", told), ("wave", voice)):
        g = g.replace(name, fn=fn, state=None, cost=0)
    g = g.replace("speech", cost=0)
    return run_direct(g, Session("s", {"told": [(seconds(at), decision) for at, decision in decisions]}, end=seconds(end)), keep=keep)


FIRST = (1.0, Decision(0, "speak", "he asked", 1, 0, False, "one", "one two"))
SECOND = (2.0, Decision(1, "speak", "the line goes on", 1, 1, True, " two", "one two", 3))
STOP = Decision(2, "stop", "talked over", 1, ends="flush")


def test_a_turn_is_from_its_first_sound_to_its_last_with_the_cause_of_the_first():
    trace = said(FIRST, SECOND)
    assert turns(trace) == [Turn(seconds(1), seconds(3), "one two", "he asked", 1, False)]
    assert heard_samples(trace) == {1: 48_000}


def test_a_turn_that_was_stopped_ends_when_it_fell_silent():
    trace = said(FIRST, SECOND, (2.4, STOP))
    assert turns(trace) == [Turn(seconds(1), seconds(2.4), "one two", "he asked", 1, True, "one")]
    assert heard_samples(trace) == {1: 33_600}


def test_a_turn_that_was_stopped_between_two_parts_holds_only_the_first():
    assert turns(said(FIRST, (2.5, STOP))) == [Turn(seconds(1), seconds(2), "one", "he asked", 1, True, "one")]


def test_a_turn_that_was_stopped_in_its_first_part_was_heard_in_no_part():
    assert turns(said(FIRST, (1.4, STOP))) == [Turn(seconds(1), seconds(1.4), "one", "he asked", 1, True, "")]


@pytest.mark.parametrize("at", [3.0, 3.1, 9.9])
def test_a_turn_that_had_ended_by_itself_when_it_was_stopped_was_not_cut_short(at):
    assert turns(said(FIRST, SECOND, (at, STOP))) == [Turn(seconds(1), seconds(3), "one two", "he asked", 1, False)]
    assert turns(said(FIRST, SECOND, (2.999, STOP)))[0].stopped


def test_what_is_told_of_a_turn_says_that_it_was_cut_short_and_what_was_heard():
    whole = {"start_s": 1.0, "end_s": 3.0, "text": "one two", "cause": "he asked"}
    assert told_of(said(FIRST, SECOND)) == [whole]
    assert told_of(said(FIRST, SECOND, (2.4, STOP))) == [{**whole, "end_s": 2.4, "stopped": True, "heard": "one"}]
    assert [shown(turn) for trace in (said(FIRST, SECOND), said(FIRST, SECOND, (2.4, STOP))) for turn in told_of(trace)] == [
        "one two", "one two [cut short]",
    ]  # fmt: skip


def mute(state: None, event: Event) -> tuple[None, list[Wave]]:
    """Give a sound for every part but the second."""
    return waves(state, event) if event.data.part != 1 else (state, [])


def test_a_part_that_was_to_be_said_and_has_no_sound_is_named():
    assert unvoiced(said(FIRST, SECOND, (5.0, STOP))) == []
    assert unvoiced(said(FIRST, SECOND, (5.0, STOP), voice=mute)) == [(1, 1)]


def test_every_answer_is_a_turn():
    other = Decision(4, "speak", "he asked again", 2, 0, True, "three", "three", epoch=1)
    assert [(turn.response, turn.text) for turn in turns(said(FIRST, SECOND, (5.0, other)))] == [(1, "one two"), (2, "three")]


def test_a_turn_that_sounds_on_after_the_session_is_as_long_as_its_sound():
    assert turns(said(FIRST, SECOND, end=2.5))[0].end == seconds(3)


def test_a_trace_read_back_has_the_same_turns(tmp_path):
    trace = said(FIRST, SECOND, (2.4, STOP))
    save_trace(trace, tmp_path / "trace.mcap")
    assert turns(load_trace(tmp_path / "trace.mcap")) == turns(trace)


def test_a_trace_that_kept_too_little_is_refused():
    with pytest.raises(ValueError, match=r"turns: the trace of 's' did not keep 'decide'; run with keep=None"):
        turns(said(FIRST, keep=["out-stream"]))


def test_24_khz_samples_last_as_long_as_they_do():
    assert [duration(n) for n in (0, 3, 24_000)] == [0, 125_000, 1_000_000_000]


@pytest.mark.parametrize("edge", ["decide", "heard"])
def test_a_trace_that_holds_something_else_there_is_refused_in_a_line(edge):
    trace = said(FIRST, SECOND)
    trace.edges[edge] = [event._replace(data=7) for event in trace.edges[edge]]
    with pytest.raises(ValueError, match=r"^turns: the trace of 's' holds on decide, play or heard what no assistant leaves there \(.*\); `omniflow"):
        turns(trace)


def decided(*decisions: tuple[float, Decision]):
    """Run a graph that decides, and gives no answer a sound."""
    g = Graph("written")
    g.sink("out", g.stage("decide", g.source("told"), told))
    return run_direct(g, Session("s", {"told": [(seconds(at), decision) for at, decision in decisions]}, end=seconds(10)))


def test_answers_without_sound_are_told_as_they_were_decided():
    other = Decision(4, "speak", "a new scene", 2, 0, True, "three", "three")
    trace = decided(FIRST, (1.5, Decision(1, "listen", "nothing to say")), SECOND, (5.0, other))
    assert told_of(trace) == [
        {"start_s": 1.0, "end_s": 2.0, "text": "one two", "cause": "he asked", "written": True},
        {"start_s": 5.0, "end_s": 5.0, "text": "three", "cause": "a new scene", "written": True},
    ]


def test_one_that_was_stopped_is_marked_with_what_was_written_of_it():
    stopped = {"stopped": True, "heard": "one", "written": True}
    assert told_of(decided(FIRST, (2.0, STOP))) == [{"start_s": 1.0, "end_s": 1.0, "text": "one", "cause": "he asked", **stopped}]


def test_where_an_edge_of_that_name_holds_something_else_nothing_was_said():
    g = Graph("other")
    g.sink("out", g.map("decide", g.source("told", int), lambda event: event.data))
    assert told_of(run_direct(g, Session("s", {"told": [(0, 1)]}, end=seconds(1)))) == []
