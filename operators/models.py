"""What differs between the models that can run the pipeline: how they hear, see, decide, speak, and what that costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from omniflow_graph import Event
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Recording
from operators import ears, eyes, voice
from operators.decide import Mind, decide
from operators.script import load_script
from operators.words import WAVE_HZ, Say, Wave

# Stand-ins for a model on a desktop GPU, in nanoseconds a window; `--cost recorded` replaces them by what was measured.
DECIDE_NS, SPEECH_NS, WAVE_NS = 120_000_000, 20_000_000, 150_000_000


@dataclass(frozen=True)
class Model:
    """Bundle the functions and first states of one model's operators."""

    name: str
    see: Callable[..., Any]
    eyes: Any
    hear: Callable[..., Any]
    ears: Any
    decide: Callable[..., Any]
    mind: Any
    voice: Callable[..., Any]
    costs: dict[str, int] = field(default_factory=lambda: {"decide": DECIDE_NS, "speech": SPEECH_NS, "wave": WAVE_NS})


def scripted(*, length: int, script: str | None = None, recording: Recording | None = None) -> Model:
    """Hear with a real speech detector, see scene changes, say lines from a script with a real voice."""
    mind = partial(decide, script=load_script(script), parts_of=Parts(voice.say, length))
    return Model("scripted", eyes.see, eyes.Eyes(), ears.hear, ears.quiet(), mind, Mind(), partial(_wave, say=voice.say, length=length))


def scripted_fast(*, length: int, script: str | None = None, recording: Recording | None = None) -> Model:
    """Do the same in integers, without any model: for timing tests, in milliseconds."""
    mind = partial(decide, script=load_script(script), parts_of=Parts(voice.tone, length))
    return Model(
        "scripted-fast", eyes.see_fast, eyes.Eyes(), ears.hear_fast, ears.Talk(), mind, Mind(), partial(_wave, say=voice.tone, length=length)
    )


def recorded(*, length: int, script: str | None = None, recording: Recording | None = None) -> Model:
    """Give back what a recording decided and said. Raises ValueError without a recording that holds an assistant."""
    from operators.memory import Memory

    if script is not None:
        raise ValueError(f"model 'recorded': says what was recorded, and takes no script, got {script}; wants model 'scripted'")
    if recording is None:
        raise ValueError("model 'recorded': wants a recording to give back; replay one that holds an assistant")
    memory = Memory.of(recording, length)
    return Model("recorded", eyes.see_fast, eyes.Eyes(), ears.hear_fast, ears.Talk(), memory.decide, None, memory.wave, memory.costs)


@dataclass(frozen=True)
class Parts:
    """Tell how many windows' worth of sound a line is, with this voice and windows of this length."""

    say: Callable[[str], np.ndarray]
    length: int

    def __call__(self, text: str) -> int:
        """Return the number of parts, at least 1."""
        return max(1, -(-len(self.say(text)) // _per_window(self.length)))


def _per_window(length: int) -> int:
    return WAVE_HZ * length // SECOND


def _wave(state: None, event: Event[Say], *, say: Callable[[str], np.ndarray], length: int) -> tuple[None, list[Wave]]:
    """Voice a whole line, and give the part of it that belongs to this window."""
    wanted = event.data
    if wanted.cut:
        return state, [Wave(wanted.response, 0, True, "", np.zeros(0, "<i2"), cut=True)]
    per_window = _per_window(length)
    samples = say(wanted.line)[wanted.part * per_window : (wanted.part + 1) * per_window]
    return state, [Wave(wanted.response, wanted.part, wanted.last, wanted.text, samples)]


MODELS: dict[str, Callable[..., Model]] = {"scripted": scripted, "scripted-fast": scripted_fast, "recorded": recorded}
INTEGERS = ("scripted-fast", "recorded")  # compute in integers only: the same digests on every machine
