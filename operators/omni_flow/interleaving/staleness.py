"""Measure what an interleaving costs: how old what was seen is when a word of it is heard, and how long it is silent.

Figure 5 of the report (arXiv 2604.27393) compares time-aligned interleaving with text first and with a fixed ratio. Time
is that of hearing, never of generating.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.interleaving.admission import Admit, FixedRatio, TimeAligned, text_first
from operators.omni_flow.interleaving.dialogue import Answer
from operators.omni_flow.interleaving.speaking import PUBLISHED, Cost, Foresee, Said, gaps, guessed, heard_at, known, speak

WORDS = ((1, 10), (11, 20), (21, 40), (41, 80))  # how words are grouped, by their number in the answer


class Heard(NamedTuple):
    """Hold what was true when a word was heard, in ns."""

    word: int  # from 1
    at: int  # since the answer was decided on
    staleness: int  # age of the newest that its decision had observed
    lead: int  # how much sound comes before the end of the text that was written by then
    gap: int  # silence up to then that no word asked for


class Strategy(NamedTuple):
    """Name a way to admit tokens, and what it foresees."""

    name: str
    admit: Admit
    foresee: Foresee = known


def strategies(look_ahead: int) -> list[Strategy]:
    """Return time-aligned interleaving, knowing durations or learning them, and what it is compared with."""
    aligned = TimeAligned(look_ahead)
    fixed = [Strategy(f"fixed ratio, {rate}/s", FixedRatio(rate)) for rate in (3, 4, 5)]
    return [Strategy("time-aligned", aligned), Strategy("time-aligned, learnt", aligned, guessed), Strategy("text first", text_first), *fixed]


def words_heard(answer: Answer, said: Sequence[Said], unit: int) -> list[Heard]:
    """Tell of each word of an answer when it was heard, and how old the newest was that its decision had observed.

    The decision is that on the token with the first character of the word; it has observed all up to the end of its
    window, which is the time 0 for the first one.
    """
    found, silent = [], gaps(said)
    for n, (word, token) in enumerate(zip(answer.words, deciding(answer)), 1):
        decided = next(k for k, window in enumerate(said) if window.admitted > token) * unit
        at = heard_at(said, word.start)
        written = max((window.admitted for window in said if window.written <= at), default=0)
        gap = sum(length for place, length in silent if place <= word.start)
        found.append(Heard(n, at, at - decided, answer.start(written) - word.start, gap))
    return found


def deciding(answer: Answer) -> list[int]:
    """Return for each word the token that holds its first character: one that begins with it, else the last one before."""
    found, at, tokens = [], 0, answer.tokens
    for n, word in enumerate(answer.words if tokens else ()):
        while at + 1 < len(tokens) and tokens[at + 1].word < n:
            at += 1
        begins = at if tokens[at].word == n else at + 1
        found.append(begins if begins < len(tokens) and (tokens[begins].word, tokens[begins].onset) == (n, word.start) else at)
    return found


def measure(answers: Sequence[Answer], strategy: Strategy, unit: int, cost: Cost = PUBLISHED) -> list[list[Heard]]:
    """Say answers one by one, and tell of each of their words."""
    return [words_heard(answer, speak(answer, unit, strategy.admit, foresee=strategy.foresee, cost=cost), unit) for answer in answers]


def summary(name: str, heard: Sequence[Sequence[Heard]]) -> dict[str, Any]:
    """Sum up what a strategy came to, in seconds: means, and the most, for words by their number in the answer."""
    rows = []
    for first, last in WORDS:
        words = [word for answer in heard for word in answer if first <= word.word <= last]
        if words:
            rows.append(
                {
                    "words": [first, last],
                    "count": len(words),
                    "staleness_s": _spread([word.staleness for word in words]),
                    "lead_s": _spread([word.lead for word in words]),
                }
            )
    lead = _spread([word.lead for answer in heard for word in answer])
    return {
        "strategy": name,
        "answers": len(heard),
        "gap_s": _spread([answer[-1].gap for answer in heard if answer]),
        "lead_s": lead,
        "by_word": rows,
    }


def by_word(heard: Sequence[Sequence[Heard]], most: int) -> list[tuple[float, float]]:
    """Return mean staleness and mean silence so far, in seconds, of the first, second, ... word, up to `most`."""
    columns = [[answer[n] for answer in heard if n < len(answer)] for n in range(most)]
    return [(_mean([word.staleness for word in words]), _mean([word.gap for word in words])) for words in columns if words]


def _spread(values: Sequence[int]) -> dict[str, float]:
    return {"mean": _mean(values), "most": round(max(values, default=0) / SECOND, 3)}


def _mean(values: Sequence[int]) -> float:
    return round(sum(values) / max(1, len(values)) / SECOND, 3)
