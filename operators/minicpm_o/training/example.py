"""What is to be learned of one session: its windows as one sequence, the loss mask, and the speech codes of each window that speaks.

Sequence and mask are those of `omniflow tokens --supervision`. The codes stand in for a quantiser of recorded speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from operators.omni_flow.interleaving.interleave import Unit
from operators.omni_flow.tokens.groups import Form, Group, Picture, Speak, TokenSequence
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.training import loss_mask, supervised

SECOND, LAST = 25, 10  # codes of a window; of the last one of a turn


@dataclass(frozen=True)
class Spoken:
    """Hold a window that speaks: the places of what is voiced in the sequence, its codes, whether the turn ends."""

    places: range
    codes: tuple[int, ...]
    ends: bool


@dataclass(frozen=True)
class Example:
    """Hold a session: ids and loss mask, the prompt before them, and for each window its looks and its samples at 16 kHz.

    `turns`: windows that speak, one turn after the other.
    """

    sequence: TokenSequence
    mask: tuple[int, ...]
    prompt: tuple[int, ...]
    pictures: tuple[np.ndarray | None, ...] = field(repr=False)
    sounds: tuple[np.ndarray, ...] = field(repr=False)
    turns: tuple[tuple[Spoken, ...], ...] = ()


def example(
    units: Sequence[Unit], pictures: Sequence[np.ndarray | None], sounds: Sequence[np.ndarray], *, prompt: Sequence[int], codes: int, seed: int = 0
) -> Example:
    """Make an example of supervised units and what was seen and heard in each window: a look uint8 [h, w, 3] or None, samples.

    `codes`: how many there are. Raises ValueError for windows without sound, and units of windows that there are not.
    """
    if len(pictures) != len(sounds) or not all(len(sound) for sound in sounds):
        raise ValueError(f"training: wants sound in each window, and a picture or None, got {len(sounds)} sounds and {len(pictures)} pictures")
    given = [Group(k, (Picture(),) if picture is not None else (), 10) for k, picture in enumerate(pictures)]
    groups = supervised(given, units)
    sequence = layout(groups, Form())
    turns: list[list[Spoken]] = [[]]
    for group, (start, end) in zip(groups, sequence.answers):
        if isinstance(group.answer, Speak):
            ends = bool(group.answer.ends)
            said = quantised(seed, group.k, LAST if ends else SECOND, codes)
            turns[-1].append(Spoken(range(start + 1, end - 1), said, ends))  # between <|speak|> and <|chunk_eos|>
            turns += [[]] if ends else []
    whole = tuple(tuple(turn) for turn in turns if turn)
    return Example(sequence, loss_mask(sequence), tuple(prompt), tuple(pictures), tuple(sounds), whole)


def quantised(seed: int, k: int, count: int, codes: int) -> tuple[int, ...]:
    """Draw codes in place of a quantiser: the same for the same seed and window.

    >>> quantised(0, 3, 2, 6561) == quantised(0, 3, 3, 6561)[:2]
    True
    """
    return tuple(np.random.Generator(np.random.Philox(key=[seed, k])).integers(0, codes, count).tolist())
