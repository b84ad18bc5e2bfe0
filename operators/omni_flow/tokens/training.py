"""Make training sequences of a session whose answers are known word by word: tokens, and which of them have loss.

Loss is on what the model chooses: the control token, text, `<|tts_pad|>`, `<|turn_eos|>`, `<|chunk_eos|>`. It is not on what it is
given: pictures, sound, unit marks, the system prompt. The published report does not say; so it is in the public protocol
of the successor (minicpm-o5-sdk 0.0.6, guidebook, chapter 2, loss rules), and that `<|tts_pad|>` counts as chosen is our reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from operators.omni_flow.interleaving.interleave import Unit
from operators.omni_flow.tokens.groups import Answer, Group, Listen, Speak, TokenSequence
from operators.omni_flow.tokens.vocabulary import LISTEN, TTS_PAD


def supervised(groups: Sequence[Group], units: Iterable[Unit]) -> list[Group]:
    """Give each window the answer that it should have had; a window without a unit listens.

    Text is taken over, marks are not: each form writes its own. Raises ValueError for a unit of a window that there is not.
    """
    answers: dict[int, Answer] = {unit.unit: answer_of(unit) for unit in units}
    if over := sorted(answers.keys() - {group.k for group in groups}):
        had = f"{groups[0].k} to {groups[-1].k}" if groups else "no windows"
        raise ValueError(f"window {over[0]}: wants a window of the session, which has {had}, got an answer there; record for longer, or say less")
    return [replace(group, answer=answers.get(group.k, Listen())) for group in groups]


def answer_of(unit: Unit) -> Answer:
    """Return a unit's answer.

    >>> answer_of(Unit(3, "Hi.", (151706, 13048, 13, 151717, 151718), end_of_turn=True))
    Speak(ids=(13048, 13), ends=(2,), held=False, closing=151718)
    """
    if unit.ids == (LISTEN,):
        return Listen()
    text = unit.ids[1 : -2 if unit.end_of_turn else -1]  # <|speak|> text <|turn_eos|> <|chunk_eos|>
    return Speak(() if text == (TTS_PAD,) else text, (len(text),) if unit.end_of_turn else ())


def loss_mask(sequence: TokenSequence) -> tuple[int, ...]:
    """Return 1 for each token that the model chooses, 0 for each that it is given.

    >>> from operators.omni_flow.tokens.groups import Form
    >>> from operators.omni_flow.tokens.layout import layout
    >>> loss_mask(layout([Group(0, audio=1)], Form(window_ns=100_000_000)))  # <unit> <|audio|> <|listen|> </unit>
    (0, 0, 1, 0)
    """
    mask = [0] * len(sequence.tokens)
    for start, end in sequence.answers:
        mask[start:end] = [1] * (end - start)
    return tuple(mask)
