"""Decide, while it speaks, how many text tokens a window may generate: no more than will be heard soon.

The run-time side of TAIL (MiniCPM-o 4.5, arXiv 2604.27393 section 3): generation is held to the pace of playback. Its two
alternatives there, all text first and a fixed ratio, admit by the same signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from omniflow_graph.events import SECOND
from operators.player import ACK_NS
from operators.words import duration

USUAL = SECOND * 2 // 7  # how long a token takes to say: 3 to 4 a second (the report, Omni-Flow)
TRUST = 4  # so many tokens must have been spoken until their mean counts as much as the usual


class Slot(NamedTuple):
    """Say when one window of an answer is decided, and when its sound plays if nothing is late: `[start, end)`, in ns."""

    k: int  # counted from the answer's first window
    decided: int
    start: int
    end: int


@dataclass(frozen=True)
class Progress:
    """Know of one answer what was admitted, and what was heard.

    `next` is how much of its sound, in ns, is predicted before the next token: silence before the first, and all tokens
    admitted. What is spoken may be longer or shorter; whoever learns that corrects it with `dataclasses.replace`.
    """

    response: int
    begins: int = 0  # when its sound is to begin
    next: int = 0
    admitted: int = 0  # tokens
    heard: int = 0  # ns of its sound
    reported: int | None = None  # when that was heard; None before the first report


class Admit(Protocol):
    """Answer how many of the tokens that come next a window may generate; durations are predicted, in ns."""

    def __call__(self, progress: Progress, slot: Slot, durations: Sequence[int]) -> int:
        """Count them."""
        ...


def report(progress: Progress, response: int, played_samples: int, time: int) -> Progress:
    """Take down what a player acknowledged. What is about another answer, or older than what is known, changes nothing."""
    if response != progress.response or time < (progress.reported or 0):
        return progress
    return replace(progress, heard=max(progress.heard, duration(played_samples)), reported=time)


def grant(progress: Progress, durations: Sequence[int]) -> Progress:
    """Take down that tokens of these predicted durations were admitted."""
    return replace(progress, admitted=progress.admitted + len(durations), next=progress.next + sum(durations))


def sounds_at(progress: Progress, slot: Slot) -> int:
    """Predict when the first sample of the next token sounds: in this slot or later.

    Playback is taken to go on after a report, and to have begun when it should before the first one; but for no longer
    than a player that sounds stays without reporting, and for no more sound than there is.
    """
    reported = progress.begins if progress.reported is None else progress.reported
    ahead = progress.next - progress.heard
    unreported = max(0, min(slot.decided - reported, ACK_NS, ahead))
    return max(slot.start, max(slot.decided, reported) + ahead - unreported)


@dataclass(frozen=True)
class TimeAligned:
    """Admit the tokens whose first sample sounds before the end of the slot and `look_ahead` ns more.

    >>> admit = TimeAligned(300_000_000)
    >>> admit(Progress(1), Slot(0, 0, 0, 1_000_000_000), [500_000_000] * 9)  # they sound at 0, 0.5, 1, 1.5 s, ...
    3
    """

    look_ahead: int

    def __call__(self, progress: Progress, slot: Slot, durations: Sequence[int]) -> int:
        """Count them."""
        at, count = sounds_at(progress, slot), 0
        while count < len(durations) and at < slot.end + self.look_ahead:
            at, count = at + durations[count], count + 1
        return count


def text_first(progress: Progress, slot: Slot, durations: Sequence[int]) -> int:
    """Admit all text at once."""
    return len(durations)


@dataclass(frozen=True)
class FixedRatio:
    """Admit so many tokens a second, whatever is heard.

    >>> [FixedRatio(3)(Progress(1, admitted=n), Slot(k, 0, 0, 500_000_000), [1] * 9) for k, n in ((0, 0), (1, 2), (2, 3))]
    [2, 1, 2]
    """

    tokens_hz: int

    def __call__(self, progress: Progress, slot: Slot, durations: Sequence[int]) -> int:
        """Count them."""
        by_then = -(-self.tokens_hz * (slot.end - slot.start) * (slot.k + 1) // SECOND)
        return max(0, min(by_then - progress.admitted, len(durations)))


def learnt(spoken: Sequence[int]) -> int:
    """Estimate how long a token takes to say from how long those took that were spoken so far, in ns.

    >>> learnt([]), learnt([SECOND // 5] * 40)
    (285714285, 207792207)
    """
    return (USUAL * TRUST + sum(spoken)) // (TRUST + len(spoken))
