"""Train ears and eyes by what is known of what they are given: words, phrases; lamps, blocks, kettles."""

from __future__ import annotations

from typing import Any

import numpy as np

from operators.nano.config import Config
from operators.nano.modules import hear, look, patches, quiet
from simulations.nano.scenes import CELL, COLUMNS, FIRST_ROW, SIZE, Scene, draw, lay_out
from simulations.nano.training import sounds

ENDS = 3.0  # how much more a token counts at which a phrase has just ended
PIECES, PICTURES = 20, 96  # of a batch


def ears_loss(root: Any, config: Config, rng: np.random.Generator, split: str = "train") -> Any:
    """Return the loss of a batch of sound: which word sounds, which phrase has just ended."""
    import torch

    of = sounds.batch(rng, PIECES, split)
    words, phrases = (torch.from_numpy(labels) for labels in (of.words, of.phrases))
    heard, ended, _ = hear(root.apm, config, torch.from_numpy(of.mel), quiet(config, len(of.mel)))
    weight = torch.ones(len(config.phrases)).index_fill(0, torch.arange(1, len(config.phrases)), ENDS)
    loss = torch.nn.functional.cross_entropy(heard.flatten(0, 1), words.flatten(), label_smoothing=0.02)
    loss = loss + torch.nn.functional.cross_entropy(ended.flatten(0, 1), phrases.flatten(), weight)
    return loss


def drawn(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw pictures uint8 [n, 64, 64, 3], what each shows [n, 3], and in which patches there is a block, float32 [n, 64]."""
    scenes = [Scene(int(rng.integers(5)), int(rng.integers(6)), int(rng.integers(2))) for _ in range(count)]
    layouts, there = [lay_out(rng) for _ in scenes], np.zeros((count, (SIZE // CELL) ** 2), np.float32)
    for n, (scene, layout) in enumerate(zip(scenes, layouts)):
        there[n, FIRST_ROW * COLUMNS + layout.cells[: scene.blocks]] = 1
    return np.stack([draw(scene, rng, layout) for scene, layout in zip(scenes, layouts)]), np.array(scenes, np.int64), there


def pixels(pictures: np.ndarray) -> Any:
    """Return pictures uint8 [n, 64, 64, 3] as eyes take them: float [n, 3, 64, 64] from -1 to 1."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def eyes_loss(root: Any, config: Config, rng: np.random.Generator, split: str = "train") -> Any:
    """Return the loss of a batch of pictures: what they show, and where blocks are, as the first of what is counted says."""
    import torch

    pictures, scenes, there = drawn(rng, PICTURES)
    rows = patches(root.vpm, pixels(pictures))
    loss = sum(torch.nn.functional.cross_entropy(each, torch.from_numpy(scenes[:, n])) for n, each in enumerate(look(root, rows)))
    found = root.resampler.each(rows)[..., 0]
    return loss + 10 * torch.nn.functional.binary_cross_entropy_with_logits(found, torch.from_numpy(there))
