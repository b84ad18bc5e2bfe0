"""On paper, an answer is written, spoken and heard as the pipeline's player plays it, window by window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from omniflow_graph import Graph, Session
from omniflow_graph.engine.direct import run_direct
from operators.omni_flow.interleaving.admission import FixedRatio, Progress, Slot, TimeAligned, text_first
from operators.omni_flow.interleaving.answers import bundled
from operators.omni_flow.interleaving.speaking import PUBLISHED, Cost, Said, Stall, gaps, guessed, heard_at, known, speak
from operators.player import Player, play
from operators.words import WAVE_HZ, Ack, Wave
from tests.operators.omni_flow.interleaving.spoken import MS, answer_of, answers, units

SECOND = 1000 * MS
SPOKEN = answer_of(("a", 0, 0.7), ("b", 0.7, 1.3), ("c", 1.3, 2.4))


def ms(said: list[Said]) -> list[tuple]:
    return [tuple(field // MS for field in (each.decided, each.begin, each.start, each.end)) for each in said]


def test_each_window_speaks_as_long_as_it_is_and_playback_has_no_gap():
    said = speak(SPOKEN, SECOND, TimeAligned(0))
    assert [each.admitted for each in said] == [2, 3, 3]
    assert ms(said) == [(0, 0, 0, 1000), (1000, 1000, 1000, 2000), (2000, 2000, 2000, 2400)]
    assert gaps(said) == []


def test_writing_and_speaking_take_time_and_the_next_window_waits():
    said = speak(SPOKEN, SECOND, text_first, cost=Cost(text=500 * MS, speech=10 * MS, begins=200 * MS))
    assert [each.written // MS for each in said] == [1500, 1750, 2000]
    assert ms(said) == [(0, 1750, 0, 1000), (1750, 2750, 1000, 2000), (2000, 3750, 2000, 2400)]


def test_sound_begins_no_earlier_than_it_is_to():
    assert ms(speak(SPOKEN, SECOND, text_first, cost=Cost(begins=300 * MS))) == [
        (0, 300, 0, 1000),
        (1000, 1300, 1000, 2000),
        (2000, 2300, 2000, 2400),
    ]


def test_sound_without_text_leaves_a_gap_and_what_follows_is_heard_later():
    said = speak(SPOKEN, SECOND, FixedRatio(1))
    assert ms(said) == [(0, 0, 0, 700), (1000, 1000, 700, 1300), (2000, 2000, 1300, 2300), (3000, 3000, 2300, 2400)]
    assert gaps(said) == [(700 * MS, 300 * MS), (1300 * MS, 400 * MS)]
    assert [heard_at(said, place * MS) // MS for place in (0, 699, 700, 1300, 2400)] == [0, 699, 1000, 2000, 3100]


def test_a_stall_delays_what_is_heard_and_is_no_gap():
    stall = Stall(500 * MS, 1500 * MS)
    said = speak(SPOKEN, SECOND, text_first, stall=stall)
    assert gaps(said) == []
    assert [heard_at(said, place * MS, stall) // MS for place in (0, 499, 500, 1300, 2400)] == [0, 499, 2000, 2800, 3900]


def test_what_is_foreseen_is_true_or_learnt_from_what_was_spoken():
    assert known(SPOKEN, 1, 0) == (700 * MS, [600 * MS, 1100 * MS])
    assert guessed(SPOKEN, 0, 0) == (0, [2 * SECOND // 7] * 3)
    before, lengths = guessed(SPOKEN, 2, 1000 * MS)  # a was spoken, of b 0.3 s
    each = (2 * SECOND // 7 * 4 + 700 * MS) // 5
    assert (before, list(lengths)) == (1000 * MS + each - 300 * MS, [each])
    assert guessed(SPOKEN, 3, 2300 * MS)[0] == 2300 * MS  # c takes longer already than was thought


@pytest.mark.parametrize("admit", [TimeAligned(300 * MS), text_first, FixedRatio(3)])
def test_what_is_heard_when_is_what_the_players_own_operator_plays(admit):
    """Every wave is laid before the real player when it is ready; the sound of the second answer has gaps at 3 tokens a second."""
    answer = bundled()["case_1_02"].answers[1]
    said = speak(answer, SECOND, admit, cost=PUBLISHED)
    events = [(max(each.begin if k == 0 else 0, ready(each)), wave(each, k + 1 == len(said))) for k, each in enumerate(said)]
    g = Graph("player")
    g.sink("out", g.scan("play", g.source("wave", Wave), play, state=Player()))
    trace = run_direct(g, Session("s", {"wave": events}, end=60 * SECOND))
    begun = [event.time for event in trace["play"] if not isinstance(event.data, Ack)]
    assert begun == [each.begin for each in said]


def ready(window: Said) -> int:
    return window.written + (window.end - window.start) * 25 * PUBLISHED.speech // SECOND


def wave(window: Said, last: bool) -> Wave:
    return Wave(1, 0, last, "", np.zeros((window.end - window.start) * WAVE_HZ // SECOND, "<i2"))


def test_what_is_reported_is_what_the_players_own_operator_acknowledges():
    """Windows of 0.5 s of one sound of 2.4 s: at each decision the newest acknowledgement is known."""
    seen: list[Progress] = []

    def watch(progress: Progress, slot: Slot, durations) -> int:
        seen.append(progress)
        return len(durations)

    speak(SPOKEN, 500 * MS, watch, cost=Cost(begins=100 * MS))
    assert [(each.heard // MS, each.reported and each.reported // MS) for each in seen] == [
        (0, None),
        (400, 500),
        (900, 1000),
        (1400, 1500),
        (1900, 2000),
    ]


@given(answers(), units)
def test_every_word_is_heard_once_it_is_written_and_in_order(answer, unit):
    for admit in (TimeAligned(0), text_first, FixedRatio(3)):
        said = speak(answer, unit, admit, foresee=guessed, cost=PUBLISHED)
        heard = [heard_at(said, word.start) for word in answer.words]
        assert heard == sorted(heard)
        assert said[-1].end == answer.duration
        assert all(window.written <= window.begin for window in said if window.end > window.start)
