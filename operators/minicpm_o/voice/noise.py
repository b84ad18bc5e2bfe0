"""Chance of the voice, all from one seed: what is drawn for a frame depends on the seed and the frame's number, and on nothing else.

A voice that is rebuilt in the middle of an answer draws what it drew before. The published runtime draws a table of 30,000 frames
once a process, and anew for each sample of a wave; torch's own draws cannot be had without the place in the sequence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from operators.minicpm_o.door import Tensor, torch

FRAMES = 30_000  # of a table for the flow: 600 s
BANDS = 80
HOP, HARMONICS = 480, 9  # samples a frame; tones of the source, each with chance of its own
FLOW, WAVE = 1, 2  # which chance, as the second word of the key


@dataclass(frozen=True)
class Noise:
    """Hold what the flow begins with, normal [1, 80, frames], and the seed of what breathes in a wave.

    Without a seed it breathes as `table` [1, samples, 9] says over and over, where numbers in [0, 1) are wanted, and not at all where
    normal ones are.
    """

    flow: Tensor = field(repr=False, compare=False)
    seed: int | None
    table: Tensor | None = field(default=None, repr=False, compare=False)

    def of_frames(self, first: int, count: int) -> Tensor:
        """Return the flow's beginning for frames. Raises ValueError for frames that there are none of."""
        if first + count > self.flow.shape[2]:
            raise ValueError(f"voice: wants at most {self.flow.shape[2]} frames at once with what came before, got {first + count}; say less at once")
        return self.flow[:, :, first : first + count]

    def uniform(self, first: int, frames: int) -> Tensor:
        """Return numbers in [0, 1) for samples of frames, float32 [1, 480 frames, 9]."""
        if self.seed is None:
            at = torch().arange(first * HOP, (first + frames) * HOP)
            return torch().zeros((1, len(at), HARMONICS)) if self.table is None else self.table[:, at % self.table.shape[1]]
        blocks = HOP * HARMONICS // 4  # Philox gives 4 numbers a count
        drawn = np.random.Generator(np.random.Philox(key=[self.seed, WAVE], counter=first * blocks)).random(frames * HOP * HARMONICS)
        return torch().from_numpy(np.minimum(drawn.astype(np.float32), np.float32(1 - 2**-24))).view(1, -1, HARMONICS)

    def normal(self, first: int, frames: int) -> Tensor:
        """Return normal numbers for samples of frames, float32 [1, 480 frames, 9]."""
        if self.seed is None:
            return torch().zeros((1, frames * HOP, HARMONICS))
        return torch().special.ndtri(self.uniform(first, frames).double() * (1 - 2**-20) + 2**-21).float()


def noise(seed: int) -> Noise:
    """Draw what a voice begins with. Raises ValueError for a seed that is none.

    >>> a, b = noise(1), noise(1)
    >>> bool((a.of_frames(40, 2) == b.of_frames(40, 2)).all()), bool((a.normal(1, 1) == b.normal(0, 2)[:, 480:]).all())
    (True, True)
    """
    if not 0 <= seed < 1 << 64:
        raise ValueError(f"voice: wants a seed of 0 to 2**64 - 1, got {seed}")
    table = np.random.Generator(np.random.Philox(key=[seed, FLOW])).standard_normal((FRAMES, BANDS), np.float32)
    return Noise(torch().from_numpy(table.T.copy())[None], seed)
