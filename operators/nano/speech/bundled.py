"""Find the speech that ships with nano: three graphs, and their weights among those of the whole model."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from operators.nano.speech.graphs import PARTS, Speech, load
from operators.nano.tensors import read_tensors, write_tensors

CHECKPOINT = Path(__file__).parent.parent / "checkpoint"
WEIGHTS = "model.safetensors"
PREFIX = "speech."


@lru_cache(maxsize=2)
def speech(folder: Path = CHECKPOINT) -> Speech:
    """Load the speech of a checkpoint's folder. Raises ValueError where it has none, saying how to make it."""
    if absent := [name for name in (WEIGHTS, *map(_graph, PARTS)) if not (folder / name).is_file()]:
        raise ValueError(f"nano {folder}: has no {', '.join(absent)}; train speech with python -m simulations.nano.training.speech")
    weights = read_tensors(folder / WEIGHTS, PREFIX)
    if "words" not in weights:
        raise ValueError(f"nano {folder / WEIGHTS}: holds no tensors {PREFIX}*; train speech with python -m simulations.nano.training.speech")
    words = weights.pop("words").tobytes().decode().split()
    return load({part: (folder / _graph(part)).read_bytes() for part in PARTS}, weights, words)


def put(folder: Path, graphs: dict[str, bytes], weights: dict[str, np.ndarray], words: Sequence[str]) -> None:
    """Write speech into a checkpoint's folder; of the model's weights, those that are not speech's stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WEIGHTS
    others = {name: array for name, array in (read_tensors(path) if path.exists() else {}).items() if not name.startswith(PREFIX)}
    spelled = np.frombuffer(" ".join(words).encode(), np.uint8)
    write_tensors(path, {**others, **{f"{PREFIX}{name}": array for name, array in {**weights, "words": spelled}.items()}})
    for part in PARTS:
        (folder / _graph(part)).write_bytes(graphs[part])


def _graph(part: str) -> str:
    return f"speech_{part}.onnx"
