"""What was heard is what the player acknowledged; what is wrong with an acknowledgement is noticed, and harms nothing."""

from __future__ import annotations

import pytest

from operators.omni_flow.marks import Mark, even_marks
from operators.omni_flow.playback import KEPT, Ack, Heard, Ledger, Notice, Sent, acknowledged, fenced, heard, sent

MS = 1_000_000
SECOND = 1000 * MS
TEXT = "one two three four "
ONE, TWO = TEXT[:8], TEXT[8:]


def wave(response: int, begin_ms: int, ms: int = 1000, epoch: int = 0, text: str = "", marks: tuple[Mark, ...] = (), last: bool = False) -> Sent:
    return Sent(response, epoch, ms * 24, begin_ms * MS, text, marks, last)


def ack(response: int, played_ms: float, at_ms: int, epoch: int = 0, final: bool = False) -> Ack:
    return Ack(response, epoch, int(played_ms * 24), at_ms * MS, final)


def ledger_of(*steps: Sent | Ack | int) -> Ledger:
    """Take down waves, acknowledgements, and fences at a ms."""
    return told(*steps)[0]


def told(*steps: Sent | Ack | int, ledger: Ledger | None = None) -> tuple[Ledger, list[Notice]]:
    ledger, found = ledger or Ledger(), []
    for step in steps:
        if isinstance(step, int):
            ledger, notices = fenced(ledger, step * MS), []
        else:
            ledger, notices = sent(ledger, step) if isinstance(step, Sent) else acknowledged(ledger, step)
        found += notices
    return ledger, found


def brief(ledger: Ledger, now_ms: int, response: int | None = None) -> tuple:
    """Return (answer, ms, "assumed" or "", "final" or "") as heard with windows of a second."""
    found = heard(ledger, now_ms * MS, SECOND, response)
    return found.response, found.samples / 24, "assumed" * found.assumed, "final" * found.final


SAID = (wave(1, 1000, text=ONE, marks=even_marks(ONE, 24_000)), wave(1, 2000, text=TWO, marks=even_marks(TWO, 24_000, Mark(24_000, 8)), last=True))


# What was heard


def test_what_was_acknowledged_was_heard_in_whole_words_until_it_is_final():
    acks = (ack(1, 0, 1000), ack(1, 400, 1400), ack(1, 1500, 2500), ack(1, 2000, 3000, final=True))
    ledger, found = ledger_of(*SAID), []
    for each in acks:
        ledger, notices = told(each, ledger=ledger)
        assert notices == []
        found.append(heard(ledger, each.time, SECOND))
    assert found == [
        Heard(0, 0, "", False, False),
        Heard(1, 9_600, "one", False, False),
        Heard(1, 36_000, "one two three", False, False),
        Heard(1, 48_000, TEXT, False, True),
    ]


def test_text_may_be_written_before_it_is_said():
    ledger = ledger_of(wave(1, 0, text=TEXT, marks=(Mark(12_000, 3),)), wave(1, 1000, marks=(Mark(30_000, 7),)), ack(1, 1200, 1200))
    assert heard(ledger, 1200 * MS, SECOND) == Heard(1, 28_800, "one two", False, False)


def test_answers_sound_one_after_another_and_each_is_counted_from_its_own_beginning():
    ledger = ledger_of(wave(1, 0, 500), wave(2, 100, 500), ack(1, 300, 300))
    assert ledger.free_at == 1000 * MS
    assert brief(ledger, 300) == (1, 300, "", "")
    ledger, notices = told(ack(1, 500, 500, final=True), ack(2, 200, 700), ledger=ledger)
    assert (brief(ledger, 700), brief(ledger, 700, 1), notices) == ((2, 200, "", ""), (1, 500, "", "final"), [])


def test_an_answer_is_over_when_its_last_wave_was_heard_also_if_nobody_says_so():
    assert brief(ledger_of(*SAID, ack(1, 1000, 2000)), 2000) == (1, 1000, "", "")
    assert brief(ledger_of(*SAID, ack(1, 2000, 3000)), 3000) == (1, 2000, "", "final")


def test_of_none_nothing_was_heard():
    assert heard(Ledger(), 0, SECOND) == Heard(0, 0, "", False, False)
    assert heard(ledger_of(*SAID), 0, SECOND, 7) == Heard(7, 0, "", False, False)


# What is assumed


def test_after_two_windows_without_a_word_what_was_heard_follows_the_schedule():
    ledger = ledger_of(wave(1, 1000, 9000))
    assert [brief(ledger, now)[1:3] for now in (2999, 3000, 3500, 99_000)] == [(0, ""), (2000, "assumed"), (2500, "assumed"), (9000, "assumed")]


def test_an_acknowledgement_corrects_what_was_assumed_also_downwards():
    ledger = ledger_of(wave(1, 1000, 9000), ack(1, 400, 3500))
    assert [brief(ledger, now) for now in (3500, 5499)] == [(1, 400, "", ""), (1, 400, "", "")]
    assert brief(ledger, 5500) == (1, 2400, "assumed", "")  # from where it was: it is not assumed to catch up


def test_a_player_that_stands_still_and_says_so_is_believed():
    ledger = ledger_of(wave(1, 0, 9000), ack(1, 400, 400), ack(1, 400, 2000), ack(1, 400, 4000))
    assert brief(ledger, 5900) == (1, 400, "", "")


def test_nothing_is_assumed_while_nothing_should_sound():
    ledger = ledger_of(wave(1, 0, 1000), ack(1, 1000, 1000))
    assert brief(ledger, 60_000) == (1, 1000, "", "")
    ledger, _ = told(wave(1, 60_000, 5000), ledger=ledger)
    assert [brief(ledger, now) for now in (61_999, 62_000)] == [(1, 1000, "", ""), (1, 3000, "assumed", "")]
    assert brief(ledger_of(*SAID, ack(1, 500, 1500, final=True)), 60_000) == (1, 500, "", "final")


def test_an_answer_is_not_assumed_to_sound_while_the_one_before_it_does():
    ledger = ledger_of(wave(1, 0, 1000), wave(2, 0, 1000), ack(1, 500, 3000))
    assert [brief(ledger, now) for now in (4999, 5000)] == [(1, 500, "", ""), (2, 1000, "assumed", "")]


def test_that_the_next_answer_sounds_takes_back_nothing_that_was_assumed():
    ledger = ledger_of(wave(1, 0, 1000, last=True), wave(2, 0, 9000), ack(2, 3000, 4000))
    assert (brief(ledger, 4000, 1), brief(ledger, 4000)) == ((1, 1000, "assumed", "final"), (2, 3000, "", ""))


# Fences


def test_after_a_fence_at_most_one_frame_more_is_heard():
    ledger = ledger_of(*SAID, ack(1, 400, 1400), 1500)
    assert [brief(ledger, now) for now in (1500, 1519, 1520, 60_000)] == [(1, 400, "", ""), (1, 400, "", ""), (1, 400, "", "final"), (1, 400, "", "final")]
    assert [brief(ledger_of(ack(1, played, at), ledger=ledger) if False else told(ack(1, played, at), ledger=ledger)[0], 9000)[1] for played, at in
            ((500, 1500), (515, 1515), (520, 1520), (900, 1515), (900, 1900))] == [500, 515, 520, 520, 520]
