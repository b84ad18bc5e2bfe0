"""Tell after each window what a model would still have before it: how much, what was forgotten, what was never heard of its answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from operators.omni_flow.context.cache_plan import CachePlan, Prefill
from operators.omni_flow.context.sliding import Context, Evicted, heard_up_to
from operators.omni_flow.deciding.steps import TextOf
from operators.omni_flow.playback.ledger import Heard, Ledger, heard
from operators.omni_flow.tokens.tokenizer import Tokenizer


class Settled(NamedTuple):
    """Say of an answer of which no more is heard what was and what never was. `assumed`: nobody said so, it should have been."""

    response: int
    heard: str
    unheard: str
    assumed: bool = False


class Remembered(NamedTuple):
    """Say what is remembered after a window: rows of the cache, windows in it, what was forgotten, which answers are settled.

    `anew`: rows that were computed again because something before them was taken out.
    """

    rows: int
    windows: int
    forgotten: tuple[Evicted, ...] = ()
    settled: tuple[Settled, ...] = ()
    anew: int = 0


def settle(
    context: Context, answers: Iterable[int], ledger: Ledger, now: int, window_ns: int, *, tokenizer: Tokenizer, text_of: TextOf | None = None
) -> tuple[Context, list[Settled], list[Evicted], int]:
    """Settle those of these answers of which no more is heard by now. Returns them, what was forgotten, and how many rows are computed anew.

    Between windows only. `text_of` is for "as-heard", as in `sliding.enter`.
    """
    settled: list[Settled] = []
    forgotten: list[Evicted] = []
    anew = 0
    for response in answers:
        known = heard(ledger, now, window_ns, response)
        if known.final:
            context, evicted, plan = heard_up_to(context, response, len(tokenizer.encode(known.text)), settled=True, text_of=text_of)
            settled.append(_settled(ledger, known))
            forgotten += evicted
            anew += fed_anew(plan)
    return context, settled, forgotten, anew


def fed_anew(plan: CachePlan) -> int:
    """Count the rows that a plan computes again.

    >>> from operators.omni_flow.context.cache_plan import Rows
    >>> fed_anew(CachePlan(9, (Rows(0, 4, 0), Prefill((1, 2, 3), 4))))
    3
    """
    return sum(part.length for part in plan.parts if isinstance(part, Prefill))


def _settled(ledger: Ledger, known: Heard) -> Settled:
    text = next((answer.text for answer in ledger.answers if answer.response == known.response), "")
    return Settled(known.response, known.text, text[len(known.text) :], known.assumed)
