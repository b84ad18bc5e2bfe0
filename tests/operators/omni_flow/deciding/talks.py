"""Scripted token streams through the state machine: what every test of it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from operators.omni_flow.deciding.choosing import Choice
from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.deciding.steps import Generating, Talk
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, is_special

WORDS = {1: " one", 2: " two", 3: " three", 4: " four", 5: " five", 9: " incomprehensibilities-galore"}
LETTERS = range(64, 86)  # "a" to "v" in the published vocabulary: a character each
DEFAULT = Generating()
AS_REFERENCE = Generating(reference_compatible=True)


def text_of(ids: Sequence[int]) -> str:
    """Decode words and letters, special tokens skipped."""
    return "".join(WORDS.get(token) or chr(token + 33) for token in ids if not is_special(token))


def answered(*windows: Sequence[int], settings: Generating = DEFAULT, talk: Talk | None = None, forced: Any = None) -> list[Outcome]:
    """Answer windows whose tokens are given. All of them must be asked for, and no more. `forced`: {window: why}."""
    talk, found = talk or Talk(), []
    for k, tokens in enumerate(windows):
        script = iter(tokens)
        talk, outcome = generate_unit(talk, scripted(script), settings, text_of=text_of, forced=(forced or {}).get(k))
        assert list(script) == [], f"window {k} did not ask for all its tokens"
        found.append(outcome)
    return found


def scripted(tokens: Iterator[int]) -> Any:
    """Choose what is given, `<|chunk_eos|>` before all rules, as `choosing` would."""

    def next_token(fed: tuple[int, ...]) -> Choice:
        token = next(tokens)
        return Choice(token, by="probe" if token == CHUNK_EOS else "rule")

    return next_token
