"""What travels between the operators of the pipeline: decisions, what to say, waves, what sounds, what was heard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from omniflow_graph.events import SECOND

WAVE_HZ = 24_000  # of all that the assistant says


class Decision(NamedTuple):
    """Say what one window was answered with, and why."""

    k: int  # of the window
    choice: str  # listen, speak, stop
    cause: str
    response: int = 0  # which answer this belongs to, counted from 1
    part: int = 0  # which window's worth of it, counted from 0
    parts: int = 0
    text: str = ""  # the words of this part
    line: str = ""  # the whole line


class Say(NamedTuple):
    """Ask for the sound of one part of a line, or (`cut`) for silence at once."""

    response: int
    part: int
    last: bool
    text: str
    line: str
    cut: bool = False


class Wave(NamedTuple):
    """Hold one part of a line as sound, int16 at 24 kHz. It begins at `at` or when it comes, whichever is later."""

    response: int
    part: int
    last: bool
    text: str
    samples: np.ndarray
    cut: bool = False
    at: int = 0


class Sound(NamedTuple):
    """Say that a wave begins to sound."""

    response: int
    part: int
    text: str
    samples: np.ndarray


class Ack(NamedTuple):
    """Say how much of an answer has been heard by now; `final` if no more of it will be."""

    response: int
    played_samples: int
    final: bool


def duration(samples: int) -> int:
    """Return how long samples at 24 kHz last, in nanoseconds."""
    return samples * SECOND // WAVE_HZ
