"""The small checkpoint that the reference was run with, built anew from its recipe: every weight a function of a seed and its name."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parents[2] / "data" / "minicpm_o"
WORD = (1 << 64) - 1


def needs_torch() -> None:
    """Skip the test or module that asks, by the name of what is missing."""
    for package in ("torch", "transformers", "safetensors", "tokenizers"):
        pytest.importorskip(package, reason=f"the package {package} is not installed: pip install '.[model,tokenizer]'")
    import torch

    torch.set_num_threads(1)


def build(folder: Path) -> Path:
    """Write the checkpoint into a folder, in two files with an index, and check each tensor's digest."""
    from safetensors.numpy import save_file

    described = json.loads((DATA / "h_checkpoint" / "recipe.json").read_text())
    tensors = {name: _tensor(described["seed"], name, each) for name, each in described["tensors"].items()}
    wrong = [name for name, each in described["tensors"].items() if hashlib.sha256(tensors[name].tobytes()).hexdigest() != each["sha256"]]
    assert wrong == [], wrong[:3]
    halves = [dict(list(tensors.items())[n::2]) for n in range(2)]
    for n, half in enumerate(halves):
        save_file(half, folder / f"model-{n + 1}-of-2.safetensors")
    index = {"weight_map": {name: f"model-{n + 1}-of-2.safetensors" for n, half in enumerate(halves) for name in half}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text((DATA / "h_checkpoint" / "config.json").read_text())
    return folder


def _tensor(seed: int, name: str, described: dict) -> np.ndarray:
    if name == "apm.embed_positions.weight":  # Whisper's own, and no chance
        from transformers.models.whisper.modeling_whisper import sinusoids

        return sinusoids(*described["shape"]).numpy()
    count = int(np.prod(described["shape"]))
    numbers = _numbers((seed * 1_000_003) ^ _fnv(name), count)
    return (described["offset"] + described["scale"] * (2 * numbers - 1)).astype(np.float32).reshape(described["shape"])


def _fnv(name: str) -> int:
    """Hash a name with FNV-1a, 64 bits."""
    found = 0xCBF29CE484222325
    for byte in name.encode():
        found = (found ^ byte) * 0x100000001B3 & WORD
    return found


def _numbers(key: int, count: int) -> np.ndarray:
    """Return numbers in [0, 1) of 24 bits by splitmix64, its counter in blocks that stay in the processor's cache."""
    found = np.empty(count)
    for start in range(0, count, 1 << 16):
        end = min(count, start + (1 << 16))
        z = np.arange(start + 1, end + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key & WORD)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found[start:end] = ((z ^ (z >> np.uint64(31))) >> np.uint64(40)) / float(1 << 24)
    return found
