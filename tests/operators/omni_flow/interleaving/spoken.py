"""Answers to lay out in windows: written down in a test, drawn, or from the oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from operators.omni_flow.interleaving.dialogue import Answer, Dialogue, dialogue

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((Path(__file__).parent / "oracle").glob("case_*.json"))}
MS = 1_000_000


def turn(*words: tuple[str, float, float], tokens: str | list[str] = "", first_unit: int = 0, duration: float = 0, **more: Any) -> dict[str, Any]:
    """Write down an answer: words as (text, start, end) in seconds; tokens as a list, or with a bar between two of them."""
    pieces = (tokens or "|".join(text for text, _, _ in words)).split("|") if isinstance(tokens, str) else tokens
    return {
        "first_unit": first_unit,
        "duration_s": duration or max(end for _, _, end in words),
        "words": [{"text": text, "start_s": start, "end_s": end} for text, start, end in words],
        "tokens": [{"id": 100 + n, "text": text} for n, text in enumerate(pieces)],
        **more,
    }


def dialogue_of(*turns: dict[str, Any], unit: float = 1.0, look_ahead: float = 0.0) -> Dialogue:
    """Read turns."""
    return dialogue({"unit_s": unit, "look_ahead_s": look_ahead, "turns": list(turns)}, name="talk.json")


def answer_of(*words: tuple[str, float, float], **more: Any) -> Answer:
    """Read one answer."""
    return dialogue_of(turn(*words, **more)).answers[0]


@st.composite
def turns(draw: st.DrawFn, first_unit: int = 0) -> dict[str, Any]:
    """Draw an answer of words that take 0 to 2.5 s, with pauses, cut into tokens anywhere."""
    words, at = [], 0
    for n in range(draw(st.integers(1, 10))):
        at += draw(st.sampled_from([0, 0, 0, 10, 130, 700, 1000]))
        length = draw(st.sampled_from([0, 60, 120, 180, 250, 500, 1000, 2500]))
        words.append((draw(st.sampled_from(["地", " ab", "c,", "球。"])) if n else "地", at / 1000, (at + length) / 1000))
        at += length
    text = "".join(word for word, _, _ in words)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(text) - 1)))))
    tokens = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)]) if a < b]
    return turn(*words, tokens=tokens, first_unit=first_unit, duration=(at + draw(st.sampled_from([1, 20, 1000]))) / 1000)


def answers() -> st.SearchStrategy[Answer]:
    """Draw an answer, and read it."""
    return turns().map(lambda turn: dialogue_of(turn).answers[0])


units = st.sampled_from([1000 * MS, 500 * MS, 200 * MS, 100 * MS])
look_aheads = st.sampled_from([0, 100 * MS, 300 * MS, 1700 * MS])
