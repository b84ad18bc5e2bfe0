"""Train the flow that turns units into frames: from noise to sound, straight, by conditional flow matching (Lipman et al., 2023).

The network sees noise and units of the past and one unit ahead, so a line can be made piece by piece: each step of the flow
remembers its own last frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from operators.nano.speech.acoustics import DIMENSIONS, UNIT
from operators.nano.speech.saying import NOTHING, UNITS
from simulations.nano.training.causal import CACHE, Weights, begin_weights, block, block_shapes, zeros
from simulations.nano.training.corpus import Utterance
from simulations.nano.training.descent import Progress, descend, quiet
from simulations.nano.training.units import Units

WIDTH, INNER, BLOCKS = 176, 384, 6
EMBEDDED, PLACED, TIMED = 64, 16, 64  # widths of a unit, a frame's place in it, and the flow's time
TIMES = (0.0, 0.1, 0.22, 0.36, 0.52, 0.74, 1.0)  # of the flow, at which a step begins: early ones are smaller


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights by name."""
    blocks = [{**block_shapes(f"flow.{n}", WIDTH, INNER), f"flow.{n}.time.z": (2 * WIDTH, TIMED)} for n in range(BLOCKS)]
    return {
        "flow.unit": (UNITS + 1, EMBEDDED),
        "flow.place": (UNIT, PLACED),
        "flow.in.w": (WIDTH, DIMENSIONS),
        "flow.given.w": (WIDTH, 3 * EMBEDDED + PLACED),
        "flow.in.b": (WIDTH,),
        "flow.time.w": (TIMED, TIMED),
        "flow.time.b": (TIMED,),
        **{name: shape for each in blocks for name, shape in each.items()},
        "flow.norm.g": (WIDTH,),
        "flow.norm.b": (WIDTH,),
        "flow.out.w": (DIMENSIONS, WIDTH),
        "flow.out.b": (DIMENSIONS,),
    }


def given(weights: Weights, units: Any) -> Any:
    """Describe each frame by its unit, the one before and the one after. units [batch, n + 2] -> [batch, 4 n, width]."""
    import torch
    import torch.nn.functional as F

    known = F.embedding(units, weights["flow.unit"]) * EMBEDDED**0.5
    around = torch.cat([known[:, :-2], known[:, 1:-1], known[:, 2:]], dim=-1)
    width = weights["flow.given.w"]
    per_unit = F.linear(around, width[:, : 3 * EMBEDDED], weights["flow.in.b"])
    per_place = F.linear(weights["flow.place"] * PLACED**0.5, width[:, 3 * EMBEDDED :])
    return (per_unit[:, :, None] + per_place[None, None]).flatten(1, 2)


def velocity(weights: Weights, x: Any, known: Any, time: Any, cache: Any) -> tuple[Any, Any]:
    """Say where frames are to move at a time of the flow.

    x [batch, frames, 82], known as of `given`, time [batch] in [0, 1], cache [blocks, batch, 6, width]. Returns the velocity and the cache.
    """
    import torch
    import torch.nn.functional as F

    turning = time[:, None] * torch.exp(torch.arange(TIMED // 2) * (6.0 / (TIMED // 2)))[None]
    clock = F.silu(F.linear(torch.cat([torch.sin(turning), torch.cos(turning)], dim=-1), weights["flow.time.w"], weights["flow.time.b"]))
    y, caches = F.linear(x, weights["flow.in.w"]) + known, []
    for n in range(BLOCKS):
        y, kept = block(weights, f"flow.{n}", y, cache[n], F.linear(clock, weights[f"flow.{n}.time.z"]))
        caches.append(kept)
    y = F.layer_norm(y, (WIDTH,), weights["flow.norm.g"], weights["flow.norm.b"])
    return F.linear(y, weights["flow.out.w"], weights["flow.out.b"]), torch.stack(caches)


def forward(weights: Weights, units: Any, noise: Any, cache: Any) -> tuple[Any, Any]:
    """Make frames of units: units [1, n + 2], noise [1, 4 n, 82], cache [steps, blocks, 1, 6, width]. Returns normed frames, and the cache."""
    import torch

    known, x, caches = given(weights, units), noise, []
    for n, (begin, end) in enumerate(pairwise(TIMES)):
        move, kept = velocity(weights, x, known, torch.full((1,), begin), cache[n])
        x = x + (end - begin) * move
        caches.append(kept)
    return x, torch.stack(caches)


def train(said: Sequence[Utterance], units: Units, steps: int, seed: int, show: Progress = quiet, size: int = 24) -> Weights:
    """Train on lines and their units. Returns the weights, by name."""
    weights = begin_weights(shapes(), seed)
    lines = [(np.pad(units.of(each.frames), 1, constant_values=NOTHING), (each.frames - units.mean) / units.deviation) for each in said]
    rng = np.random.default_rng([seed, 25])
    descend("flow", weights.values(), lambda step: loss(weights, batch(lines, rng, size), rng), steps, rate=2e-3, show=show)
    return weights


def made(weights: Weights, units: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make normed frames of a whole line's units: [4 units, 82]."""
    import torch

    given = torch.tensor(np.pad(units, 1, constant_values=NOTHING)[None])
    noise = torch.tensor(rng.standard_normal((1, UNIT * len(units), DIMENSIONS)), dtype=torch.float32)
    with torch.no_grad():
        frames, _ = forward(weights, given, noise, zeros(len(TIMES) - 1, BLOCKS, 1, CACHE, WIDTH))
    return frames[0].numpy()


def batch(lines: Sequence[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator, size: int, length: int = 28) -> tuple[Any, Any]:
    """Cut pieces of lines, half of them where a line begins: units [size, length + 2] and frames [size, 4 length, 82]."""
    import torch

    units, frames = [], []
    for n in rng.integers(len(lines), size=size):
        of, sound = lines[n]
        begin = int(rng.integers(0, max(1, len(of) - 2 - length))) if rng.random() < 0.5 else 0
        short = max(0, begin + length + 2 - len(of))
        units.append(np.pad(of[begin : begin + length + 2], (0, short), constant_values=NOTHING))
        frames.append(np.pad(sound[begin * UNIT : (begin + length) * UNIT], ((0, short * UNIT), (0, 0)), mode="edge"))
    return torch.tensor(np.stack(units)), torch.tensor(np.stack(frames), dtype=torch.float32)


def loss(weights: Weights, cut: tuple[Any, Any], rng: np.random.Generator) -> Any:
    """Return the mean square by which velocities are wrong, at one time of the flow for each piece. What is after a line counts not."""
    import torch

    units, frames = cut
    noise = torch.tensor(rng.standard_normal(frames.shape), dtype=torch.float32)
    time = torch.tensor(rng.random(len(frames)), dtype=torch.float32)
    x = noise + time[:, None, None] * (frames - noise)
    move, _ = velocity(weights, x, given(weights, units), time, zeros(BLOCKS, len(frames), CACHE, WIDTH))
    counts = (units[:, 1:-1] != NOTHING).repeat_interleave(UNIT, dim=1)
    return (((move - (frames - noise)) ** 2).mean(dim=-1) * counts).sum() / counts.sum()
