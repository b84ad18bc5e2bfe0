"""Load nano for onnxruntime: graphs that hold no weights, and the weights of the one file that ships. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from operators.nano import thinking
from operators.nano.config import Config, read_config
from operators.nano.speech.bundled import speech
from operators.nano.speech.graphs import Speech, session
from operators.nano.tensors import read_tensors
from operators.nano.vocabulary import Vocabulary

CHECKPOINT = Path(__file__).with_name("checkpoint")  # what ships
WEIGHTS, GRAPHS = "model.safetensors", ("hearing", "sight", "thinking")
SPEECH = "speech_speaking.onnx"  # where that is, it can speak


@dataclass(frozen=True, eq=False)
class Nano:
    """Hold what never changes: sizes, networks, the table of words, and the scores of each."""

    config: Config
    vocabulary: Vocabulary
    hears: Any = field(repr=False)  # onnxruntime sessions
    sees: Any = field(repr=False)
    thinks: Any = field(repr=False)
    table: np.ndarray = field(repr=False)  # [rows, D]
    scores: np.ndarray = field(repr=False)
    speech: Speech | None = field(default=None, repr=False)

    @property
    def thinking(self) -> ModuleType:
        """Return what feeds its language model."""
        return thinking

    @property
    def ids(self) -> np.ndarray:
        """Return the published id of each row."""
        return np.asarray(self.vocabulary.ids)


def load(folder: str | Path = CHECKPOINT) -> Nano:
    """Load it. Raises ValueError for a folder that is no checkpoint of nano, or not whole."""
    config, weights = read_config(folder), read_tensors(Path(folder, WEIGHTS))
    hears, sees, thinks = (session(graph(folder, name), _of(weights, name), name) for name in GRAPHS)
    table, scores = (np.asarray(weights[f"llm.{name}.weight"], np.float32) for name in ("model.embed_tokens", "lm_head"))
    speaks = speech(Path(folder)) if Path(folder, SPEECH).is_file() else None
    return Nano(config, Vocabulary(config.texts), hears, sees, thinks, table, scores, speaks)


@dataclass(frozen=True)
class Checkpoint:
    """Name a checkpoint's folder; called, give what is in it, loaded once a process."""

    folder: str = str(CHECKPOINT)

    def __call__(self) -> Nano:
        """Load it, if it is not loaded."""
        return _loaded(self.folder)

    def load(self) -> None:
        """Load it before the clock starts."""
        self()


@lru_cache(maxsize=2)
def _loaded(folder: str) -> Nano:
    return load(folder)


PARTS = {
    "hearing": ("apm.", "audio_projection_layer."),
    "sight": ("vpm.", "resampler."),
    "thinking": ("llm.model.layers.", "llm.model.norm."),
}


def _of(weights: Mapping[str, np.ndarray], graph: str) -> dict[str, np.ndarray]:
    return {name: value for name, value in weights.items() if name.startswith(PARTS[graph])}


def graph(folder: str | Path, name: str) -> bytes:
    """Read a graph."""
    path = Path(folder) / f"{name}.onnx"
    if not path.is_file():
        raise ValueError(f"nano {folder}: lacks {path.name}; write it with `make nano`")
    return path.read_bytes()
