"""Load the three networks of speech into onnxruntime: graphs without weights, and the weights beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PARTS = ("speaking", "flow", "vocoder")


@dataclass(frozen=True, eq=False)
class Speech:
    """Hold what speaks: its networks, its words, and what frames are normed by. Made by `load`."""

    speaking: Any  # onnxruntime sessions
    flow: Any
    vocoder: Any
    words: tuple[str, ...]
    mean: np.ndarray  # float32 [82]
    deviation: np.ndarray


def load(graphs: Mapping[str, bytes], weights: Mapping[str, np.ndarray], words: Sequence[str]) -> Speech:
    """Load speech: `graphs` by the names of its parts, all its weights by name in any float, and the words in the order of their tokens.

    Raises ValueError for a graph or a weight that is missing, naming it.
    """
    if missing := [part for part in PARTS if part not in graphs]:
        raise ValueError(f"speech: wants graphs {', '.join(PARTS)}, missing {', '.join(missing)}; write them with the training")
    parts = {part: session(graphs[part], {name: value for name, value in weights.items() if name.startswith(f"{part}.")}, part) for part in PARTS}
    if missing := [name for name in ("norm.mean", "norm.deviation") if name not in weights]:
        raise ValueError(f"speech: weights {', '.join(missing)} are missing; its tensors are those under `speech.`, without that")
    mean, deviation = (np.asarray(weights[name], np.float32) for name in ("norm.mean", "norm.deviation"))
    return Speech(**parts, words=tuple(words), mean=mean, deviation=deviation)


def session(graph: bytes, weights: Mapping[str, np.ndarray], name: str = "graph") -> Any:
    """Load one graph, on one thread, and give it its weights in float32. Raises ValueError naming a weight that it wants and does not get."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    values = {key: onnxruntime.OrtValue.ortvalue_from_numpy(np.asarray(value, np.float32)) for key, value in weights.items()}
    options.add_external_initializers([*values], [*values.values()])
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"{name}: onnxruntime cannot load it with {len(values)} weights, {error}; graphs and weights are of one training") from error
