"""What a session is told from outside takes effect between two windows, at exact times, and the same in every run."""

from __future__ import annotations

from typing import Any

import pytest

import recordings
from omniflow_graph import Session, Trace, replay, seconds
from omniflow_graph.recording import open_recording
from operators.duplex import duplex
from operators.turns import turns
from operators.words import Fence

TALK = open_recording(recordings.path("three_questions")).session()


GRAPH = duplex(model="scripted-fast", control=True)


def told(*commands: tuple[float, dict[str, Any]], engine: str = "direct") -> Trace:
    """Replay the three questions while somebody commands. They are answered at 5.29, 11.29 and 19.29 s."""
    session = Session("told", {**TALK.sources, "control": [(seconds(at), each) for at, each in commands]}, TALK.end)
    return replay(GRAPH, session, engine=engine)


def said(trace: Trace) -> list[tuple[float, float, bool]]:
    return [(turn.start / 1e9, round(turn.end / 1e9, 3), turn.stopped) for turn in turns(trace)]


def test_without_a_command_nothing_is_otherwise():
    plain = replay(duplex(model="scripted-fast"), TALK, engine="direct")
    assert said(told()) == said(plain)
    assert [event.data for event in told()["decide"]] == [event.data for event in plain["decide"]]


def test_an_interrupt_silences_the_answer_at_once():
    trace = told((6.4, {"do": "interrupt"}))
    assert said(trace)[0] == (5.29, 6.4, True)
    assert [(event.time, event.data) for event in trace["fence"]] == [(seconds(6.4), Fence(1, 1, "interrupted at 6.40 s"))]


def test_what_was_not_said_by_then_never_is_and_the_next_question_is_answered():
    trace = told((6.4, {"do": "interrupt"}))
    assert [turn.text for turn in turns(trace)][1:] == [turn.text for turn in turns(told())][1:]
    assert turns(trace)[1].start == turns(told())[1].start


def test_an_interrupt_while_nothing_is_said_is_none():
    trace = told((2.0, {"do": "interrupt"}))
    assert said(trace) == said(told())
    assert trace["fence"] == []


def test_the_next_window_listens_when_it_is_told_to():
    trace = told((4.5, {"do": "force_listen"}))
    assert said(trace)[0][0] == 6.29  # a window later
    assert [(d.data.k, d.data.cause) for d in trace["decide"] if d.data.forced] == [(4, "told to listen")]


def test_while_paused_every_window_listens():
    trace = told((4.5, {"do": "pause"}), (7.5, {"do": "resume"}))
    assert said(trace)[0][0] == 8.29
    assert [d.data.k for d in trace["decide"] if d.data.cause == "paused"] == [4, 5, 6]


def test_a_text_is_answered_as_if_it_had_been_said():
    trace = told(*((at, {"do": "text", "text": "What is this?"}) for at in (0.3, 0.5)))  # to the first the script has no answer
    first = turns(trace)[0]
    assert (first.start, first.cause) == (seconds(1.29), "user message 2 came at 0.50 s")


def test_commands_that_are_for_others_change_nothing():
    assert said(told((4.5, {"do": "open", "mode": "duplex"}), (5.0, {"do": "close"}), (6.0, 7))) == said(told())  # type: ignore[arg-type]


def test_the_trace_is_the_same_on_bytewax():
    commands: list[tuple[float, dict[str, Any]]] = [(0.5, {"do": "text", "text": "x"}), (4.5, {"do": "force_listen"}), (6.4, {"do": "interrupt"})]
    assert told(*commands, engine="bytewax") == told(*commands)


def test_a_model_that_cannot_obey_says_so():
    with pytest.raises(ValueError, match="duplex: control wants a model that obeys, such as scripted, got 'blocked'; leave control out"):
        duplex(model="blocked", control=True)
