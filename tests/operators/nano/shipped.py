"""What tests of nano share: the weights that ship, a session with sound and pictures, and tests that want torch."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import pytest

import recordings
from omniflow_graph import Event, Session
from omniflow_graph.recording import open_recording
from operators.nano.loading import Checkpoint, Nano

needs_torch = pytest.mark.skipif(find_spec("torch") is None or find_spec("transformers") is None, reason="needs torch and transformers")
MODEL = Checkpoint()


def nano() -> Nano:
    return MODEL()


@lru_cache(maxsize=1)
def recorded(name: str = "nano_questions") -> Session:
    return open_recording(recordings.path(name)).session()


def sound(seconds: int) -> np.ndarray:
    """Return the beginning of a recorded session: int16."""
    pcm = b"".join(event.data for event in events("env-audio"))
    return np.frombuffer(pcm[: 32_000 * seconds], "<i2")


def events(stream: str) -> list[Event]:
    return [*recorded().sources[stream]]
