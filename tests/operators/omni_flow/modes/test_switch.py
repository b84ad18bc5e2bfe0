"""A session switches modes: what it remembered goes or is told again, and an answer in the middle of which it does is flushed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniflow_graph import seconds
from omniflow_graph.canonical import pack
from operators.omni_flow.modes.states import DuplexState, TurnBasedState
from operators.omni_flow.modes.switch import Flushed, Frame, Line, State, Switched, begun, recalled, retold, switch
from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.turn_based.half_duplex import HalfDuplex, prefill
from operators.omni_flow.turn_based.messages import Image, Message
from tests.operators.omni_flow.modes.test_states import DUPLEX, TURNS

LINES = (Line("user", "Who is there?", seconds(1.0)), Line("assistant", "A cat.", seconds(2.0)))
FRAME = Frame(seconds(2.5), b"a picture")
TOLD = (("lines", 2), ("frames", 1))


def test_a_reset_lets_everything_go():
    state, switched = switch(State(DUPLEX, lines=LINES, frame=FRAME), "turn-based", "reset", seconds(3.0))
    assert state == State(TurnBasedState(), since=seconds(3.0))
    assert switched == Switched(seconds(3.0), "duplex", "turn-based", "reset", (), (*DUPLEX.contents, *TOLD))


def test_what_is_carried_is_kept_to_be_told_again_and_the_rest_goes():
    state, switched = switch(State(TURNS, lines=LINES, frame=FRAME), "duplex", "carry", seconds(3.0))
    assert state == State(DuplexState(), since=seconds(3.0), lines=LINES, frame=FRAME)
    assert switched == Switched(seconds(3.0), "turn-based", "duplex", "carry", TOLD, TURNS.contents)


@pytest.mark.parametrize("how", ["reset", "carry"])
def test_an_answer_that_is_given_is_flushed_and_the_reason_recorded(how):
    state, switched = switch(State(DUPLEX, answer=4), "turn-based", how, seconds(3.0))
    assert (switched.flushed, state.answer) == (Flushed(4, "switched to turn-based"), 0)
    assert switch(State(DUPLEX), "turn-based", how, seconds(3.0))[1].flushed is None


def test_a_mode_may_begin_with_something_of_the_old_one_which_is_kept_then():
    half = replace(TURNS, conversation=HalfDuplex())
    switched = switch(State(DUPLEX), "turn-based", "reset", 0, fresh=lambda to, how, state: replace(half, audio_rows=350))[1]
    assert switched.kept == (("audio_rows", 350),)
    assert ("audio_rows", 350) not in switched.dropped


def test_there_and_back_again_it_begins_anew():
    state, _ = switch(begun("duplex"), "turn-based", "reset", seconds(1.0))
    state, _ = switch(state, "duplex", "reset", seconds(1.0))
    assert state == replace(begun("duplex"), since=seconds(1.0))


def test_a_record_can_be_written_down():
    record = switch(State(DUPLEX, answer=1, lines=LINES, frame=FRAME), "turn-based", "carry", 5)[1]
    assert pack(record) == pack(tuple(record))


def test_what_was_carried_can_be_prefilled_as_messages_with_the_picture_last():
    messages = retold(LINES, Image(9, 9))
    assert messages == (Message("user", "Who is there?"), Message("assistant", "A cat."), Message("user", (Image(9, 9),)))
    state = HalfDuplex()
    for message in messages:
        state = prefill(state, message, Bytes())[0]
    assert state.last == "user"
    assert retold(()) == ()


def test_it_can_be_told_in_a_duplex_prompt_too():
    assert recalled(LINES) == "\n\nprevious: user: Who is there?\nassistant: A cat."
    assert recalled(()) == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            ("duplex", "reset", seconds(9.0)),
            "switch at 9.000 s: wants another mode than duplex, which the session is in; begin a new one to reset it",
        ),
        (("simplex", "reset", seconds(9.0)), "mode: wants one of duplex, turn-based, got 'simplex'"),
        (("turn-based", "keep", seconds(9.0)), "switch: wants one of reset, carry, got 'keep'"),
        (("turn-based", "carry", seconds(1.0)), "switch at 1.000 s: wants a time from 2.000 s on, when the mode began"),
    ],
)
def test_what_is_no_switch_is_refused(given, words):
    with pytest.raises(ValueError) as caught:
        switch(State(DUPLEX, since=seconds(2.0)), *given)
    assert str(caught.value) == words
