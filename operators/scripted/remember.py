"""Remember windows as a model with a cache would: a scripted model has none, but what would be in it can be told.

Each word stands for one token: that is how windows are given them, too.
"""

from __future__ import annotations

from collections.abc import Iterable

from omniflow_graph import Window
from operators.omni_flow.context.remembering import Remembered, fed_anew, settle
from operators.omni_flow.context.sliding import Context, enter
from operators.omni_flow.context.token_log import Unit
from operators.omni_flow.tokens.groups import AUDIO_TOKEN_NS, Form
from operators.omni_flow.tokens.layout import OVERVIEW, output
from operators.omni_flow.tokens.trace_groups import answered
from operators.omni_flow.tokens.vocabulary import AUDIO, UNIT, UNIT_END
from operators.scripted.mind import Mind, Speaking
from operators.words import Decision, words_of

FORM = Form()
WORD = 0  # the id of each


class Words:
    """Write a text as one token a word, which stands for no word in particular."""

    name = "words"

    def decode(self, ids: Iterable[int]) -> str:
        """Return nothing: which words they are is not in the ids."""
        return ""

    def encode(self, text: str) -> tuple[int, ...]:
        """Return an id for each word."""
        return (WORD,) * len(words_of(text))


WORDS = Words()


def remember(before: Mind, window: Window, decision: Decision) -> tuple[Context, tuple[int, ...], Remembered]:
    """Settle the answers that are over, take in what the window was given and came to, and tell what is remembered then.

    `before` is the mind that took the window in. Returns also the answers of which more may be heard.
    """
    now, length, context, open_, told = window.end, window.end - window.start, before.context, before.open, Remembered(0, 0)
    if open_:
        context, settled, forgotten, anew = settle(context, open_, before.ledger, now, length, tokenizer=WORDS, text_of=WORDS.decode)
        over = {each.response for each in settled}
        open_, told = tuple(each for each in open_ if each not in over), Remembered(0, 0, tuple(forgotten), tuple(settled), anew)
    if decision.choice == "speak" and decision.response not in open_:
        open_ = (*open_, decision.response)
    context, evicted, plan = enter(context, _unit(before, window, decision), text_of=WORDS.decode)
    told = Remembered(context.length, len(context.units), (*told.forgotten, *evicted), told.settled, told.anew + fed_anew(plan))
    return context, open_, told


def _unit(before: Mind, window: Window, decision: Decision) -> Unit:
    """Write down a window as it would stand in a cache: the overview of each picture, a token for each 0.1 s of sound, the answer."""
    streams, units = [event.stream for event in window.events], before.context.units
    pictures = streams.count("look")
    sounds = "listen" in streams or (bool(units) and AUDIO in units[-1].ids)  # a microphone that pauses is silent
    in_turn = isinstance(before.turn, Speaking)
    answer, _ = answered((decision,), in_turn, WORDS)
    said, _ = output(answer, FORM, in_turn=in_turn, k=window.k)
    heard = (AUDIO,) * ((window.end - window.start) // AUDIO_TOKEN_NS * sounds)
    speaks = decision.choice == "speak"
    return Unit(
        window.k,
        (UNIT, *OVERVIEW * pictures, *heard, *said, UNIT_END),
        "omni" if pictures and sounds else "vision" if pictures else "audio",
        WORDS.encode(decision.text) if speaks else (),
        is_listen=not speaks,
        answer=decision.response if speaks else 0,
    )
