"""Run one stage of training: so many steps down a loss, kept every hundred steps, so that what is cut goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from simulations.nano.training.descent import Progress, down, quiet, share

KEPT = 100  # steps between two checkpoints
STAGES = ("ears", "eyes", "mind", "compared", "grounded", "joint")

LossOf = Callable[[np.random.Generator], Any]  # draws a batch, and returns its loss


def run(
    stage: str,
    root: Any,
    parts: Iterable[str],
    loss_of: LossOf,
    steps: int,
    *,
    rate: float,
    seed: int,
    folder: Path,
    warm: int = 50,
    decay: float = 0.03,
    show: Progress = quiet,
) -> list[float]:
    """Train some parts of a model, named by the beginnings of their weights' names. Returns the losses; the model is then trained.

    Step n draws from (seed, stage, n) alone: a run that was cut, and goes on from its last checkpoint, comes to the same weights.
    """
    import torch

    beginnings = tuple(parts)
    weights = [weight for name, weight in root.named_parameters() if name.startswith(beginnings)]
    for name, weight in root.named_parameters():
        weight.requires_grad_(name.startswith(beginnings))
    optimizer = torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.98), weight_decay=decay)
    path = folder / f"{stage}.pt"
    losses = _resumed(path, root, optimizer, beginnings)
    root.train()
    for step in range(len(losses), steps):
        loss = loss_of(np.random.default_rng([seed, STAGES.index(stage), step]))
        losses.append(down(optimizer, loss, rate * share(step, steps, warm)))
        show(stage, step + 1, steps, losses[-1])
        if (step + 1) % KEPT == 0 or step + 1 == steps:
            _keep(path, {name: value for name, value in root.state_dict().items() if name.startswith(beginnings)}, optimizer, losses)
    root.eval()
    return losses


def _keep(path: Path, weights: dict[str, Any], optimizer: Any, losses: list[float]) -> None:
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    torch.save({"weights": weights, "optimizer": optimizer.state_dict(), "losses": losses}, half)
    half.rename(path)


def _resumed(path: Path, root: Any, optimizer: Any, beginnings: tuple[str, ...]) -> list[float]:
    """Go on from a checkpoint, if there is one. Returns the losses by then."""
    import torch

    if not path.is_file():
        return []
    kept = torch.load(path, weights_only=True)
    root.load_state_dict({name: value for name, value in kept["weights"].items() if name.startswith(beginnings)}, strict=False)
    optimizer.load_state_dict(kept["optimizer"])
    return list(kept["losses"])
