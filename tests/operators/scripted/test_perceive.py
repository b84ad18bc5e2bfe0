"""A window is taken in event by event: what becomes due, who talks over whom, and what was heard of an answer, as far as anybody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from omniflow_graph import Event, Window, seconds
from operators.omni_flow.interleaving.admission import Progress
from operators.omni_flow.playback.ledger import Ledger, Sent, fenced, sent
from operators.omni_flow.playback.overlap import Choice, Duration, Overlapping
from operators.scripted.mind import Due, Listening, Mind, Speaking
from operators.scripted.perceive import perceive
from operators.scripted.script import Rule
from operators.senses.ears import Hearing
from operators.senses.eyes import Glance
from operators.words import Ack

SCRIPT = (Rule("speech_ends", 1, "first"), Rule("scene", 2, "new"), Rule("at", seconds(3.0), "three"), Rule("speech_ends", 1, "also first"))
STREAMS = {Hearing: "listen", Glance: "look"}
SAID = sent(Ledger(), Sent(1, 0, 96_000, seconds(1.2), last=True))[0]  # four seconds of answer 1, from 1.2 s on
STILL_SOUNDS = Mind(Listening(1, seconds(1.2)), responses=1, ledger=SAID)
SPEAKING = Speaking(1, "one two", (" two",), (seconds(4.0),), 3, 1, Progress(1, seconds(1.2), seconds(4.0), 1))
MID_LINE = Mind(SPEAKING, responses=1, ledger=SAID)


def taken_in(mind: Mind, start: float, *given: tuple[float, Any], end: float = 0) -> Mind:
    """Take in what came at these seconds of a window that begins at a second, and lasts one."""
    events = tuple(Event(seconds(at), STREAMS.get(type(data), "playback"), n, data) for n, (at, data) in enumerate(given))
    window = Window(int(start), seconds(start), seconds(end or start + 1), seconds(end or start + 1), False, events)
    return perceive(mind, window, SCRIPT, Duration())


def talks(utterance: int, spoken: float) -> Hearing:
    return Hearing(1000, True, utterance, seconds(spoken), False)


def ended(utterance: int, spoken: float) -> Hearing:
    return Hearing(0, False, utterance, seconds(spoken), True)


def heard(ms: int, at: float = 0, *, final: bool = False, response: int = 1) -> Ack:
    return Ack(response, ms * 24, final, 0, seconds(at))


def progress(mind: Mind) -> tuple[float, float | None]:
    """Return of the line that is said how many seconds were heard, and when that was known."""
    assert isinstance(mind.turn, Speaking)
    reported = mind.turn.progress.reported
    return mind.turn.progress.heard / 1e9, None if reported is None else reported / 1e9


# What becomes due


def test_a_window_in_which_nothing_happens_changes_nothing():
    assert taken_in(Mind(), 0) == Mind()
    assert taken_in(Mind(), 0, (0.5, Hearing(3, False, 0, 0, False)), (0.6, Glance(0, 1, False))) == Mind()


def test_speech_that_ends_makes_its_lines_due_in_the_order_of_the_script():
    cause = "user speech 1 ended at 0.90 s"
    due = (Due("first", cause), Due("also first", cause))
    overlapping = Overlapping(utterance=1, spoken=seconds(0.4))
    assert taken_in(Mind(), 0, (0.5, talks(1, 0.2)), (0.9, ended(1, 0.4))) == Mind(due=due, speeches=1, overlapping=overlapping)
    assert taken_in(Mind(), 0, (0.5, talks(1, 0.2))) == Mind(talking=True, overlapping=Overlapping(utterance=1, spoken=seconds(0.2)))
    assert taken_in(Mind(speeches=1), 0, (0.9, ended(1, 0.4))).due == ()


def test_what_is_due_at_a_time_comes_before_what_happens_in_the_window_of_that_time():
    due = (Due("three", "it is 3 s"), Due("new", "scene 2 began at 3.00 s"))
    assert taken_in(Mind(), 3, (3.0, Glance(400, 2, True)), (3.5, Glance(0, 2, False))) == Mind(due=due)
    assert taken_in(Mind(), 2) == Mind()
    assert taken_in(Mind(), 1, end=4.0) == Mind(due=due[:1])  # several windows in one


# Who talks over whom


def test_what_is_said_before_the_answer_begins_to_sound_is_not_said_over_it():
    mind = taken_in(STILL_SOUNDS, 1, (1.1, talks(2, 0.3)), (1.19, talks(2, 0.39)))
    assert (mind.overlapping.over, mind.talking) == (0, True)
    over = taken_in(mind, 1, (1.2, talks(2, 0.4)), (1.3, talks(2, 0.5)))
    assert over.overlapping == Overlapping(1, False, 0, 2, seconds(0.5), seconds(0.39), 1, seconds(0.11))
    said_before = taken_in(MID_LINE, 1, (1.0, talks(2, 0.2)), (1.15, ended(2, 0.3)))
    assert (said_before.choices, [due.text for due in said_before.due]) == ((), ["first", "also first"])


def test_a_short_acknowledgement_is_no_speech_of_the_user():
    reason = "utterance 2 ended after 300 ms, less than 700 ms: a short acknowledgement"
    mind = taken_in(STILL_SOUNDS, 2, (2.1, talks(2, 0.2)), (2.9, ended(2, 0.3)))
    choice = Choice("acknowledge", reason, 1, 2, seconds(0.3), 0)
    overlapping = Overlapping(1, utterance=2, spoken=seconds(0.3), before=seconds(0.3))
    assert mind == replace(STILL_SOUNDS, overlapping=overlapping, choices=(choice,))


def test_who_talks_across_the_end_of_a_window_is_counted_on_in_the_next():
    mind = taken_in(STILL_SOUNDS, 2, (2.5, talks(2, 0.2)), (2.98, talks(2, 0.68)))
    assert (mind.choices, mind.talking) == ((), True)
    mind = taken_in(mind, 3, (3.48, talks(2, 1.18)), (3.5, talks(2, 1.2)), (3.9, talks(2, 1.6)))
    assert [(choice.choice, choice.over_ns) for choice in mind.choices] == [("stop", seconds(1.2))]


# What was heard


def test_an_answer_that_only_sounds_is_over_when_all_of_it_was_heard_or_no_more_will_be():
    assert taken_in(STILL_SOUNDS, 2, (2.2, heard(1000, 2.2))).turn == STILL_SOUNDS.turn
    for last in (heard(4000, 5.2), heard(4000, 5.2, final=True), heard(900, 5.2, final=True)):
        assert taken_in(STILL_SOUNDS, 5, (5.2, last)).turn == Listening()
    next_one = Mind(Listening(2, seconds(5.2)), ledger=sent(SAID, Sent(2, 0, 24_000, seconds(5.2), last=True))[0])
    for of_another in (heard(4000, 5.2, final=True), heard(9, 5.2, final=True, response=7)):
        assert taken_in(next_one, 5, (5.25, of_another)).turn == next_one.turn


def test_a_line_goes_on_from_what_was_heard_of_it():
    assert progress(MID_LINE) == (0, None)
    assert progress(taken_in(MID_LINE, 1, (1.6, heard(400, 1.6)), (1.8, heard(600, 1.8)))) == (0.6, 1.8)


def test_what_an_acknowledgement_that_does_not_count_says_is_not_taken_for_a_player_that_stands_still():
    mind = taken_in(MID_LINE, 1, (1.6, heard(400, 1.6)))
    for ignored in (heard(400, 1.6), heard(300, 1.5), heard(900, 1.9, response=7), Ack(1, 9600, False, 3, seconds(1.9))):
        again = taken_in(replace(mind, notices=()), 1, (1.9, ignored))
        assert (progress(again), [notice.done for notice in again.notices]) == ((0.4, 1.6), ["ignored"])
    assert progress(taken_in(mind, 1, (1.9, heard(400, 1.9)))) == (0.4, 1.9)  # but this does


def test_after_two_windows_without_a_word_the_schedule_is_believed_until_there_is_one_also_if_it_says_less():
    assert progress(taken_in(MID_LINE, 2)) == (0, None)
    mind = taken_in(MID_LINE, 3)
    assert progress(mind) == (2.8, 4.0)
    assert progress(taken_in(mind, 4, (4.1, heard(400, 4.1)))) == (0.4, 4.1)


def test_an_answer_of_which_nobody_says_anything_is_over_when_it_should_be():
    assert taken_in(STILL_SOUNDS, 4).turn == STILL_SOUNDS.turn
    assert taken_in(STILL_SOUNDS, 5).turn == Listening()


def test_an_answer_of_which_it_was_said_too_early_that_no_more_is_heard_does_not_wait_for_more():
    early = taken_in(MID_LINE, 1, (1.5, heard(300, 1.5, final=True)))
    assert taken_in(replace(early, turn=Listening(1, seconds(1.2))), 2).turn == Listening()


def test_what_is_acknowledged_of_a_flushed_answer_is_written_down_and_no_more():
    flushed = Mind(responses=1, ledger=fenced(SAID, seconds(2.0)))
    mind = taken_in(flushed, 2, (2.1, heard(800, 2.0, final=True)))
    assert (mind.turn, mind.notices) == (Listening(), ())
    assert [(answer.most, answer.final) for answer in mind.ledger.answers] == [(800 * 24, True)]
