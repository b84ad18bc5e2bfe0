"""Write a trained model down as it ships: one file of weights in float16, graphs for onnxruntime that hold none, sizes and a manifest."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from operators.nano.config import Config, write_config
from operators.nano.loading import GRAPHS, WEIGHTS
from operators.nano.modules import SPEECH, skeleton
from operators.nano.tensors import read_tensors, write_tensors
from simulations.nano.training.graphs import graph_of

MANIFEST = "manifest.json"


def write_graphs(config: Config, folder: Path) -> None:
    """Write the graphs of hearing, sight and thinking: the same for all weights."""
    import torch

    root = skeleton(config)
    with torch.no_grad():
        for weight in root.parameters():
            weight.normal_()  # two that are alike would become one
    for name in GRAPHS:
        (folder / f"{name}.onnx").write_bytes(graph_of(name, root, config))


def weights_of(root: Any) -> dict[str, np.ndarray]:
    """Return a model's weights by name, as they ship: float16."""
    return {name: weight.detach().numpy().astype(np.float16) for name, weight in root.named_parameters()}


def write(root: Any, config: Config, folder: Path) -> None:
    """Write a model into a checkpoint's folder: weights, graphs, config. Speech that is there stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WEIGHTS
    spoken = {name: value for name, value in (read_tensors(path) if path.exists() else {}).items() if name.startswith(SPEECH)}
    write_tensors(path, {**weights_of(root), **spoken})
    write_graphs(config, folder)
    write_config(config, folder)


def seal(folder: Path, **about: Any) -> None:
    """Write a manifest: what is known about a checkpoint, with what its manifest said before, and a sha256 of every file."""
    path = folder / MANIFEST
    before = json.loads(path.read_text()) if path.exists() else {}
    digests = {each.name: sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir()) if each != path}
    path.write_text(json.dumps({**before, **about, "sha256": digests}, indent=1) + "\n")
