"""What is said or typed makes a turn, and nothing else is listened to until its answer was heard."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, RecordingError, Wake, seconds
from operators.senses.ears import Hearing
from operators.senses.segmenter import Segmenting
from operators.turn_taking.exchange import Answer, Typed, UserTurn
from operators.turn_taking.user_turns import Ear, listens, typed
from operators.words import Ack

FRAME_NS = 100_000_000
FRAME = bytes(3200)


def follow(*steps: tuple[float, object]) -> list[tuple[float, UserTurn]]:
    """Let things happen at seconds; True and False are 100 ms of speech and silence, each heard at once."""
    ear, found = Ear(), []
    for at, what in steps:
        causes = [what] if not isinstance(what, bool) else [FRAME, Hearing(900 * what, what, 0, 0, False)]
        for data in causes:
            ear, turns = listens(ear, Event(seconds(at), "ear", 0, data), settings=Segmenting(chunk=None))
            found += turns
    return [(time / 1e9, turn) for time, turn in found]


def speech(at: float) -> list[tuple[float, bool]]:
    """Say something for 0.3 s; it ends in the frame 0.7 s later."""
    return [(at + n / 10, n < 3) for n in range(8)]


def heard(*steps) -> list[tuple[float, int]]:
    return [(time, turn.number) for time, turn in follow(*steps)]


def test_what_was_said_is_a_turn_when_it_ends():
    ((time, turn),) = follow(*speech(1.0))
    assert (time, turn.number, turn.start, turn.end, len(turn.pcm)) == (1.7, 1, seconds(1.0), seconds(1.33), 2 * 5_280)


def test_while_an_answer_is_awaited_or_sounds_nothing_is_listened_to():
    unanswered = [*speech(1.0), *speech(2.0)]
    assert heard(*unanswered) == [(1.7, 1)]
    answered = [*speech(1.0), (1.8, Answer(1, "Yes.", "", 1)), *speech(2.0), (3.0, Ack(1, 5, False)), *speech(3.1)]
    assert heard(*answered) == [(1.7, 1)]
    assert heard(*answered, (4.0, Ack(1, 9, True)), *speech(4.0)) == [(1.7, 1), (4.7, 2)]


def test_what_is_said_when_the_answer_ends_is_heard_from_then_on():
    cut = [*speech(1.0), (1.8, Answer(1, "Yes.", "", 1)), (2.0, True), (2.1, True), (2.2, Ack(1, 9, True)), *speech(2.2)]
    assert [(time, turn.start) for time, turn in follow(*cut)][1:] == [(2.9, seconds(2.2))]


def test_where_there_is_no_answer_it_listens_again():
    assert heard(*speech(1.0), (1.8, Answer(1, "", "nothing to say")), *speech(2.0)) == [(1.7, 1), (2.7, 2)]


def test_what_is_typed_is_a_turn_at_once_also_while_the_assistant_speaks():
    assert follow((1.0, Typed("Hello")), (1.5, Typed("And?"))) == [
        (1.0, UserTurn(1, seconds(1.0), seconds(1.0), text="Hello")),
        (1.5, UserTurn(2, seconds(1.5), seconds(1.5), text="And?")),
    ]
    asked_twice = [(1.0, Typed("a")), (1.1, Typed("b")), (1.2, Answer(1, "A", "", 1)), (1.3, Answer(2, "B", "", 2)), (1.9, Ack(1, 9, True))]
    assert heard(*asked_twice, *speech(2.0)) == [(1.0, 1), (1.1, 2)]
    assert heard(*asked_twice, (1.95, Ack(2, 9, True)), *speech(2.0)) == [(1.0, 1), (1.1, 2), (2.7, 3)]


def test_pictures_go_with_the_next_turn():
    shown = follow((1.0, Typed(picture=b"1")), (1.1, Typed(picture=b"2")), (1.2, Typed("What?")), (1.3, Typed("And?")))
    assert [turn.pictures for _, turn in shown] == [(b"1", b"2"), ()]


def test_an_answer_that_nobody_awaits_changes_nothing():
    assert heard((0.5, Answer(7, "A", "", 3)), (0.6, Ack(3, 1, True)), *speech(1.0), (1.8, Ack(9, 1, True)), *speech(2.0)) == [(1.7, 1)]


def test_a_wake_changes_nothing():
    assert listens(Ear(), Wake(5)) == (Ear(), [])


def test_a_text_and_a_picture_can_be_handed_over_and_nothing_else():
    given = [typed(Event(5, "messages", 0, data)) for data in ("Hello", b"jpeg", "", " \n")]
    assert given == [Typed("Hello"), Typed(picture=b"jpeg"), None, None]
    with pytest.raises(RecordingError) as caught:
        typed(Event(seconds(1.25), "messages", 4, {"a": 1}))
    assert str(caught.value) == (
        "stream 'messages', event 4 at 1.250 s: wants a text, or a picture as bytes, got dict; leave out what is not for the assistant"
    )
