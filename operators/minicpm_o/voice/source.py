"""What a vocoder shapes into a voice: a pitch for each frame, and tones at nine times that pitch, with some breath.

A pitch of 10 Hz or less is no voice, and all breath. Source: spec 6.7; neural source filter, arXiv 1904.12088.
"""

from __future__ import annotations

import math

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.noise import HARMONICS, HOP
from operators.minicpm_o.voice.part import Part

RATE_HZ = 24_000
LOUD, BREATH, VOICED_HZ = 0.1, 0.003, 10.0


def tones(pitch: Tensor) -> Tensor:
    """Return how far each tone turns in a sample, of a full turn: [1, frames] to [1, frames, 9]."""
    times = torch().arange(1, HARMONICS + 1, device=pitch.device, dtype=pitch.dtype)
    return (pitch[:, :, None] * times / RATE_HZ) % 1


def restarted(turns: Tensor) -> Tensor:
    """Return the tones' sines from the beginning of a turn on: [1, frames, 9] to [1, 480 frames, 9], glides from frame to frame.

    Summed up in float32, as the published runtime does, which loses some of the phase of a long utterance.
    """
    phases = turns.cumsum(1) * 2 * math.pi
    glide = functional().interpolate(phases.transpose(1, 2) * HOP, scale_factor=float(HOP), mode="linear")
    return glide.transpose(1, 2).sin()


def continued(turns: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
    """Return the tones' sines behind a phase, a step each frame, and the phase at the end, [1, 1, 9], of a full turn in float64."""
    summed = turns.double().cumsum(1) * HOP + phase
    sines = ((summed % 1) * (2 * math.pi)).sin().to(turns)
    return sines.repeat_interleave(HOP, 1), summed[:, -1:] % 1


def excitation(weights: Part, pitch: Tensor, sines: Tensor, breath: Tensor) -> Tensor:
    """Mix tones and breath, [1, 480 frames, 9] each, into what is shaped: [1, 1, 480 frames]."""
    voiced = (pitch[:, :, None] > VOICED_HZ).to(sines).repeat_interleave(HOP, 1)
    mixed = sines * LOUD * voiced + (voiced * BREATH + (1 - voiced) * LOUD / 3) * breath
    return weights.linear("m_source.l_linear", mixed).tanh().transpose(1, 2)
