"""Run one real duplex window on a model: a picture and a second of sound go in, an answer and a second of its voice come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from operators.minicpm_o import duplexing
from operators.minicpm_o.duplexing import Deciding, Session
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import FIRST
from operators.minicpm_o.voice import SILENCE, VoiceWeights
from operators.minicpm_o.voice.prompt import FRAMES, Prompt
from operators.minicpm_o.voice.saying import ready, say
from operators.minicpm_o.voice.shapes import CODES, SPEAKER
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating

PROMPT = (151_644, 8948, 198, 76_509, 85_225, 50_830, 624, 151_697), (151_699, 151_645)  # the published one, around a voice (spec 1.6)
PICTURE = (720, 1280)
SECONDS = 5  # of the voice to speak with
SPOKEN = 25  # codes of a second


class Ran(NamedTuple):
    """Hold what a window came to: rows that were taken in, tokens that were written, samples that were said."""

    session: Session
    rows: int
    tokens: int
    samples: int


def window(weights: Weights, voice: VoiceWeights, seed: int = 0, steps: int = 10, told: Callable[[str], None] = lambda part: None) -> Ran:
    """Prepare a session and a voice, take a window in, answer and close it, and say a second of codes. What is seen, heard and said is drawn.

    Raises RuntimeError where anything of it is not as it should be: nothing taken in, or no second of sound.
    """
    rng = np.random.default_rng(seed)
    session = duplexing.prepare(weights, *PROMPT, reference=_sound(rng, 16_000 * SECONDS))
    told("prepared")
    before = session.cache.length
    session = duplexing.take_in(weights, session, sound=_sound(rng, FIRST), pictures=[rng.integers(0, 256, (*PICTURE, 3), np.uint8)])
    rows = session.cache.length - before
    told("taken in")
    session, outcome, _ = duplexing.answer(weights, session, Deciding(_no_text, Generating(), Choosing(mode="greedy")))
    session, _, _ = duplexing.close(weights, session, _no_text)
    told("answered")
    saying = ready(voice, drawn_prompt(rng), steps)
    _, samples = say(voice, saying, rng.integers(0, CODES, SPOKEN).tolist())
    told("spoken")
    if rows < 64 or samples is None or len(samples) < 24_000 or not np.isfinite(samples).all():
        raise RuntimeError(f"fit: a window took in {rows} rows and said {0 if samples is None else len(samples)} samples, wants 64 and 24000")
    return Ran(session, rows, len(outcome.fed), len(samples))


def drawn_prompt(rng: np.random.Generator) -> Prompt:
    """Draw a voice to speak with, as long as one that was recorded."""
    codes = [SILENCE, *rng.integers(0, CODES, 25 * SECONDS - 1).tolist()]
    return Prompt(tuple(codes), rng.standard_normal((FRAMES * len(codes), 80)) - 5, rng.standard_normal(SPEAKER))


def _sound(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.standard_normal(count).astype(np.float32) * np.float32(0.05)


def _no_text(ids: Sequence[int]) -> str:
    return ""
