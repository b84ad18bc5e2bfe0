"""Voice what is said, window by window, as a stage: with nano's own speech, which goes on where the last window left it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from omniflow_graph import Event
from operators.nano.loading import Nano
from operators.nano.speech.saying import Saying, step
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.scripted.voice import say
from operators.words import Say, Wave


@dataclass(frozen=True, eq=False)
class Mouth:
    """Remember the answer that is being voiced."""

    response: int = 0
    said: bool = False  # something of it
    saying: Saying = field(default_factory=Saying)
    samples: int = 0  # that it has by now, where its voice is borrowed


def voice(mouth: Mouth, event: Event[Say], *, model: Callable[[], Nano]) -> tuple[Mouth, list[Wave]]:
    """Give a window's words a sound; an answer's end lets out what is left of it."""
    of = event.data
    if of.response != mouth.response:
        mouth = Mouth(of.response)
    words = of.text.split()
    if not words and not (of.last and mouth.said):
        empty = Wave(of.response, of.part, of.last, of.text, np.zeros(0, "<i2"), epoch=of.epoch)
        return mouth, [empty] if of.last else []
    speech = model().speech
    if speech is None:
        return _borrowed(mouth, of)
    saying, samples, marks = step(speech, mouth.saying, words, of.last)
    wave = Wave(of.response, of.part, of.last, of.text, samples, epoch=of.epoch, marks=marks)
    return replace(mouth, said=True, saying=saying), [wave]


def _borrowed(mouth: Mouth, of: Say) -> tuple[Mouth, list[Wave]]:
    """Say a window's words with the scripted model's voice: of a checkpoint that was trained without speech."""
    samples = say(of.text) if of.text.strip() else np.zeros(0, "<i2")
    marks = even_marks(of.text, len(samples), Mark(mouth.samples, of.begin))
    wave = Wave(of.response, of.part, of.last, of.text, samples, epoch=of.epoch, marks=marks)
    return replace(mouth, said=True, samples=mouth.samples + len(samples)), [wave]
