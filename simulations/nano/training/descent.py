"""Descend a loss: AdamW with a warm-up and a cosine, by steps and never by seconds, so that the same seed gives the same weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

Progress = Callable[[str, int, int, float], None]  # stage, step, steps, loss


def quiet(stage: str, step: int, steps: int, loss: float) -> None:
    """Show nothing."""


def descend(
    stage: str,
    weights: Iterable[Any],
    loss_of: Callable[[int], Any],
    steps: int,
    *,
    rate: float,
    warm: int = 50,
    decay: float = 0.02,
    betas: tuple[float, float] = (0.9, 0.98),
    show: Progress = quiet,
) -> list[float]:
    """Take so many steps, each on the loss that `loss_of(step)` returns. Returns the losses."""
    import torch

    weights = list(weights)
    optimizer = torch.optim.AdamW(weights, lr=rate, betas=betas, weight_decay=decay)
    losses = []
    for step in range(steps):
        losses.append(down(optimizer, loss_of(step), rate * share(step, steps, warm)))
        show(stage, step + 1, steps, losses[-1])
    return losses


def share(step: int, steps: int, warm: int) -> float:
    """Say which share of the rate a step has: it rises while it warms up, then falls with a cosine to a fiftieth.

    >>> share(0, 100, 50), share(50, 100, 50)
    (0.02, 0.51)
    """
    return min(1, (step + 1) / warm) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))


def down(optimizer: Any, loss: Any, rate: float) -> float:
    """Take one step down a loss, at a rate, gradients clipped to 1. Returns the loss."""
    import torch

    weights = []
    for group in optimizer.param_groups:
        group["lr"] = rate
        weights += group["params"]
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    return float(loss.detach())
