"""Train the whole model, stage after stage: ears, eyes, a mind that an oracle tells what is there, then all of it together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

from operators.nano.config import Config
from operators.nano.modules import skeleton
from simulations.nano.training import mind, senses
from simulations.nano.training.descent import Progress, quiet
from simulations.nano.training.sequences import config_of
from simulations.nano.training.stage import run

WORDS = ("llm.", "audio_projection_layer.", "resampler.proj.")  # what the language model is, and what it is given
ALL = ("llm.", "apm.", "audio_projection_layer.", "vpm.", "resampler.")


@dataclass(frozen=True)
class Plan:
    """Say how many steps each stage has, and how fast it learns at most."""

    ears: tuple[int, float] = (900, 2e-3)
    eyes: tuple[int, float] = (800, 2e-3)
    mind: tuple[int, float] = (450, 2e-3)
    compared: tuple[int, float] = (600, 2e-3)  # whether two things are alike is learned last, and all at once
    grounded: tuple[int, float] = (80, 5e-4)
    joint: tuple[int, float] = (80, 2e-4)


PLAN = Plan()


def begun(seed: int, config: Config) -> Any:
    """Make a model that knows nothing, from a seed."""
    import torch

    torch.manual_seed(seed)
    root = skeleton(config)
    mind.begin(root, config, seed)
    return root


def train(
    folder: Path, seed: int, *, plan: Plan = PLAN, config: Config | None = None, split: str = "train", show: Progress = quiet
) -> tuple[Any, Config]:
    """Train a model from a seed, or go on where an earlier run stopped. Returns it, and what it is made of. On one thread."""
    import torch

    torch.set_num_threads(1)
    config = config or config_of()
    root = begun(seed, config)
    stages: tuple[tuple[str, tuple[str, ...], Callable[..., Any]], ...] = (
        ("ears", ("apm.",), senses.ears_loss),
        ("eyes", ("vpm.", "resampler."), senses.eyes_loss),
        ("mind", WORDS, mind.oracle_loss),
        ("compared", WORDS, mind.compared_loss),
        ("grounded", WORDS, mind.real_loss),
        ("joint", ALL, mind.real_loss),
    )
    for stage, parts, loss_of in stages:
        steps, rate = getattr(plan, stage)
        run(stage, root, parts, partial(loss_of, root, config, split=split), steps, rate=rate, seed=seed, folder=folder, show=show)
    return root, config


def folder_of(built: Path, seed: int, plan: Plan = PLAN) -> Path:
    """Name a folder for what is trained, by all that makes it: the code of the world and of the training, the plan, the seed."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("*.py")), *sorted(here.parent.glob("*.py")), *sorted((here.parents[2] / "operators" / "nano").glob("*.py"))]
    made = "\0".join([*(file.read_text() for file in files), json.dumps(asdict(plan)), str(seed)])
    return built / f"model-{blake2b(made.encode(), digest_size=6).hexdigest()}"
