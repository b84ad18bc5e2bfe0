"""The older vocoder, HiFT, which looks both ways: each chunk is made anew from 8 frames before it, and faded into the last.

Source: spec 6.7, [T2W-A].
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.noise import HOP, Noise
from operators.minicpm_o.voice.part import Part
from operators.minicpm_o.voice.shaping import RATES, pitch, shaped, spectrum
from operators.minicpm_o.voice.source import excitation, restarted, tones

OVERLAP = 8  # frames that are made twice: 160 ms


@dataclass(frozen=True)
class Tail:
    """Hold the last 8 frames of a mel [1, 80, 8], and what was made of them: source [1, 1, 3840], samples [1, 3840]. At first nothing.

    `frames`: how many came before.
    """

    mel: Tensor = field(repr=False)
    source: Tensor = field(repr=False)
    samples: Tensor = field(repr=False)
    frames: int = 0


def begin(weights: Part) -> Tail:
    """Begin a wave."""
    like = weights["conv_pre.weight"]
    return Tail(like.new_zeros(1, like.shape[1], 0), like.new_zeros(1, 1, 0), like.new_zeros(1, 0))


def go_on(weights: Part, noise: Noise, tail: Tail, mel: Tensor, *, last: bool) -> tuple[Tail, Tensor]:
    """Make samples [1, n] of more frames [1, 80, n]. Unless they are the last, 3840 samples are held back."""
    known, frames = tail.mel.shape[2], tail.frames + mel.shape[2]
    mel, held = torch().cat((tail.mel, mel), 2), OVERLAP * HOP
    samples, source = vocode(weights, noise, mel, tail.source, tail.frames - known)
    if tail.samples.shape[1]:
        samples = _faded(samples, tail.samples)
    after = Tail(mel[:, :, -OVERLAP:], source[:, :, -held:], samples[:, -held:], frames)
    return after, samples if last else samples[:, :-held]


def vocode(weights: Part, noise: Noise, mel: Tensor, known: Tensor | None = None, first: int = 0) -> tuple[Tensor, Tensor]:
    """Make samples [1, 480 n] of frames [1, 80, n], whose number is `first`, and the source [1, 1, 480 n] that they were shaped of.

    `known` is the source of the first samples, where that is not to change.
    """
    return sounded(weights, noise, mel, pitch_of(weights, mel), known, first)


def pitch_of(weights: Part, mel: Tensor) -> Tensor:
    """Return the pitch of each frame in Hz: [1, 80, n] to [1, n]."""
    return pitch(weights, mel, _conv)


def sounded(weights: Part, noise: Noise, mel: Tensor, hz: Tensor, known: Tensor | None = None, first: int = 0) -> tuple[Tensor, Tensor]:
    """Make samples as `vocode` at pitches [1, n] in Hz."""
    source = excitation(weights, hz, restarted(tones(hz)), noise.normal(first, mel.shape[2]).to(mel))
    if known is not None and known.shape[2]:
        source = torch().cat((known, source[:, :, known.shape[2] :]), 2)
    return shaped(weights, _conv(weights, "conv_pre", mel), spectrum(source), _up, _down, _conv), source


def _conv(weights: Part, name: str, waves: Tensor, dilation: int = 1) -> Tensor:
    kernel = weights[f"{name}.weight"].shape[2]
    return weights.conv(name, waves, padding=(kernel - 1) * dilation // 2, dilation=dilation)


def _up(weights: Part, n: int, waves: Tensor) -> Tensor:
    kernel, rate = weights[f"ups.{n}.weight"].shape[2], RATES[n]
    padding = (kernel - rate) // 2
    return functional().conv_transpose1d(waves, weights[f"ups.{n}.weight"], weights.bias(f"ups.{n}"), stride=rate, padding=padding)


def _down(weights: Part, n: int, source: Tensor) -> Tensor:
    rate = int(np.prod(RATES[n + 1 :]))
    return weights.conv(f"source_downs.{n}", source, stride=rate, padding=rate // 2 if rate > 1 else 0)


def _faded(samples: Tensor, before: Tensor) -> Tensor:
    """Fade from the samples before into the first of these, which are the same ones made anew, over a Hamming window."""
    count = before.shape[1]
    window = torch().from_numpy(np.hamming(2 * count)).to(samples.device)
    start = (samples[:, :count] * window[:count] + before * window[count:]).to(samples.dtype)
    return torch().cat((start, samples[:, count:]), 1)
