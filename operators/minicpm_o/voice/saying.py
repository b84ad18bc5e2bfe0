"""Say codes as a duplex session gets them, a unit after the other: wait for enough of them, cut them into windows, end turns.

Source: spec 6.6, [REF].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.minicpm_o.voice.conformer import AHEAD
from operators.minicpm_o.voice.prompt import Prompt
from operators.minicpm_o.voice.source import RATE_HZ
from operators.minicpm_o.voice.streaming import SILENCE, STEPS, VoiceState, begin, step
from operators.minicpm_o.voice.weights import VoiceWeights

WINDOW = 25  # codes that are said at once, and three more are looked at
ENOUGH = 8  # codes for which it is worth while
LOUDEST = 32_767


@dataclass(frozen=True)
class Saying:
    """Hold a voice in a session: how each turn begins, where this one is, and codes that wait: at first three of silence."""

    start: VoiceState = field(repr=False)
    now: VoiceState = field(repr=False)
    waiting: tuple[int, ...] = (SILENCE,) * AHEAD


def ready(weights: VoiceWeights, prompt: Prompt, steps: int = STEPS) -> Saying:
    """Get ready to say turns with a voice."""
    start = begin(weights, prompt, steps)
    return Saying(start, start)


def say(weights: VoiceWeights, saying: Saying, codes: Sequence[int], *, ends: bool = False) -> tuple[Saying, np.ndarray | None]:
    """Say the codes of one unit, which may end the turn. Returns samples, float32 [n] in steps of 16 bits, or None for none.

    In mid-turn they are a second at least: silence comes first where they would be fewer. Raises ValueError for codes that are none.
    """
    state, waiting, made = saying.now, [*saying.waiting, *codes], []
    while len(waiting) >= ENOUGH:
        window = waiting[: WINDOW + AHEAD]
        state, samples = step(weights, state, window)
        made.append(samples)
        del waiting[: len(window) - AHEAD]
    if ends and waiting:
        state, samples = step(weights, state, waiting, last=True)
        made.append(samples)
    after = Saying(saying.start, saying.start) if ends else replace(saying, now=state, waiting=tuple(waiting))
    if not made:
        return after, None
    found = _rounded(np.concatenate(made))
    return after, found if ends else np.concatenate([np.zeros(max(0, RATE_HZ - len(found)), np.float32), found])


def pcm(samples: np.ndarray) -> np.ndarray:
    """Return samples as int16, cut off at what is loudest, and towards 0, as the published runtime does.

    >>> pcm(np.float32([0.5, -0.99999, 2])).tolist()
    [16383, -32766, 32767]
    """
    return (np.clip(samples, -1.0, 1.0) * LOUDEST).astype("<i2")


def _rounded(samples: np.ndarray) -> np.ndarray:
    return pcm(samples).astype(np.float32) / np.float32(LOUDEST + 1)
