"""The newer vocoder, which looks back and 8 frames ahead: what it has made does not change, and its tones go on where they were.

Frames that cannot matter any more are let go. Source: spec 6.7, [T2W-B].
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.noise import HARMONICS, HOP, Noise
from operators.minicpm_o.voice.part import Part
from operators.minicpm_o.voice.shaping import RATES, pitch, shaped, spectrum
from operators.minicpm_o.voice.source import continued, excitation, tones

PITCH_BEFORE, PITCH_AHEAD = 8, 3  # frames that a pitch depends on
SHAPE_BEFORE, SHAPE_AHEAD = 31, 5  # frames that a sample depends on, once pitches are known: four of conv_pre's, and one that istft spoils
DELAY = PITCH_AHEAD + SHAPE_AHEAD


@dataclass(frozen=True)
class Tail:
    """Hold what is needed for what comes. `mel` [1, 80, n] from frame `first` on; `source` [1, 1, 480 m] from frame `shaped_from` on.

    `sourced` frames have a source, `shaped` are samples already; `phase` [1, 1, 9] is where the tones are, of a full turn.
    """

    mel: Tensor = field(repr=False)
    source: Tensor = field(repr=False)
    phase: Tensor = field(repr=False)
    first: int = 0
    shaped_from: int = 0
    sourced: int = 0
    shaped: int = 0


def begin(weights: Part) -> Tail:
    """Begin a wave."""
    like, t = weights["conv_pre.weight"], torch()
    return Tail(like.new_zeros(1, like.shape[1], 0), like.new_zeros(1, 1, 0), like.new_zeros(1, 1, HARMONICS, dtype=t.float64))


def go_on(weights: Part, noise: Noise, tail: Tail, mel: Tensor, *, last: bool) -> tuple[Tail, Tensor]:
    """Make samples [1, n] of more frames [1, 80, n]: of all but the last 8, until they are the last. Silence comes first, as long as those.

    An answer of one chunk has no silence before it.
    """
    silent = tail.shaped == 0 and not last
    tail = _sourced(weights, noise, replace(tail, mel=torch().cat((tail.mel, mel), 2)), last)
    tail, samples = _shaped(weights, tail, last)
    if silent and samples.shape[1]:
        samples = functional().pad(samples, (DELAY * HOP, 0))
    return _let_go(tail), samples


def _sourced(weights: Part, noise: Noise, tail: Tail, last: bool) -> Tail:
    """Make the source of each frame whose pitch can be told. Weights of the pitch are float64."""
    end = tail.first + tail.mel.shape[2] - (0 if last else PITCH_AHEAD)
    if end <= tail.sourced:
        return tail
    start = max(0, tail.sourced - PITCH_BEFORE)

    def conv(part: Part, name: str, waves: Tensor) -> Tensor:
        return _ahead(part, name, waves, last) if name == "condnet.0" else _conv(part, name, waves)

    hz = pitch(weights, tail.mel[:, :, start - tail.first :].double(), conv).to(tail.mel)[:, tail.sourced - start :]
    sines, phase = continued(tones(hz), tail.phase)
    new = excitation(weights, hz, sines, noise.uniform(tail.sourced, hz.shape[1]).to(hz))
    return replace(tail, source=torch().cat((tail.source, new), 2), phase=phase, sourced=end)


def _shaped(weights: Part, tail: Tail, last: bool) -> tuple[Tail, Tensor]:
    """Shape the samples of each frame that nothing can change any more."""
    end = max(tail.shaped, tail.sourced - (0 if last else SHAPE_AHEAD))
    if end == tail.shaped:
        return tail, tail.mel.new_zeros(1, 0)
    start = max(0, tail.shaped - SHAPE_BEFORE)
    mel, source = tail.mel[:, :, start - tail.first : tail.sourced - tail.first], tail.source[:, :, (start - tail.shaped_from) * HOP :]
    rows, columns = _ahead(weights, "conv_pre", mel, last), spectrum(source)
    if not last:
        columns = columns[:, :, : -prod(RATES) * (SHAPE_AHEAD - 1)]
    samples = shaped(weights, rows, columns, _up, _down, _conv)
    return replace(tail, shaped=end), samples[:, (tail.shaped - start) * HOP : (end - start) * HOP]


def _let_go(tail: Tail) -> Tail:
    """Let go of what cannot matter any more."""
    first, shaped_from = max(0, min(tail.shaped - SHAPE_BEFORE, tail.sourced - PITCH_BEFORE)), max(0, tail.shaped - SHAPE_BEFORE)
    mel, source = tail.mel[:, :, first - tail.first :], tail.source[:, :, (shaped_from - tail.shaped_from) * HOP :]
    return replace(tail, mel=mel.clone(), source=source.clone(), first=first, shaped_from=shaped_from)


def _conv(weights: Part, name: str, waves: Tensor, dilation: int = 1) -> Tensor:
    """Convolve, looking back."""
    kernel = weights[f"{name}.weight"].shape[2]
    return weights.conv(name, functional().pad(waves, ((kernel - 1) * dilation, 0)), dilation=dilation)


def _ahead(weights: Part, name: str, waves: Tensor, last: bool) -> Tensor:
    """Convolve, looking ahead; unless they are the last, as many frames as that are used up."""
    kernel = weights[f"{name}.weight"].shape[2]
    return weights.conv(name, functional().pad(waves, (0, kernel - 1)) if last else waves)


def _up(weights: Part, n: int, waves: Tensor) -> Tensor:
    return _conv(weights, f"ups.{n}", waves.repeat_interleave(RATES[n], 2))


def _down(weights: Part, n: int, source: Tensor) -> Tensor:
    rate = prod(RATES[n + 1 :])
    return weights.conv(f"source_downs.{n}", functional().pad(source, (rate - 1, 0)), stride=rate)
