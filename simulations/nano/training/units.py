"""Learn 512 units of speech, 40 ms each: the middles of clusters of four frames, by k-means on their main components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from operators.nano.speech.acoustics import DIMENSIONS, MELS, UNIT
from operators.nano.speech.saying import UNITS
from simulations.nano.training.corpus import Utterance

COMPONENTS = 48
PITCH_WEIGHT = 2.5  # two dimensions of 82 say how a word is intoned: without a weight the 80 others decide alone


class Units(NamedTuple):
    """Hold what turns frames into units, and what frames are normed by."""

    mean: np.ndarray  # float32 [82]
    deviation: np.ndarray  # float32 [82]
    main: np.ndarray  # float32 [328, 48]
    middles: np.ndarray  # float32 [512, 48]

    @property
    def norm(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the deviation of a frame's dimensions."""
        return self.mean, self.deviation

    def of(self, frames: np.ndarray) -> np.ndarray:
        """Return the units of frames: int64 [frames / 4]."""
        return nearest(_fours(frames, *self.norm) @ self.main, self.middles)


def learn(said: Sequence[Utterance], seed: int, *, units: int = UNITS, rounds: int = 25) -> Units:
    """Find the units of lines."""
    frames = np.concatenate([each.frames for each in said]).astype(np.float32)
    mean, deviation = frames.mean(axis=0), frames.std(axis=0) + 1e-3
    fours = _fours(frames, mean, deviation)
    _, main = np.linalg.eigh(fours.T @ fours / len(fours))
    main = np.ascontiguousarray(main[:, ::-1][:, :COMPONENTS].astype(np.float32))
    points = fours @ main
    rng = np.random.default_rng([seed, 24])
    middles = points[rng.choice(len(points), units, replace=len(points) < units)]
    for _ in range(rounds):
        middles = _moved(points, middles, rng)
    return Units(mean, deviation, main, middles)


def nearest(points: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Return for each point which middle is nearest. [points, d], [middles, d] -> int64 [points]."""
    half = (middles**2).sum(axis=1) / 2
    return np.concatenate([np.argmax(part @ middles.T - half, axis=1) for part in np.array_split(points, max(1, len(points) // 8192))])


def _moved(points: np.ndarray, middles: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move each middle to the mean of its points; one without any begins again at a point."""
    belongs = nearest(points, middles)
    counts = np.bincount(belongs, minlength=len(middles))
    order = np.argsort(belongs, kind="stable")
    sums = np.add.reduceat(points[order], np.minimum(np.cumsum(counts) - counts, len(points) - 1))
    fresh = points[rng.choice(len(points), len(middles))]
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], fresh).astype(np.float32)


def _fours(frames: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    weight = np.where(np.arange(DIMENSIONS) < MELS, 1, PITCH_WEIGHT).astype(np.float32)
    return ((frames.astype(np.float32) - mean) / deviation * weight).reshape(-1, UNIT * DIMENSIONS)
