"""nano as a model of the duplex pipeline: it really hears, sees, decides and speaks, in a small world."""

from __future__ import annotations

from functools import partial

import numpy as np

from omniflow_graph.events import SECOND, seconds
from omniflow_graph.recording import Recording
from operators.models import Model
from operators.nano import hearing, seeing
from operators.nano.config import read_config
from operators.nano.deciding import Mind, decide
from operators.nano.loading import CHECKPOINT, Checkpoint
from operators.nano.voice import Mouth, voice
from operators.scripted.mind import Manners

# What stages cost in nanoseconds on one core of an AMD EPYC, measured: once, and for each second that a window lasts (benchmarks/README.md).
COSTS_NS = {"decide": (5_000_000, 15_000_000), "speech": (1_000_000, 0), "wave": (10_000_000, 70_000_000)}
NOTE = "prompt"  # in the notes of a recording


def nano(
    *,
    length: int,
    script: str | None = None,
    recording: Recording | None = None,
    manners: Manners = Manners(),
    prompt: str | None = None,
    folder: str = str(CHECKPOINT),
) -> Model:
    """Make the small trained model. `prompt`: what it is told beforehand, by default what the recording's notes say.

    Of `manners` it has `force_listen` and how much it remembers; the rest it has learned. Raises ValueError for a window
    that it was not trained with, a prompt that it does not know, a script, and other manners.
    """
    config = read_config(folder)
    if script is not None:
        raise ValueError(f"model 'nano': decides by itself, and takes no script, got {script}; wants model 'scripted'")
    if length != seconds(config.window):
        raise ValueError(f"model 'nano': was trained with windows of {config.window:g} s, got {length / SECOND:g} s; wants window={config.window:g}")
    usual = Manners()
    if (manners.admit, manners.overlap, manners.memory.keeps) != (usual.admit, usual.overlap, usual.memory.keeps):
        raise ValueError(f"model 'nano': has learned its manners, and takes no interleave, overlap or context, got {manners}; wants model 'scripted'")
    noted = recording.manifest.notes.get(NOTE) if recording is not None else None
    prompt = prompt if prompt is not None else noted if isinstance(noted, str) else config.prompts[0]
    if prompt not in config.prompts:
        raise ValueError(f"model 'nano': wants a prompt out of {', '.join(map(repr, config.prompts))}, got {prompt!r}")
    model = Checkpoint(folder)
    think = partial(decide, model=model, prompt=prompt, force_listen=manners.force_listen, mode=manners.memory.mode)
    see, hear, speak = partial(seeing.see, model=model), partial(hearing.hear, model=model), partial(voice, model=model)
    costs = {stage: once + per_second * length // SECOND for stage, (once, per_second) in COSTS_NS.items()}
    return Model("nano", see, seeing.Eyes(), hear, hearing.quiet(config), think, Mind(), speak, costs, Mouth())


def looked(pictures: np.ndarray) -> list[tuple[int, ...]]:
    """Tell what its eyes make of pictures uint8 [n, 64, 64, 3]: of each the numbers of the lamp's colour, of blocks, of the kettle's state."""
    return seeing.attributes(Checkpoint()(), pictures)
