"""What was heard is what the player acknowledged, else what the schedule says; after a fence, a frame more at most."""

from __future__ import annotations

import pytest

from operators.omni_flow.playback.ledger import Heard, Ledger, acknowledged, heard
from operators.omni_flow.playback.marks import Mark
from tests.operators.omni_flow.playback.playbacks import MS, SAID, SECOND, TEXT, ack, brief, told, wave


def briefs(steps: tuple, *times_ms: int) -> list[tuple]:
    """Return (ms heard, "assumed" or "", "final" or "") at each time."""
    ledger, notices = told(*steps)
    assert notices == []
    return [brief(ledger, now)[1:] for now in times_ms]


# Acknowledged


def test_what_was_acknowledged_was_heard_in_whole_words_until_it_is_final():
    ledger, found = told(*SAID)[0], []
    for each in (ack(1, 0, 1000), ack(1, 400, 1400), ack(1, 1500, 2500), ack(1, 2000, 3000, final=True)):
        ledger, notices = acknowledged(ledger, each, now=each.time)
        assert notices == []
        found.append(heard(ledger, each.time, SECOND))
    assert found == [
        Heard(0, 0, "", False, False),
        Heard(1, 9_600, "one", False, False),
        Heard(1, 36_000, "one two three", False, False),
        Heard(1, 48_000, TEXT, False, True),
    ]


def test_text_may_be_written_before_it_is_said():
    ledger, _ = told(wave(1, 0, text=TEXT, marks=(Mark(12_000, 3),)), wave(1, 1000, marks=(Mark(30_000, 7),)), ack(1, 1200, 1200))
    assert heard(ledger, 1200 * MS, SECOND) == Heard(1, 28_800, "one two", False, False)


def test_answers_sound_one_after_another_and_each_is_counted_from_its_own_beginning():
    ledger, _ = told(wave(1, 0, 500), wave(2, 100, 500), ack(1, 300, 300))
    assert ledger.free_at == 1000 * MS
    assert brief(ledger, 300) == (1, 300, "", "")
    ledger, notices = told(ack(1, 500, 500, final=True), ack(2, 200, 700), ledger=ledger)
    assert (brief(ledger, 700), brief(ledger, 700, 1), notices) == ((2, 200, "", ""), (1, 500, "", "final"), [])


def test_an_answer_is_over_when_its_last_wave_was_heard_also_if_nobody_says_so():
    assert briefs((*SAID, ack(1, 1000, 2000)), 2000) == [(1000, "", "")]
    assert briefs((*SAID, ack(1, 2000, 3000)), 3000) == [(2000, "", "final")]


def test_that_an_answer_is_over_may_be_said_when_all_else_is_known():
    assert briefs((*SAID, ack(1, 500, 1500), ack(1, 500, 1500, final=True)), 1500) == [(500, "", "final")]


def test_an_answer_that_the_player_ended_is_over_wherever_it_was():
    assert briefs((*SAID, ack(1, 500, 1500, final=True)), 1500, 60_000) == [(500, "", "final")] * 2


def test_of_none_nothing_was_heard():
    assert heard(Ledger(), 0, SECOND) == Heard(0, 0, "", False, False)
    assert heard(told(*SAID)[0], 0, SECOND, 7) == Heard(7, 0, "", False, False)


# Assumed


def test_after_two_windows_without_a_word_what_was_heard_follows_the_schedule():
    found = briefs((wave(1, 1000, 9000),), 2999, 3000, 3500, 99_000)
    assert found == [(0, "", ""), (2000, "assumed", ""), (2500, "assumed", ""), (9000, "assumed", "")]
    assert briefs(SAID, 2999, 3000) == [(0, "", ""), (2000, "assumed", "final")]
    assert heard(told(*SAID)[0], 3 * SECOND, SECOND).text == TEXT


def test_an_acknowledgement_corrects_what_was_assumed_also_downwards():
    found = briefs((wave(1, 1000, 9000), ack(1, 400, 3500)), 3500, 5499, 5500)
    assert found == [(400, "", ""), (400, "", ""), (2400, "assumed", "")]  # it goes on from where it was, and does not catch up


def test_a_player_that_stands_still_and_says_so_is_believed():
    assert briefs((wave(1, 0, 9000), ack(1, 400, 400), ack(1, 400, 2000), ack(1, 400, 4000)), 5999) == [(400, "", "")]


def test_nothing_is_assumed_while_nothing_should_sound():
    heard_out = (wave(1, 0, 1000), ack(1, 1000, 1000))
    assert briefs(heard_out, 59_999) == [(1000, "", "")]
    assert briefs((*heard_out, wave(1, 60_000, 5000)), 61_999, 62_000) == [(1000, "", ""), (3000, "assumed", "")]


def test_an_answer_is_not_assumed_to_sound_while_the_one_before_it_does():
    ledger, _ = told(wave(1, 0, 1000), wave(2, 0, 1000), ack(1, 500, 3000))
    assert [brief(ledger, now) for now in (4999, 5000)] == [(1, 500, "", ""), (2, 1000, "assumed", "")]


def test_that_the_next_answer_sounds_takes_back_nothing_that_was_assumed():
    ledger, _ = told(wave(1, 0, 1000, last=True), wave(2, 0, 9000), ack(2, 3000, 4000))
    assert (brief(ledger, 4000, 1), brief(ledger, 4000)) == ((1, 1000, "assumed", "final"), (2, 3000, "", ""))


# Flushed


@pytest.mark.parametrize(("played", "at", "counted"), [(500, 1500, 500), (515, 1515, 515), (520, 1520, 520), (900, 1515, 520), (900, 1900, 520)])
def test_after_a_fence_one_frame_more_is_heard_whatever_is_acknowledged(played, at, counted):
    ledger, _ = told(*SAID, ack(1, 400, 1400), 1500)
    assert brief(ledger, 60_000) == (1, 400, "", "final")
    assert brief(told(ack(1, played, at), ledger=ledger)[0], 60_000) == (1, counted, "", "final")


def test_a_player_that_contradicts_itself_is_held_to_the_most_that_it_said_by_the_fence():
    ledger, _ = told(wave(1, 0, 9000), ack(1, 500, 600), ack(1, 400, 1500), 1500, ack(1, 9000, 1600))
    assert brief(ledger, 1600) == (1, 520, "", "final")


def test_what_was_heard_by_the_fence_may_be_said_later():
    ledger, notices = told(*SAID, 1500, ack(1, 400, 1400), ack(1, 500, 1500, final=True))
    assert (brief(ledger, 1500), notices) == ((1, 500, "", "final"), [])


def test_an_answer_that_was_flushed_is_over_a_frame_later():
    assert briefs((*SAID, ack(1, 400, 1400), 1500), 1500, 1519, 1520) == [(400, "", ""), (400, "", ""), (400, "", "final")]


def test_what_is_assumed_stands_still_at_the_fence_and_is_corrected_afterwards():
    flushed = (wave(1, 0, 9000), 2500)
    assert briefs(flushed, 2500, 9000) == [(2500, "assumed", ""), (2500, "assumed", "final")]
    assert briefs((*flushed, ack(1, 700, 2510)), 9000) == [(700, "", "final")]
    ledger, _ = told(wave(1, 0, 9000), 1500)
    assert brief(ledger, 9000, 1) == (1, 0, "", "final")


def test_a_fence_flushes_all_answers_and_the_next_one_sounds_at_once():
    ledger, notices = told(wave(1, 0, 1000), wave(2, 0, 1000), ack(1, 300, 300), 300, wave(3, 200, 500, epoch=1), ack(3, 100, 400, epoch=1))
    assert (ledger.epoch, ledger.free_at, notices) == (1, 800 * MS, [])
    assert [brief(ledger, 400, response) for response in (1, 2, 3)] == [(1, 300, "", "final"), (2, 0, "", "final"), (3, 100, "", "")]


def test_a_second_fence_leaves_what_the_first_one_flushed():
    ledger, _ = told(*SAID, ack(1, 400, 1400), 1500, 1900, ack(1, 900, 1900))
    assert (ledger.epoch, brief(ledger, 1900)) == (2, (1, 520, "", "final"))
