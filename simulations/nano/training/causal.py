"""Convolve over time without looking ahead, so that what is trained on whole lines can run piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np

KERNEL = 7
CACHE = KERNEL - 1  # frames that a convolution remembers

Weights = dict[str, Any]  # tensors by name


def begin_weights(shapes: dict[str, tuple[int, ...]], seed: int) -> Weights:
    """Draw weights by their names: `.b` begins at 0, `.g` at 1, all else normal by its fan-in. float32, with gradients."""
    import torch

    rng = np.random.default_rng([seed, 22])
    weights = {}
    for name, shape in shapes.items():
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        drawn = rng.standard_normal(shape) / np.sqrt(fan_in)
        value = {"b": np.zeros(shape), "g": np.ones(shape), "s": np.full(shape, 0.2), "z": np.zeros(shape)}.get(name.rsplit(".", 1)[-1], drawn)
        weights[name] = torch.tensor(value, dtype=torch.float32, requires_grad=True)
    return weights


def block_shapes(prefix: str, width: int, inner: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of one ConvNeXt block's weights."""
    return {
        f"{prefix}.depth.w": (width, 1, KERNEL),
        f"{prefix}.depth.b": (width,),
        f"{prefix}.norm.g": (width,),
        f"{prefix}.norm.b": (width,),
        f"{prefix}.up.w": (inner, width),
        f"{prefix}.up.b": (inner,),
        f"{prefix}.down.w": (width, inner),
        f"{prefix}.down.b": (width,),
        f"{prefix}.scale.s": (width,),
    }


def block(weights: Weights, prefix: str, x: Any, cache: Any, shift: Any = None) -> tuple[Any, Any]:
    """Run one ConvNeXt block over [batch, time, width], given the 6 frames before them. Returns the frames, and the last 6 that it took in.

    `shift` [batch, 2 * width] scales and shifts the normed frames, as a step of flow matching does by its time.
    """
    import torch
    import torch.nn.functional as F

    w = {name: weights[f"{prefix}.{name}"] for name in NAMES}
    width = int(w["norm.g"].shape[0])  # a plain number, also where this is traced
    taken = torch.cat([cache, x], dim=1)
    y = F.conv1d(taken.transpose(1, 2), w["depth.w"], w["depth.b"], groups=width).transpose(1, 2)
    y = F.layer_norm(y, (width,), w["norm.g"], w["norm.b"])
    if shift is not None:
        scale, move = shift.chunk(2, dim=-1)
        y = y * (1 + scale[:, None]) + move[:, None]
    y = F.linear(F.gelu(F.linear(y, w["up.w"], w["up.b"])), w["down.w"], w["down.b"])
    return x + w["scale.s"] * y, taken[:, -CACHE:]


NAMES = ("depth.w", "depth.b", "norm.g", "norm.b", "up.w", "up.b", "down.w", "down.b", "scale.s")


def zeros(*shape: int) -> Any:
    """Return what a convolution remembers before anything: zeros."""
    import torch

    return torch.zeros(*shape)
