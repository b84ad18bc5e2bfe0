"""What a session would tell again is what was typed, what was heard of answers, and the last picture."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Event, seconds
from operators.omni_flow.modes.switch import Frame, Line
from operators.turn_taking.exchange import Assumed, Typed
from operators.turn_taking.transcript import KEPT, Transcript, written_down
from operators.words import Ack, Decision, Sound

NOTHING = np.zeros(0, "<i2")


def after(*happened: tuple[float, object]) -> Transcript:
    transcript = Transcript()
    for n, (at, data) in enumerate(happened):
        transcript = written_down(transcript, Event(seconds(at), "room", n, data))
    return transcript


def sound(response: int, text: str, *marks: tuple[int, int]) -> Sound:
    return Sound(response, 0, text, NOTHING, marks=marks)


ONE = sound(1, "one two", (100, 3), (200, 7))


def test_what_is_typed_is_a_line_of_the_user_and_a_picture_the_last_one():
    transcript = after((1, Typed("Hello")), (2, Frame(seconds(2), b"1")), (3, Frame(seconds(3), b"2")), (4, Typed(picture=b"3")))
    assert (transcript.told, transcript.frame) == ((Line("user", "Hello", seconds(1)),), Frame(seconds(3), b"2"))


def test_an_answer_is_told_as_far_as_it_was_heard():
    told = [after((1, ONE), (2, Ack(1, n, False))).told for n in (0, 49, 50, 100, 150, 200)]
    assert [[line.text for line in lines] for lines in told] == [[], [], ["one"], ["one"], ["one two"], ["one two"]]
    assert told[-1] == (Line("assistant", "one two", seconds(1)),)


def test_an_answer_in_parts_is_one_line():
    transcript = after((1, sound(1, "one", (100, 3))), (2, Ack(1, 100, False)), (2, sound(1, " two", (200, 7))), (3, Ack(1, 200, True)))
    assert (transcript.lines, transcript.over) == ((Line("assistant", "one two", seconds(1)),), 1)


def test_what_was_heard_is_not_taken_back():
    assert [line.text for line in after((1, ONE), (2, Ack(1, 200, False)), (3, Ack(1, 60, False))).told] == ["one two"]


def test_one_that_was_cut_is_told_up_to_there_and_one_that_never_sounded_not_at_all():
    transcript = after((1, ONE), (2, Ack(1, 60, True)), (3, Ack(2, 0, True)), (4, sound(3, "three", (90, 5))), (5, Ack(3, 90, True)))
    assert [(line.text, line.time) for line in transcript.told] == [("one", seconds(1)), ("three", seconds(4))]
    assert transcript.over == 3


def test_another_answer_ends_the_one_before_it_and_what_comes_late_of_that_changes_nothing():
    transcript = after((1, ONE), (2, Ack(1, 100, False)), (3, sound(2, "three", (90, 5))), (4, Ack(1, 200, True)), (5, Ack(2, 90, False)))
    assert [line.text for line in transcript.told] == ["one", "three"]


def test_lines_stand_in_the_order_in_which_they_are_over():
    transcript = after((1, ONE), (2, Ack(1, 200, False)), (2, Typed("three")), (3, Ack(1, 200, True)))
    assert [line.role for line in transcript.told] == ["user", "assistant"]


def test_only_the_last_lines_are_kept():
    transcript = after(*[(n, Typed(str(n))) for n in range(KEPT + 5)], (99, ONE), (99, Ack(1, 200, False)))
    assert [transcript.lines[0].text, transcript.told[0].text, len(transcript.told)] == ["5", "6", KEPT]


def test_anything_else_changes_nothing():
    assert after((1, Decision(0, "listen", "")), (2, Ack(4, 9, False))) == Transcript()


def test_what_is_only_assumed_counts_where_no_player_has_said_anything():
    half, whole = Assumed(Ack(1, 50, False)), Assumed(Ack(1, 200, True))
    assert [after((1, ONE), *later).told for later in (((2, half),), ((2, half), (3, whole)))] == [
        (Line("assistant", "one", seconds(1)),),
        (Line("assistant", "one two", seconds(1)),),
    ]
    stalled = after((1, ONE), (2, Ack(1, 0, False)), (3, half))
    assert (stalled.told, stalled.over) == ((), 0)
    over = after((1, ONE), (2, Ack(1, 60, False)), (3, whole), (4, sound(2, "three", (90, 5))), (5, Assumed(Ack(2, 90, True))))
    assert (over.told, over.over) == ((Line("assistant", "one", seconds(1)), Line("assistant", "three", seconds(4))), 2)
