"""A trace tells who spoke when, to the nanosecond: what was said, and of the assistant what was heard."""

from __future__ import annotations

import pytest

import recordings
from omniflow_graph import seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import load_trace, save_trace
from operators.duplex import duplex
from simulations.metrics.parts import Part, Timed
from simulations.metrics.timeline import Answer, Timeline, timeline
from simulations.room.speech import Hush
from tests.simulations.metrics.lines import MS, cut, heard, part, ran, sound, speak, stop, utterance

HELLO = utterance(1, "say", 1000, ("Hello", 0, 300), (" there", 340, 700))
WAVES = [(2000, sound(1, 0, "Oh, hi", 500, marks=((200, 3), (500, 6)))), (2600, sound(1, 1, " you", 300, last=True, marks=((800, 10),)))]
HEARD = [(2900, heard(1, 800, final=True))]


def timed(text: str, begin: float, end: float) -> Timed:
    return Timed(text, seconds(begin), seconds(end))


def test_all_of_a_session_is_read_off():
    trace = ran(user=[(980, HELLO)], look=[(0, cut(1)), (4000, cut(2))], decide=[(1900, speak(1))], play=WAVES, heard=HEARD)
    words = (timed("Oh,", 2.0, 2.2), timed("hi", 2.2, 2.5), timed("you", 2.6, 2.9))
    spans = ((seconds(2.0), seconds(2.5)), (seconds(2.6), seconds(2.9)))
    assert timeline(trace) == Timeline(
        "talk", seconds(10.0), "user",
        (Part("say", seconds(1.0), seconds(1.7), "Hello there", (timed("Hello", 1.0, 1.3), timed("there", 1.34, 1.7))),),
        (Answer(1, seconds(2.0), seconds(2.9), spans, words, False, "asked"),),
        (0, seconds(4.0)),
    )  # fmt: skip


def test_what_was_cut_off_was_not_heard_and_its_words_neither():
    trace = ran(user=[], decide=[(1900, speak(1)), (2300, stop(1))], play=WAVES[:1], heard=[(2300, heard(1, 300, final=True))])
    (found,) = timeline(trace).answers
    assert (found.spans, found.words, found.stopped) == (((seconds(2.0), seconds(2.3)),), (timed("Oh,", 2.0, 2.2), timed("hi", 2.2, 2.3)), True)
    trace = ran(user=[], decide=[(1900, speak(1)), (2200, stop(1))], play=WAVES[:1], heard=[(2200, heard(1, 200, final=True))])
    assert timeline(trace).answers[0].words == (timed("Oh,", 2.0, 2.2),)


def test_a_wave_that_never_sounded_is_no_part_of_an_answer():
    trace = ran(user=[], decide=[(1900, speak(1)), (2500, stop(1))], play=WAVES, heard=[(2500, heard(1, 500, final=True))])
    assert timeline(trace).answers[0].spans == ((seconds(2.0), seconds(2.5)),)
    trace = ran(user=[], decide=[(1900, speak(1)), (2000, stop(1))], play=WAVES[:1], heard=[(2000, heard(1, 0, final=True))])
    assert timeline(trace).answers == ()


def test_nothing_is_heard_after_the_session_has_ended():
    trace = ran(user=[(980, HELLO)], decide=[(1900, speak(1))], play=WAVES[:1], end=2_100)
    assert timeline(trace).answers[0].words == (timed("Oh,", 2.0, 2.1),)
    trace = ran(user=[(980, HELLO)], end=1_320)
    assert timeline(trace).parts == (Part("say", seconds(1.0), seconds(1.32), "Hello there", (timed("Hello", 1.0, 1.3),)),)


def test_who_breaks_off_has_said_what_they_came_with():
    trace = ran(user=[(980, HELLO), (1400, Hush(1))])
    assert timeline(trace).parts == (Part("say", seconds(1.0), seconds(1.4), "Hello there", (timed("Hello", 1.0, 1.3), timed("there", 1.34, 1.4))),)
    assert timeline(ran(user=[(980, HELLO), (1000, Hush(1))])).parts == ()


def test_somebody_else_in_the_room_is_told_from_the_user():
    trace = ran(user=[(980, HELLO)], talker=[(100, utterance(1, "aside", 200, ("Bye", 0, 200), who="talker")), (5000, Hush(1, "talker"))])
    assert [(each.who, each.kind, each.begin, each.end) for each in timeline(trace).parts] == [
        ("talker", "aside", 200 * MS, 400 * MS),
        ("user", "say", 1000 * MS, 1700 * MS),
    ]


def test_words_without_marks_are_laid_out_by_their_letters():
    play = [(2000, sound(1, 0, "Oh, hi", 600)), (2600, sound(1, 1, " you", 400, last=True))]
    assert timeline(ran(user=[], decide=[(1900, speak(1))], play=play)).answers[0].words == (
        timed("Oh,", 2.0, 2.3),
        timed("hi", 2.3, 2.6),
        timed("you", 2.6, 3.0),
    )


def test_sound_whose_words_nobody_knows_is_one_word():
    play = [(2000, sound(1, 0, "", 600)), (2600, sound(1, 1, "Hi", 400, last=True, marks=((1000, 2),)))]
    assert timeline(ran(user=[], decide=[(1900, speak(1))], play=play)).answers[0].words == (timed("[sound]", 2.0, 2.6), timed("Hi", 2.6, 3.0))


def test_a_replayed_recording_tells_by_what_was_heard():
    trace = run_direct(duplex(model="scripted-fast"), open_recording(recordings.path("three_questions")).session())
    found = timeline(trace)
    said = ((1300, 1700), (2520, 3540), (8340, 9580), (15380, 17160))
    assert (found.told_by, found.parts) == ("listen", tuple(part("say", *each) for each in said))
    assert [(each.begin, each.end) for each in found.answers] == [(seconds(a), seconds(b)) for a, b in [(5.29, 7.15), (11.29, 13.33), (18.29, 21.29)]]


def test_a_stored_trace_tells_the_same(tmp_path):
    trace = ran(user=[(980, HELLO), (1400, Hush(1))], look=[(0, cut(1))], decide=[(1900, speak(1))], play=WAVES, heard=HEARD)
    save_trace(trace, tmp_path / "trace.mcap", copy_inputs=True)
    assert timeline(load_trace(tmp_path / "trace.mcap")) == timeline(trace)


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (lambda: ran(), "the trace of 'talk' has neither an edge 'user' nor 'listen'"),
        (lambda: ran(user=[(980, HELLO)], keep=["play", "decide", "heard"]), "the trace of 'talk' did not keep 'user'; run with keep=None"),
        (lambda: ran(user=[(980, HELLO)], play=[(0, b"noise")], decide=[(0, 7)]), "leaves there"),
        (lambda: ran(user=[(0, "Hello")]), "leaves there"),
    ],
)
def test_a_trace_that_does_not_tell_is_refused_with_the_reason(trace, words):
    with pytest.raises(ValueError, match=words):
        timeline(trace())


def test_a_graph_that_does_not_speak_is_refused():
    trace = ran(user=[])
    del trace.edges["play"]
    with pytest.raises(ValueError, match="has no edge 'play', so nobody knows what was heard"):
        timeline(trace)
