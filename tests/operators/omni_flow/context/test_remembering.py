"""An answer of which no more is heard is settled: what of it was heard, what never was, and how much must be computed again without that."""

from __future__ import annotations

import pytest

from omniflow_graph import seconds
from operators.omni_flow.context.remembering import Settled, settle
from operators.omni_flow.context.sliding import Context, Policy, begin_context, enter
from operators.omni_flow.context.token_log import Unit
from operators.omni_flow.playback.ledger import Ledger, Sent, acknowledged, fenced, sent
from operators.omni_flow.playback.marks import even_marks
from operators.scripted.remember import WORDS
from operators.words import Ack

LINE = "one two three four"
WHOLE = sent(Ledger(), Sent(1, 0, 48_000, 0, LINE, even_marks(LINE, 48_000), last=True))[0]
HALF_HEARD = acknowledged(WHOLE, Ack(1, 22_000, False, 0, seconds(0.9)))[0]


def said(keeps: str, *words: int) -> Context:
    """Say so many words of answer 1 in each window of four rows more, then listen in one of two."""
    context = begin_context(Policy("none", keeps), prefix=10)  # type: ignore[arg-type]
    for k, n in enumerate(words):
        context, _, _ = enter(
            context, Unit(k, (151_683, 151_706, *(0,) * n, 151_718, 151_684), content=(0,) * n, is_listen=False, answer=1), text_of=str
        )
    return enter(context, Unit(len(words), (151_683, 151_684)), text_of=str)[0]


def settled(keeps: str, ledger: Ledger, at: float) -> tuple:
    """Return the rows afterwards, what was settled, and how many rows are computed anew."""
    context, found, forgotten, anew = settle(said(keeps, 1, 3), (1,), ledger, seconds(at), seconds(1), tokenizer=WORDS, text_of=lambda ids: "")
    assert forgotten == []
    return context.length, found, anew


def test_an_answer_of_which_more_may_be_heard_is_not_settled():
    assert settled("as-heard", HALF_HEARD, 1.0) == (24, [], 0)


@pytest.mark.parametrize(("keeps", "rows", "anew"), [("as-generated", 24, 0), ("as-heard", 22, 4)])
def test_what_was_never_heard_of_a_flushed_answer_is_told_and_goes_if_so_wanted(keeps, rows, anew):
    # of the rows 10..23 those of "three" and "four" go, and the four behind them are computed anew
    assert settled(keeps, fenced(HALF_HEARD, seconds(0.9)), 1.0) == (rows, [Settled(1, "one two", " three four")], anew)


@pytest.mark.parametrize("keeps", ["as-generated", "as-heard"])
def test_of_an_answer_that_was_heard_to_its_end_nothing_goes(keeps):
    heard = acknowledged(WHOLE, Ack(1, 48_000, True, 0, seconds(2.0)))[0]
    assert settled(keeps, heard, 2.0) == (24, [Settled(1, LINE, "")], 0)


def test_what_is_only_assumed_is_marked():
    assert settled("as-heard", WHOLE, 2.0) == (24, [Settled(1, LINE, "", assumed=True)], 0)


def test_an_answer_that_nothing_is_known_of_is_not_settled():
    context = said("as-heard", 1)
    assert settle(context, (), fenced(HALF_HEARD, 0), seconds(9), seconds(1), tokenizer=WORDS) == (context, [], [], 0)
    assert settle(context, (7,), HALF_HEARD, seconds(9), seconds(1), tokenizer=WORDS) == (context, [], [], 0)
