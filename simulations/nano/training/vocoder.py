"""Train the vocoder: from frames to a filter for the voice's pulses and a colour for noise, together the sound.

The voice's own pulses go through a complex filter, one value for each of 481 bins of a frame; what no filter can foresee is
noise with the loudness that was left. Both are predicted by causal ConvNeXt blocks, and end in one inverse Fourier transform.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from operators.nano.speech.acoustics import BINS, DIMENSIONS, curve, pulses, spectra
from operators.nano.speech.filtering import AHEAD, PULSE
from simulations.nano.assistant_voice import FRAME
from simulations.nano.training.causal import CACHE, KERNEL, Weights, begin_weights, block, block_shapes, zeros
from simulations.nano.training.corpus import Utterance
from simulations.nano.training.descent import Progress, descend, quiet

WIDTH, INNER, BLOCKS = 192, 448, 5
OUTPUTS = 4 * BINS  # of the filter: log size, and a direction in the plane; log size of the noise


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights by name."""
    blocks = [block_shapes(f"vocoder.{n}", WIDTH, INNER) for n in range(BLOCKS)]
    return {
        "vocoder.in.w": (WIDTH, DIMENSIONS, KERNEL),
        "vocoder.in.b": (WIDTH,),
        **{name: shape for each in blocks for name, shape in each.items()},
        "vocoder.norm.g": (WIDTH,),
        "vocoder.norm.b": (WIDTH,),
        "vocoder.out.w": (OUTPUTS, WIDTH),
        "vocoder.out.b": (OUTPUTS,),
    }


def forward(weights: Weights, frames: Any, first: Any, cache: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Predict the filter and the noise of frames, each three frames after it came in.

    frames [batch, time, 82], normed; first [batch, 6, 82], the frames before them; cache [blocks, batch, 6, width]. Returns the
    filter's log size, cosine and sine, and the noise's log size, each [batch, time, 481], and first and cache for what follows.
    """
    import torch
    import torch.nn.functional as F

    taken = torch.cat([first, frames], dim=1)
    x = F.conv1d(taken.transpose(1, 2), weights["vocoder.in.w"], weights["vocoder.in.b"]).transpose(1, 2)
    caches = []
    for n in range(BLOCKS):
        x, kept = block(weights, f"vocoder.{n}", x, cache[n])
        caches.append(kept)
    x = F.layer_norm(x, (WIDTH,), weights["vocoder.norm.g"], weights["vocoder.norm.b"])
    size, real, imaginary, noise = F.linear(x, weights["vocoder.out.w"], weights["vocoder.out.b"]).chunk(4, dim=-1)
    length = torch.sqrt(real * real + imaginary * imaginary + 1e-4)
    size, noise = (torch.clamp(each, -14.0, 6.0) for each in (size - 3, noise - 3))
    return size, real / length, imaginary / length, noise, taken[:, -CACHE:], torch.stack(caches)


class Example:
    """Hold a line's frames with the spectra of its voice's pulses and of its sound, as float16 pairs to keep them small."""

    def __init__(self, said: Utterance, frames: np.ndarray) -> None:
        length = len(said.samples)
        voice = curve(said.pitch.astype(np.float64), FRAME)
        voice = np.pad(voice, (0, max(0, length - len(voice))), mode="edge")[:length]
        self.frames = frames.astype(np.float32)
        self.pulses = spectra(pulses(voice, float(said.phase[0]))[0])
        self.sound = spectra(said.samples / np.float32(32768))


def train(said: Sequence[Utterance], norm: tuple[np.ndarray, np.ndarray], steps: int, seed: int, show: Progress = quiet) -> Weights:
    """Train on lines. `norm` is the mean and deviation of a frame's dimensions. Returns the weights, by name."""
    weights = begin_weights(shapes(), seed)
    examples = [Example(each, (each.frames - norm[0]) / norm[1]) for each in said]
    return _descended(weights, examples, "vocoder", steps, np.random.default_rng([seed, 23]), 2e-3, show)


def tune(weights: Weights, said: Sequence[tuple[Utterance, np.ndarray]], steps: int, seed: int, show: Progress = quiet) -> Weights:
    """Go on with lines and frames that the flow made of their units: these are smoother than true ones, and the sound is to be as true."""
    weights = {name: value.detach().clone().requires_grad_() for name, value in weights.items()}
    return _descended(weights, [Example(*each) for each in said], "tuning", steps, np.random.default_rng([seed, 28]), 1e-3, show)


def _descended(
    weights: Weights, examples: Sequence[Example], stage: str, steps: int, rng: np.random.Generator, rate: float, show: Progress
) -> Weights:
    descend(stage, weights.values(), lambda step: loss(weights, batch(examples, rng)), steps, rate=rate, show=show)
    return weights


def batch(examples: Sequence[Example], rng: np.random.Generator, size: int = 12, time: int = 48) -> tuple[Any, Any, Any]:
    """Cut pieces of lines: frames [size, time + 9, 82] with 6 frames before and 3 after them, and the spectra of pulses and sound."""
    import torch

    frames, voices, sounds = [], [], []
    for n in rng.integers(len(examples), size=size):
        of = examples[n]
        begin = int(rng.integers(0, max(1, len(of.frames) - time)))
        places = np.arange(begin - CACHE + AHEAD, begin + time + AHEAD)
        around = np.clip(places, 0, len(of.frames) - 1)
        frames.append(of.frames[around])
        inside = np.clip(np.arange(begin, begin + time), 0, len(of.frames) - 1)
        voices.append(of.pulses[inside])
        sounds.append(of.sound[inside])
    dirty = np.stack(frames) + rng.normal(0, 0.05, (size, time + CACHE, DIMENSIONS))  # as from flow matching
    return torch.tensor(dirty, dtype=torch.float32), torch.tensor(np.stack(voices)), torch.tensor(np.stack(sounds))


def loss(weights: Weights, given: tuple[Any, Any, Any]) -> Any:
    """Return how far the filtered pulses are from the sound, in compressed spectra, and how badly the noise tells what is left."""
    import torch

    frames, voice, sound = given
    size = len(frames)
    log, cosine, sine, noise, _, _ = forward(weights, frames[:, CACHE:], frames[:, :CACHE], zeros(BLOCKS, size, CACHE, WIDTH))
    made = torch.complex(cosine, sine) * torch.exp(log) * voice * PULSE
    left = (sound - made.detach()).abs()
    plane = (_compress(made) - _compress(sound)).abs().mean()
    foreseen = (2 * noise + torch.exp(2 * torch.log(left + 1e-4) - 2 * noise)).mean()
    power = torch.sqrt(made.abs() ** 2 + torch.exp(2 * noise) + 1e-8)
    loudness = (power**0.3 - (sound.abs() + 1e-4) ** 0.3).abs().mean()
    return 3 * plane + 0.1 * foreseen + 3 * loudness


def _compress(spectrum: Any) -> Any:
    """Raise the sizes of a complex spectrum to the power of 0.3, as the ear does roughly, and keep the phases."""
    return spectrum * (spectrum.abs() ** 2 + 1e-8) ** -0.35
