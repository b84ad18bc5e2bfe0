"""A session that switches is followed from the user's side: turns in one mode, switches in either."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, RecordingError, Wake, seconds
from operators.omni_flow.modes.switch import Frame, Line
from operators.scripted.session_modes import Switch
from operators.senses.ears import Hearing
from operators.senses.segmenter import Segmenting
from operators.turn_taking.exchange import Answer, Typed, UserTurn
from operators.turn_taking.room import Asked, asked, entered, follows, seen
from operators.turn_taking.transcript import Transcript
from operators.words import Ack

TO_TURNS, TO_DUPLEX = Asked("turn-based"), Asked("duplex")


def follow(mode: str, *steps: tuple[float, object], how: str = "reset") -> list[tuple[float, UserTurn | Switch]]:
    """Let things happen at seconds; True and False are 100 ms of speech and silence, each heard at once."""
    room, found = entered(mode), []  # type: ignore[arg-type]
    for at, what in steps:
        for data in [bytes(3200), Hearing(900 * what, what, 0, 0, False)] if isinstance(what, bool) else [what]:
            room, given = follows(room, Event(seconds(at), "room", 0, data), how=how, settings=Segmenting(chunk=None))  # type: ignore[arg-type]
            found += given
    return [(time / 1e9, data) for time, data in found]


def speech(at: float, n: int = 8) -> list[tuple[float, bool]]:
    """Say something for 0.3 s; it ends in the frame 0.7 s later. Only the first n frames, if so wanted."""
    return [(at + k / 10, k < 3) for k in range(n)]


def brief(given: list) -> list[tuple]:
    return [(time, data.to if isinstance(data, Switch) else data.number) for time, data in given]


def test_turns_are_taken_in_turn_based_mode_only():
    assert brief(follow("duplex", *speech(1.0), (2.0, Typed("Hello")))) == []
    assert brief(follow("turn-based", *speech(1.0), (2.0, Typed("Hello")))) == [(1.7, 1), (2.0, 2)]


def test_after_a_switch_the_user_is_listened_to_once_the_guard_is_over():
    assert brief(follow("duplex", (1.0, TO_TURNS), *speech(1.3), *speech(2.1))) == [(1.0, "turn-based"), (2.8, 1)]
    assert brief(follow("duplex", (1.0, TO_TURNS), *speech(1.5))) == [(1.0, "turn-based"), (2.2, 1)]
    assert brief(follow("turn-based", *speech(0.2))) == []


def test_a_mode_that_the_session_is_in_already_is_no_switch():
    assert brief(follow("duplex", (1.0, TO_DUPLEX), (2.0, TO_TURNS), (3.0, TO_TURNS), (4.0, TO_DUPLEX))) == [(2.0, "turn-based"), (4.0, "duplex")]


def test_what_is_lost_of_the_users_is_told():
    lost = follow("turn-based", *speech(1.0, 5), (1.5, TO_DUPLEX), (9.0, TO_TURNS))
    assert [(each.unanswered, each.unfinished_ns) for _, each in lost] == [(0, seconds(0.3)), (0, 0)]
    assert [
        each.unanswered for _, each in follow("turn-based", (1.0, Typed("a")), (1.1, Typed("b")), (1.2, Answer(1, "", "")), (1.3, TO_DUPLEX))[2:]
    ] == [1]


def test_what_is_awaited_is_forgotten_by_a_switch_and_turns_are_numbered_on():
    asked_for = [(1.0, Typed("a")), (1.5, TO_DUPLEX), (2.0, TO_TURNS), (2.1, Answer(1, "A", "", 1)), *speech(2.5)]
    assert brief(follow("turn-based", *asked_for)) == [(1.0, 1), (1.5, "duplex"), (2.0, "turn-based"), (3.2, 2)]


@pytest.mark.parametrize(("how", "lines"), [("reset", 0), ("carry", 1)])
def test_a_switch_tells_what_was_said_before_it_and_a_reset_forgets_that(how, lines):
    frame = Frame(seconds(1.0), b"1")
    (_, first), (_, second) = follow(
        "duplex", (1.0, frame), (1.0, Typed("Hello")), (1.1, Ack(2, 5, True)), (2.0, TO_TURNS), (3.0, TO_DUPLEX), how=how
    )
    assert first.transcript == Transcript((Line("user", "Hello", seconds(1.0)),), frame, over=2)
    assert (len(second.transcript.told), second.transcript.frame, second.transcript.over) == (lines, frame if lines else None, 2)


def test_a_wake_changes_nothing():
    assert follows(entered("duplex"), Wake(5), how="reset") == (entered("duplex"), [])


def test_a_mode_is_named_and_a_picture_keeps_its_time():
    assert asked(Event(5, "mode", 0, "duplex")) == TO_DUPLEX
    assert seen(Event(5, "env-visual", 0, b"1")) == Frame(5, b"1")
    for data in ("simplex", None, ["duplex"]):
        with pytest.raises(
            RecordingError, match=r"stream 'mode', event 3 at 1.250 s: mode: wants one of duplex, turn-based, got .*; leave out what names"
        ):
            asked(Event(seconds(1.25), "mode", 3, data))
