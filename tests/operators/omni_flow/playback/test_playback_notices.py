"""What is wrong with an acknowledgement is noticed in words and numbers, and is no error; what the pipeline itself gets wrong is."""

from __future__ import annotations

import pickle

import pytest

from operators.omni_flow.playback.ledger import KEPT, Ledger, Notice, Sent, acknowledged, sent
from operators.omni_flow.playback.marks import Mark
from operators.words import Ack
from tests.operators.omni_flow.playback.playbacks import MS, SAID, TEXT, ack, brief, told, wave

OVER = (*SAID, ack(1, 400, 1400, final=True))
FLUSHED = (*SAID, ack(1, 400, 1400), 1500)


@pytest.mark.parametrize(
    ("before", "what", "notice", "heard"),
    [
        (SAID, ack(7, 1, 1001), ("unknown", "an answer that was sent, among the last 64", "answer 7", "ignored"), 0),
        (SAID, ack(1, 400, 1400, epoch=1), ("epoch", "epoch 0 of answer 1", "epoch 1", "ignored"), 0),
        ((0, wave(1, 0, epoch=1)), ack(1, 400, 400), ("epoch", "epoch 1 of answer 1", "epoch 0", "ignored"), 0),
        (
            SAID,
            ack(1, 2001, 9000),
            ("beyond-sent", "at most the 48000 samples of answer 1 that were sent", "48024 by 9000000000 ns", "counted as 48000"),
            2000,
        ),
        ((*SAID, ack(1, 400, 1400)), ack(1, 300, 1300), ("back", "9600 samples of answer 1 or more", "7200 by 1300000000 ns", "ignored"), 400),
        (SAID, Ack(1, -1, time=MS), ("back", "0 samples of answer 1 or more", "-1 by 1000000 ns", "ignored"), 0),
        (
            (*SAID, ack(1, 400, 1400)),
            ack(1, 300, 1300, final=True),
            ("back", "9600 samples of answer 1 or more", "7200 by 1300000000 ns", "counted as final only"),
            400,
        ),
        (
            (*SAID, ack(1, 400, 1400)),
            ack(1, 400, 1400),
            ("duplicate", "more than 9600 samples of answer 1, or a later time than 1400000000 ns", "9600 by 1400000000 ns", "ignored"),
            400,
        ),
        (
            OVER,
            ack(1, 500, 1500),
            ("after-final", "no more than the 9600 samples of answer 1 that were said to be all", "12000 by 1500000000 ns", "counted as 12000"),
            500,
        ),
        (
            FLUSHED,
            ack(1, 600, 1510),
            ("after-fence", "at most 12480 samples of answer 1, flushed at 1500000000 ns", "14400 by 1510000000 ns", "counted as 12480"),
            520,
        ),
        (
            FLUSHED,
            ack(1, 500, 1521),
            ("late", "a time up to 1520000000 ns of answer 1, flushed at 1500000000 ns", "12000 by 1521000000 ns", "counted as 12000"),
            500,
        ),
        (FLUSHED, wave(2, 1500), ("stale", "a wave of epoch 1", "one of epoch 0", "not sent"), 400),
        (
            FLUSHED,
            wave(1, 1500, epoch=1),
            ("flushed", "a wave of an answer that was not flushed", "one of answer 1, flushed at 1500000000 ns", "not sent"),
            400,
        ),
    ],
)
def test_it_is_noticed_with_what_was_wanted_what_came_and_what_was_done(before, what, notice, heard):
    ledger, notices = told(*before)
    assert notices == []
    ledger, notices = told(what, ledger=ledger)
    assert notices == [Notice(notice[0], what.response, *notice[1:])]
    assert brief(ledger, 1520, 1)[1] == heard


def test_several_things_may_be_wrong_at_once():
    _, notices = told(*FLUSHED, ack(1, 9000, 9000))
    assert [(notice.kind, notice.done) for notice in notices] == [("beyond-sent", "counted as 12480"), ("after-fence", "counted as 12480")]


def test_of_a_player_whose_clock_is_ahead_it_is_taken_as_said_when_it_came():
    ledger, notices = acknowledged(told(*SAID)[0], ack(1, 400, 999_000), now=1400 * MS)
    assert notices == [Notice("future", 1, "a time up to 1400000000 ns, when it came", "999000000000 ns", "taken as 1400000000 ns")]
    assert [brief(ledger, now)[1:] for now in (1400, 3400)] == [(400, "", ""), (2000, "assumed", "final")]


def test_a_wave_that_is_not_sent_changes_nothing():
    before, _ = told(*FLUSHED)
    assert told(wave(1, 1500, epoch=1), wave(2, 1500), wave(2, 1500, epoch=2), ledger=before)[0] == before


def test_what_is_remembered_does_not_grow_with_the_session():
    def after(answers: int) -> Ledger:
        ledger, _ = told(
            *(step for n in range(1, answers + 1) for step in (wave(n, n * 1000, text="one ", marks=(Mark(9, 3),)), ack(n, 1000, n * 1000)))
        )
        return ledger

    assert [answer.response for answer in after(200).answers] == list(range(200 - KEPT + 1, 201))
    assert len(pickle.dumps(after(200))) < 1.1 * len(pickle.dumps(after(100)))
    assert told(ack(1, 1000, 9000), ledger=after(100))[1][0].kind == "unknown"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Sent(0, 0, 1, 0), "wave: wants an answer from 1 on, and 0 samples or more, got answer 0 and 1 samples"),
        (Sent(1, 0, -1, 0), "got answer 1 and -1 samples"),
        (wave(1, 0, marks=(Mark(2, 0), Mark(1, 0))), r"not before \(2, 0\) and up to 0 characters, as its text has by then, got \(1, 0\)"),
        (wave(1, 0, text=TEXT, marks=(Mark(1, 3), Mark(2, 2))), r"not before \(1, 3\)"),
        (wave(1, 0, text=TEXT, marks=(Mark(1, 20),)), r"wave of answer 1: marks: .* up to 19 characters, as its text has by then, got \(1, 20\)"),
        (wave(1, 0, text=TEXT, marks=(Mark(-1, 0),)), r"not before \(0, 0\)"),
    ],
)
def test_a_wave_that_cannot_be_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        sent(Ledger(), given)


def test_marks_that_are_not_counted_over_the_answer_are_refused():
    with pytest.raises(ValueError, match=r"not before \(24000, 8\) and up to 12 characters, as its text has by then, got \(9000, 3\)"):
        told(SAID[0], wave(1, 2000, text=" two", marks=(Mark(9000, 3),)))
