"""Know what was heard of what was said: the contract between who sends waves and who plays them, as a ledger of both.

A player acknowledges, per answer, how many of its samples have been heard by a time; cumulatively, so that what is lost, doubled or
overtaken does no harm. Several answers may be open at a time: they sound one after another, in the order of their waves. A flush
begins an epoch: what was sent in an older one is heard up to the flush and one frame of 20 ms more, whatever is acknowledged later.

| an acknowledgement | counts | `Notice.kind` |
|---|---|---|
| of an answer that was never sent, or not among the last 64 | not | unknown |
| with another epoch than its answer's | not | epoch |
| of more than was sent | as all that was sent | beyond-sent |
| of less than an earlier one | not, but for `final` | back |
| that says what is known already | not | duplicate |
| of more, when it was said that no more is heard | yes | after-final |
| of more than can have been heard by the fence and a frame | as that much | after-fence |
| for a time later than that, of no more | yes | late |
| for a time later than it came | as if for that | future |

None of them is an error: a player is another machine. Nor is a wave of an older epoch (`stale`), or of an answer that was flushed
(`flushed`): it is not sent.

Where no acknowledgement of an answer, or of one before it, has come for two windows in which it should sound, it is assumed that it
goes on as scheduled from where it was. That is not written down: the next acknowledgement counts, also if it says less. At a fence
an assumption stands still.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple

from operators.omni_flow.playback.marks import START, Mark, heard_text
from operators.omni_flow.playback.sounding import FRAME_NS, Sounding, due, ends, known, lengthened, limit, reach, told
from operators.words import Ack

KEPT = 64  # answers that are remembered
QUIET = 2  # windows without a word, until the schedule is believed

Kind = Literal["unknown", "epoch", "beyond-sent", "back", "duplicate", "after-final", "after-fence", "late", "future", "stale", "flushed"]


class Sent(NamedTuple):
    """Hold a wave that was sent to the player: `samples` of an answer, to sound from `begin` on if nobody disturbs.

    `text` is what the answer says from here on, or may still say: the texts of its waves, joined without a space, are its text.
    Text without marks is never heard. `last`: the answer has no further wave.
    """

    response: int  # counted from 1
    epoch: int
    samples: int
    begin: int  # ns of the session
    text: str = ""
    marks: tuple[Mark, ...] = ()
    last: bool = False


class Notice(NamedTuple):
    """Record that what came was not as it should be: what was wanted, what it was, and what was done."""

    kind: Kind
    response: int
    wanted: str
    got: str
    done: str


class Heard(NamedTuple):
    """Say what was heard of an answer: `assumed` if that follows the schedule only, `final` if no more of it will be."""

    response: int
    samples: int
    text: str
    assumed: bool
    final: bool


@dataclass(frozen=True)
class Ledger:
    """Hold what was sent and what was heard. `free_at`: when all that was sent in this epoch has sounded, if nobody disturbs."""

    epoch: int = 0
    free_at: int = 0
    answers: tuple[Sounding, ...] = ()  # in the order in which they sound


def sent(ledger: Ledger, wave: Sent) -> tuple[Ledger, list[Notice]]:
    """Take down a wave, once. It sounds when it should and what was sent before it has sounded.

    Raises ValueError for an answer without number, fewer than no samples, and marks that decrease or go beyond the text.

    >>> ledger, _ = sent(Ledger(), Sent(1, 0, 24_000, begin=0, text="one two", marks=(Mark(9_000, 3), Mark(24_000, 7))))
    >>> ledger, _ = acknowledged(ledger, Ack(1, 12_000, time=500_000_000))
    >>> heard(fenced(ledger, 500_000_000), 600_000_000, window_ns=1_000_000_000)
    Heard(response=1, samples=12000, text='one', assumed=False, final=True)
    """
    place = _place(ledger, wave.response)
    answer = Sounding(wave.response, wave.epoch) if place is None else ledger.answers[place]
    if wave.epoch != ledger.epoch:
        return ledger, [Notice("stale", wave.response, f"a wave of epoch {ledger.epoch}", f"one of epoch {wave.epoch}", "not sent")]
    if answer.fence is not None:
        got = f"one of answer {wave.response}, flushed at {answer.fence} ns"
        return ledger, [Notice("flushed", wave.response, "a wave of an answer that was not flushed", got, "not sent")]
    begin = max(wave.begin, ledger.free_at)
    answer = lengthened(_worded(answer, wave), wave.samples, begin)
    answers = (*ledger.answers, answer)[-KEPT:] if place is None else _with(ledger.answers, place, answer)
    return replace(ledger, free_at=ends(answer.stretches[-1]), answers=answers), []


def acknowledged(ledger: Ledger, ack: Ack, *, now: int | None = None) -> tuple[Ledger, list[Notice]]:
    """Take down what was heard. What is wrong with an acknowledgement is noticed; see above for what becomes of it.

    `now` is when it came: a player whose clock is ahead would else be believed to have spoken later than anybody.
    """
    place = _place(ledger, ack.response)
    if place is None:
        return ledger, [Notice("unknown", ack.response, f"an answer that was sent, among the last {KEPT}", f"answer {ack.response}", "ignored")]
    answer = ledger.answers[place]
    if ack.epoch != answer.epoch:
        return ledger, [Notice("epoch", ack.response, f"epoch {answer.epoch} of answer {ack.response}", f"epoch {ack.epoch}", "ignored")]
    notices: list[Notice] = []
    if now is not None and ack.time > now:
        notices = [Notice("future", ack.response, f"a time up to {now} ns, when it came", f"{ack.time} ns", f"taken as {now} ns")]
        ack = ack._replace(time=now)
    after = told(answer, min(ack.played_samples, answer.samples), ack.time, final=ack.final)
    return replace(ledger, answers=_with(ledger.answers, place, after)), notices + _noticed(answer, ack, known(after))


def fenced(ledger: Ledger, time: int) -> Ledger:
    """Flush all that was sent: it sounds no longer than a frame after `time`, when this reaches the player. An epoch begins."""
    answers = tuple(answer if answer.fence is not None else replace(answer, fence=time) for answer in ledger.answers)
    return Ledger(ledger.epoch + 1, time, answers)


def heard(ledger: Ledger, now: int, window_ns: int, response: int | None = None) -> Heard:
    """Return what was heard by `now` of an answer; by default of the newest of which anything was.

    Of an answer that was never sent, or not among the last 64, nothing was heard; of none, so of answer 0.
    """
    for place in reversed(range(len(ledger.answers))):
        if response in (None, ledger.answers[place].response):
            found = _heard(ledger, place, now, window_ns)
            if found.samples or response is not None:
                return found
    return Heard(response or 0, 0, "", False, False)


def _heard(ledger: Ledger, place: int, now: int, window_ns: int) -> Heard:
    answer = ledger.answers[place]
    samples = known(answer)
    assumed = _assumed(ledger, place, samples, now, window_ns)
    samples = max(samples, assumed)
    over = answer.final or (answer.whole and samples == answer.samples) or (answer.fence is not None and now >= answer.fence + FRAME_NS)
    return Heard(answer.response, samples, heard_text(answer.text, answer.marks, samples), assumed > 0, over)


def _assumed(ledger: Ledger, place: int, samples: int, now: int, window_ns: int) -> int:
    """Return how much is assumed to have been heard; 0 where what is known counts."""
    answer = ledger.answers[place]
    until, next_at = now if answer.fence is None else min(now, answer.fence), due(answer, samples)
    word = max(each.reported for each in ledger.answers[: place + 1])  # of an earlier answer: this one does not sound yet
    if answer.final or next_at is None or until - max(word, next_at) < QUIET * window_ns:
        return 0
    return reach(answer, until)


def _worded(answer: Sounding, wave: Sent) -> Sounding:
    if wave.response < 1 or wave.samples < 0:
        raise ValueError(f"wave: wants an answer from 1 on, and 0 samples or more, got answer {wave.response} and {wave.samples} samples")
    text, marks = answer.text + wave.text, (*answer.marks, *wave.marks)
    for before, mark in pairwise((*(answer.marks[-1:] or (START,)), *wave.marks)):
        if mark.sample < before.sample or not before.characters <= mark.characters <= len(text):
            least, most = tuple(before), f"{len(text)} characters, as its text has by then"
            where = f"wave of answer {wave.response}: marks: wants (sample, characters) counted from the answer's beginning"
            raise ValueError(f"{where}, not before {least} and up to {most}, got {tuple(mark)}")
    return replace(answer, text=text, marks=marks, whole=wave.last)


def _noticed(answer: Sounding, ack: Ack, counted: int) -> list[Notice]:
    """Say what is wrong with an acknowledgement of an answer, as it was before; `counted` is what is known after it."""
    of, got, counts = f"of answer {ack.response}", f"{ack.played_samples} by {ack.time} ns", f"counted as {counted}"
    found: list[Notice] = []

    def notice(kind: Kind, wanted: str, done: str) -> None:
        found.append(Notice(kind, ack.response, wanted, got, done))

    if ack.played_samples > answer.samples:
        notice("beyond-sent", f"at most the {answer.samples} samples {of} that were sent", counts)
    played = min(ack.played_samples, answer.samples)
    news = ack.final and not answer.final
    if played < answer.most:
        notice("back", f"{answer.most} samples {of} or more", "counted as final only" if news else "ignored")
    elif played == answer.most and ack.time <= answer.reported and not news:
        notice("duplicate", f"more than {played} samples {of}, or a later time than {answer.reported} ns", "ignored")
    elif answer.final and played > answer.most:
        notice("after-final", f"no more than the {answer.most} samples {of} that were said to be all", counts)
    elif answer.fence is not None and played > limit(answer, answer.fence):
        notice("after-fence", f"at most {limit(answer, answer.fence)} samples {of}, flushed at {answer.fence} ns", counts)
    elif answer.fence is not None and ack.time > answer.fence + FRAME_NS:
        notice("late", f"a time up to {answer.fence + FRAME_NS} ns {of}, flushed at {answer.fence} ns", counts)
    return found


def _place(ledger: Ledger, response: int) -> int | None:
    return next((n for n, answer in enumerate(ledger.answers) if answer.response == response), None)


def _with(answers: tuple[Sounding, ...], place: int, answer: Sounding) -> tuple[Sounding, ...]:
    return (*answers[:place], answer, *answers[place + 1 :])
