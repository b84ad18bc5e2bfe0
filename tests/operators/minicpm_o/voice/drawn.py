"""A voice of any sizes with weights from a seed, in the published files' layout, as small as a test wants it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from operators.minicpm_o.voice.shapes import FlowSizes, VocoderSizes, flow, vocoder

SMALL = FlowSizes(24, 2, 32, 1, 1, 16, 2, 8, 32, 1)


def tensors(named, seed: int = 1) -> dict:
    """Draw the weights: lengths of directions and norms around 1, all others around 0."""
    import torch

    rng, found = np.random.default_rng(seed), {}
    for name, shape in named:
        drawn = rng.standard_normal(shape, dtype=np.float32) / max(1, int(np.prod(shape[1:]))) ** 0.5
        found[name] = torch.from_numpy(drawn + 1 if "norm" in name or "alpha" in name else drawn * 0.7)
    return found


@lru_cache(maxsize=2)
def voice(version: str = "causal"):
    """Make a small voice."""
    from operators.minicpm_o.voice.noise import noise
    from operators.minicpm_o.voice.weights import made

    return made(tensors(flow(SMALL)), tensors(vocoder(VocoderSizes(version, 16, 8))), None, noise(7))


def write(folder: Path, version: str = "causal", **changed) -> Path:
    """Write its two files as they are published."""
    import torch

    place = folder / "assets" / "token2wav"
    place.mkdir(parents=True)
    parts = {"flow": tensors(flow(SMALL)), "hift": tensors(vocoder(VocoderSizes(version, 16, 8)))}
    for name, part in parts.items():
        torch.save({**part, **changed.get(name, {})}, place / f"{name}.pt")
    return folder


def prompt(codes: int = 6):
    """Draw a voice to speak with."""
    from operators.minicpm_o.voice import Prompt

    rng = np.random.default_rng(3)
    return Prompt(tuple(rng.integers(0, 6561, codes).tolist()), rng.standard_normal((2 * codes, 80)), rng.standard_normal(192))


def codes(count: int) -> list[int]:
    """Draw codes to say."""
    return np.random.default_rng(4).integers(0, 6561, count).tolist()
