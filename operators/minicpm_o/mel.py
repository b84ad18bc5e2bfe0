"""Log-mel frames of sound, whole clips and streams: 100 frames a second, 80 bands, as Whisper's extractor computes them in torch.

What the reference keeps as a hidden state of its extractor, the mode in which quiet is cut off (quirk Q7), is an argument here.
Source: spec 4.1 to 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from operators.minicpm_o.door import Tensor, blocks, torch
from operators.omni_flow.tokens.prompt import HOP, PIECE

RATE_HZ, WINDOW, BANDS = 16_000, 400, 80
FLOOR, RANGE = -10.0, 8.0  # powers of ten: what is below the floor, or so far below the loudest, is cut off
FIRST, NEXT = 16_480, 16_000  # samples that a stream takes: 1030 ms first, then a second
CORE, AROUND = 100, 2  # frames of a second, and those before and after it that the convolutions want
SHORT, LONG, DROPPED, GUARD = 5 * RATE_HZ, 30 * RATE_HZ, 10 * RATE_HZ, RATE_HZ  # samples: mode switch, slide, what goes, what stays

Mode = Literal["dynamic", "fixed"]


def log_mel(samples: np.ndarray, mode: Mode = "dynamic") -> np.ndarray:
    """Return the log-mel frames of sound, float32 [frames, 80], a frame each 10 ms, of samples from -1 to 1 at 16 kHz.

    "dynamic" cuts off what is 8 powers of ten below the loudest of all frames, "fixed" what is below 1e-10. Raises ValueError for
    what is no sound: another shape, fewer than 201 samples, NaN.
    """
    samples = _sound(samples)
    if len(samples) <= WINDOW // 2:
        raise ValueError(f"hearing: wants more than {WINDOW // 2} samples at once, got {len(samples)}; put silence after them")
    t = torch()
    with t.inference_mode():
        waves = t.stft(t.from_numpy(samples), WINDOW, HOP, window=_hann(), return_complex=True)
        bands = _filters() @ (waves[:, :-1].abs() ** 2).contiguous()
        powers = t.clamp(bands, min=1e-10).log10()
        lowest = powers.max() - RANGE if mode == "dynamic" else t.tensor(FLOOR)
        return ((t.maximum(powers, lowest) + 4.0) / 4.0).T.contiguous().numpy()


def clip_mels(samples: np.ndarray, mode: Mode = "dynamic") -> Iterator[np.ndarray]:
    """Return the frames of a whole clip in pieces of 30 s. Each is filled up with silence first, which counts for the loudest."""
    samples = _sound(samples)
    if not len(samples):
        raise ValueError("hearing: wants a clip of 1 sample or more, got none")
    for start in range(0, len(samples), PIECE):
        piece = samples[start : start + PIECE]
        filled = np.concatenate([piece, np.zeros(PIECE - len(piece), np.float32)])
        yield log_mel(filled, mode)[: -(-len(piece) // HOP)]


@dataclass(frozen=True)
class Stream:
    """Hold what a stream of frames has to remember: samples, the number of the first frame in them, seconds that were given out."""

    samples: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    base: int = 0
    given: int = 0

    @property
    def mode(self) -> Mode:
        """Return how quiet is cut off: a short while of sound says little about how loud it will be."""
        return "fixed" if len(self.samples) < SHORT else "dynamic"


def heard(stream: Stream, samples: np.ndarray) -> tuple[Stream, np.ndarray | None]:
    """Take in samples. Returns the frames of the next second with 2 before and 2 after it, as soon as they can no longer change, or None.

    All frames are computed anew from the last 20 to 30 s, so a second costs the same at any time of a session.
    """
    stream = _slid(replace(stream, samples=np.concatenate([stream.samples, _sound(samples)])))
    start, end = CORE * stream.given, CORE * (stream.given + 1) + AROUND
    count = len(stream.samples)
    stable = stream.base + min((count - WINDOW // 2) // HOP + 1, count // HOP)
    if stable < end:
        return stream, None
    frames = log_mel(stream.samples, stream.mode)
    window = frames[max(0, start - AROUND) - stream.base : end - stream.base]
    return replace(stream, given=stream.given + 1), window


def _slid(stream: Stream) -> Stream:
    """Let the oldest 10 s go when there are 30, in whole frames."""
    length = len(stream.samples)
    if length < LONG:
        return stream
    dropped = min(DROPPED, length - min(GUARD, length - DROPPED)) // HOP * HOP
    return replace(stream, samples=stream.samples[dropped:].copy(), base=stream.base + dropped // HOP)


def _sound(samples: np.ndarray) -> np.ndarray:
    """Check that it is sound, and return it as float32."""
    if samples.ndim != 1 or samples.dtype.kind != "f" or not np.isfinite(samples).all():
        finite = samples.dtype.kind != "f" or bool(np.isfinite(samples).all())
        raise ValueError(f"hearing: wants finite samples as floats from -1 to 1, [n], got {samples.dtype} {list(samples.shape)}, finite: {finite}")
    return np.require(samples, np.float32, ["C", "W"])


@lru_cache(maxsize=1)
def _hann() -> Tensor:
    return torch().hann_window(WINDOW)


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """Return what each band takes of each frequency [80, 201]: Slaney's scale and norm, 0 to 8 kHz."""
    made = blocks("audio_utils").mel_filter_bank(
        num_frequency_bins=1 + WINDOW // 2,
        num_mel_filters=BANDS,
        min_frequency=0.0,
        max_frequency=RATE_HZ / 2,
        sampling_rate=RATE_HZ,
        norm="slaney",
        mel_scale="slaney",
    )
    return torch().from_numpy(made).float().T.contiguous()
