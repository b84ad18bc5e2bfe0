"""What sounded is read off a trace wave by wave, cut where it fell silent, and word by word, also across waves."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Event, Graph, Trace, seconds
from operators.sounding import Timed, by_answer, sounds, words_of_answer
from operators.words import Ack, Decision, Sound


def sound(at: float, text: str, tenths: int, *, response: int = 1, part: int = 0, marks: tuple = ()) -> Event[Sound]:
    return Event(seconds(at), "play", part, Sound(response, part, text, np.zeros(2400 * tenths, "<i2"), marks=marks))


def trace_of(play: list, decide: list | None = None, heard: list | None = None) -> Trace:
    edges = {"play": play, "decide": decide or [], "heard": heard or []}
    return Trace("s", Graph("g"), edges=edges)


def cut_at(at: float, **decision: str) -> Trace:
    """A wave of a second that begins at 1 s, and is acknowledged for the last time at a moment."""
    decided = [Event(seconds(1.2), "decide", 0, Decision(1, response=1, cause="", **decision))]
    return trace_of([sound(1.0, "one", 10)], decided, [Event(seconds(at), "heard", 0, Ack(1, 100, True))])


def spans(trace: Trace) -> list[tuple[float, float]]:
    return [(each.start / 1e9, each.end / 1e9) for each in sounds(trace)]


def test_a_wave_sounds_to_its_end():
    assert spans(trace_of([sound(1.0, "one", 10)])) == [(1.0, 2.0)]


def test_a_wave_ends_where_a_decision_that_flushes_let_it_fall_silent():
    assert spans(cut_at(1.4, choice="stop", ends="flush")) == [(1.0, 1.4)]
    assert spans(cut_at(1.4, choice="listen", ends="flush")) == [(1.0, 1.4)]  # it was forced to listen


def test_what_is_acknowledged_early_without_being_cut_sounds_on():
    assert spans(cut_at(1.4, choice="speak", ends="drain")) == [(1.0, 2.0)]


def test_a_wave_that_was_cut_before_it_began_has_no_length():
    assert spans(cut_at(0.5, choice="stop")) == [(1.0, 1.0)]


def test_answers_are_told_apart():
    play = [sound(1, "one", 1), sound(2, "two", 1, response=2), sound(3, "three", 1, part=1)]
    assert {response: [each.event.data.text for each in of] for response, of in by_answer(sounds(trace_of(play))).items()} == {
        1: ["one", "three"],
        2: ["two"],
    }


def test_words_lie_between_marks_and_a_word_in_two_waves_ends_in_the_second():
    first = sound(1.0, "one tw", 6, marks=((7200, 3),))  # 0.3 s; the next word has begun by the end of the wave
    second = sound(2.0, "o three", 6, part=1, marks=((16_800, 7), (28_800, 13)))
    assert list(words_of_answer([first, second])) == [
        Timed("one", 0, seconds(1.0), seconds(1.3)),
        Timed(" two", 3, seconds(1.3), seconds(2.1)),
        Timed(" three", 7, seconds(2.1), seconds(2.6)),
    ]


def test_a_wave_without_marks_has_its_words_laid_out_by_their_letters_and_one_without_text_is_one_piece():
    assert list(words_of_answer([sound(1.0, "ab cd", 5)])) == [
        Timed("ab", 0, seconds(1.0), seconds(1.2)),
        Timed(" cd", 2, seconds(1.2), seconds(1.5)),
    ]
    assert list(words_of_answer([sound(1.0, "", 5)])) == [Timed("", 0, seconds(1.0), seconds(1.5))]
