"""A window generates what will be heard before its end and the look-ahead: less when playback is behind, never more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.interleaving.admission import FixedRatio, Progress, Slot, TimeAligned, grant, learnt, report, sounds_at, text_first
from operators.omni_flow.interleaving.dialogue import dialogue, last_unit
from operators.omni_flow.interleaving.interleave import fixed_ratio, time_aligned
from operators.omni_flow.interleaving.speaking import Cost, Stall, gaps, heard_at, speak
from operators.player import ACK_NS
from tests.operators.omni_flow.interleaving.spoken import CASES, MS, answer_of, answers, look_aheads, units

SECOND = 1000 * MS
times = st.integers(0, 4000).map(lambda ms: ms * MS)
ORACLE = [answer for case in CASES.values() for answer in dialogue(case).answers]


def slot(k: int, unit: int = SECOND, begins: int = 0) -> Slot:
    return Slot(k, k * unit, k * unit + begins, (k + 1) * unit + begins)


def windows(answer, unit, admit, **how) -> list[int]:
    """Return the window in which each token was admitted."""
    said = speak(answer, unit, admit, **how)
    return [next(k for k, window in enumerate(said) if window.admitted > n) for n in range(len(answer.tokens))]


# By hand


def test_a_token_is_admitted_if_it_sounds_before_the_end_and_the_look_ahead():
    lengths = [400 * MS] * 9  # they sound at 0, 0.4, 0.8, 1.2 s, ...
    assert TimeAligned(0)(Progress(1), slot(0), lengths) == 3
    assert TimeAligned(200 * MS)(Progress(1), slot(0), lengths) == 3  # 1.2 s is the end
    assert TimeAligned(201 * MS)(Progress(1), slot(0), lengths) == 4
    assert TimeAligned(0)(Progress(1), slot(0), [SECOND]) == 1
    assert TimeAligned(0)(Progress(1), slot(0), []) == 0


def test_a_player_that_is_behind_holds_generation_back():
    admitted = grant(Progress(1), [400 * MS] * 3)  # the next one is 1.2 s into the sound
    assert [sounds_at(report(admitted, 1, samples, SECOND), slot(1)) // MS for samples in (24_000, 12_000, 4_800)] == [1200, 1700, 2000]
    assert [TimeAligned(0)(report(admitted, 1, samples, SECOND), slot(1), [400 * MS] * 9) for samples in (24_000, 12_000, 4_800)] == [2, 1, 0]


def test_playback_is_taken_to_go_on_after_a_report_but_not_for_long():
    heard = report(grant(Progress(1), [3 * SECOND]), 1, 24_000, SECOND)
    found = [sounds_at(heard, Slot(1, now, now, 2 * SECOND)) - now for now in (SECOND, SECOND + ACK_NS, SECOND + 2 * ACK_NS)]
    assert [wait // MS for wait in found] == [2000, 1800, 1800]


def test_before_the_first_report_sound_is_taken_to_begin_when_it_should():
    progress = grant(Progress(1, begins=900 * MS), [SECOND])
    assert sounds_at(progress, slot(0, begins=900 * MS)) == 1900 * MS
    assert sounds_at(progress, slot(1, begins=900 * MS)) == 1900 * MS


def test_a_token_sounds_no_earlier_than_its_window():
    starved = report(grant(Progress(1), [100 * MS]), 1, 2_400, 100 * MS)
    assert sounds_at(starved, slot(1, begins=600 * MS)) == 1600 * MS


def test_nor_before_a_window_that_is_decided_late():
    starved = report(grant(Progress(1), [SECOND]), 1, 24_000, SECOND)
    assert sounds_at(starved, Slot(1, 1200 * MS, SECOND, 2 * SECOND)) == 1200 * MS


def test_a_report_about_another_answer_or_from_before_changes_nothing():
    progress = report(Progress(2), 2, 4_800, 500 * MS)
    assert progress == Progress(2, heard=200 * MS, reported=500 * MS)
    assert report(progress, 1, 48_000, SECOND) == progress
    assert report(progress, 2, 2_400, 400 * MS) == progress


def test_text_first_admits_all_and_a_fixed_ratio_its_share():
    assert text_first(Progress(1), slot(0), [1] * 7) == 7
    assert [FixedRatio(4)(Progress(1, admitted=n), slot(k), [1] * left) for k, n, left in ((0, 0, 9), (1, 4, 5), (2, 8, 1))] == [4, 4, 1]
    assert FixedRatio(3)(Progress(1, admitted=99), slot(0), [1]) == 0


def test_the_estimate_moves_from_the_usual_to_what_was_heard():
    assert [learnt([400 * MS] * n) // MS for n in (0, 4, 1000)] == [285, 342, 399]


# Beside the rule that makes training data


@pytest.mark.parametrize("unit", [SECOND, SECOND // 2, SECOND // 5, SECOND // 10])
@pytest.mark.parametrize("look_ahead", [0, 300 * MS])
def test_with_true_durations_and_no_delay_the_oracles_answers_are_admitted_as_they_are_laid_out(unit, look_ahead):
    for answer in ORACLE:
        assert windows(answer, unit, TimeAligned(look_ahead)) == time_aligned(look_ahead)(answer, unit)
        assert windows(answer, unit, FixedRatio(4)) == fixed_ratio(4)(answer, unit)


@given(answers(), units, look_aheads)
def test_so_is_any_answer(answer, unit, look_ahead):
    assert windows(answer, unit, TimeAligned(look_ahead)) == time_aligned(look_ahead)(answer, unit)


def test_a_constant_delay_of_playback_changes_nothing():
    for answer in ORACLE:
        assert windows(answer, SECOND, TimeAligned(0), cost=Cost(begins=900 * MS)) == time_aligned(0)(answer, SECOND)


def test_a_stall_of_two_seconds_is_made_up_for_by_eight_tokens_of_a_quarter_second_less_in_three_windows():
    answer = answer_of(*(("a", n / 4, (n + 1) / 4) for n in range(24)))
    said = speak(answer, SECOND, TimeAligned(0), stall=Stall(1500 * MS, 2 * SECOND))
    counts = [window.admitted for window in said]
    assert [after - before for before, after in pairwise([0, *counts])] == [4, 4, 3, 0, 1, 4, 4, 4]


# Whatever happens


@given(times, times, times, times, st.lists(times, max_size=12), look_aheads)
def test_more_lead_never_admits_more(next_, heard, less, more, lengths, look_ahead):
    progress = Progress(1, next=next_, heard=min(heard, next_), reported=SECOND)
    admit = TimeAligned(look_ahead)
    found = admit(progress, slot(1), lengths)
    assert admit(replace(progress, next=next_ + more), slot(1), lengths) <= found
    assert admit(replace(progress, heard=max(0, progress.heard - less)), slot(1), lengths) <= found


@given(answers(), units, look_aheads, st.integers(0, 3000), st.integers(0, 2000))
def test_a_stall_is_made_up_for_within_its_windows_and_one_and_nothing_else_is_silent(answer, unit, look_ahead, at, length):
    stall = Stall(at * MS, length * MS)
    said = speak(answer, unit, TimeAligned(look_ahead), stall=stall)
    assert gaps(said) == []
    balanced = stall.at // unit + -(-stall.length // unit) + 1
    unknown = ACK_NS  # a player that has begun again says so within this
    for k, window in enumerate(said[balanced:], balanced):
        fresh = range(said[k - 1].admitted if k else 0, window.admitted)
        assert all(heard_at(said, answer.start(n), stall) < (k + 1) * unit + look_ahead + unknown for n in fresh)
    after = last_unit(answer, unit) + -(-stall.length // unit) + 1
    assert len(said) <= after + 1
