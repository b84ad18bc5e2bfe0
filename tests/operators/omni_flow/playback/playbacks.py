"""Waves, acknowledgements and fences in ms, and what a ledger makes of them."""

from __future__ import annotations

from operators.omni_flow.playback.ledger import Ledger, Notice, Sent, acknowledged, fenced, heard, sent
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.words import Ack

MS = 1_000_000
SECOND = 1000 * MS
TEXT = "one two three four "


def wave(response: int, begin_ms: int, ms: int = 1000, epoch: int = 0, text: str = "", marks: tuple[Mark, ...] = (), last: bool = False) -> Sent:
    return Sent(response, epoch, ms * 24, begin_ms * MS, text, marks, last)


def ack(response: int, played_ms: int, at_ms: int, epoch: int = 0, final: bool = False) -> Ack:
    return Ack(response, played_ms * 24, final, epoch, at_ms * MS)


SAID = (
    wave(1, 1000, text=TEXT[:8], marks=even_marks(TEXT[:8], 24_000)),
    wave(1, 2000, text=TEXT[8:], marks=even_marks(TEXT[8:], 24_000, Mark(24_000, 8)), last=True),
)


def told(*steps: Sent | Ack | int, ledger: Ledger | None = None) -> tuple[Ledger, list[Notice]]:
    """Take down waves, acknowledgements, and fences at a ms. Returns all notices, too."""
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
