"""Make a wave of frames: the voice's pulses through a filter, and noise, frame by frame, overlapping and added."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from operators.nano.speech.acoustics import BINS, HOP, REACH, WINDOW, hann, pulses

AHEAD = 3  # frames by which the pitch is known before a filter is
PULSE = 0.1  # how loud a pulse is to the filter
SOUNDING = 1.5  # the sum of a Hann window's squares, a quarter of its length apart
TABLE = 1024  # frames after which noise comes again: 10 s


@dataclass(frozen=True, eq=False)
class Filtering:
    """Remember where the voice's pulses are, those that a frame can still see, and what of frames reaches beyond them."""

    frames: int = 0  # that were made
    pitch: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))  # the last one that came in, with its voice
    phase: float = 0.0
    pulses: np.ndarray = field(default_factory=lambda: np.zeros(REACH, np.float32))
    tail: np.ndarray = field(default_factory=lambda: np.zeros(WINDOW - HOP, np.float32))


def excite(state: Filtering, pitch: np.ndarray, last: bool) -> Filtering:
    """Go on with the voice's pulses: up to the middle of the last of these frames, or, at the end of a line, to its end.

    pitch [frames, 2]: log of the pitch over 200 Hz, and how sure there is a voice.
    """
    known = np.concatenate([state.pitch, pitch])
    if len(known) == 0:
        return state
    begin = 0 if len(state.pitch) else -HOP // 2  # in samples after the middle of the first that is known
    end = (len(known) - 1) * HOP + (HOP // 2 if last else 0)
    places = (np.arange(begin, end) + 0.5) / HOP
    log, voice = (np.interp(places, np.arange(len(known)), column) for column in known.T)
    more, phase = pulses(np.where(voice > 0.5, 200 * np.exp(np.clip(log, -1.2, 1.2)), 0), state.phase)
    after = np.zeros(REACH if last else 0, np.float32)
    return Filtering(state.frames, known[-1:], phase, np.concatenate([state.pulses, more, after]), state.tail)


def sound(state: Filtering, size: np.ndarray, cosine: np.ndarray, sine: np.ndarray, noise: np.ndarray, last: bool) -> tuple[Filtering, np.ndarray]:
    """Make the samples of frames, of which the last 360 wait for what comes: at the end of a line, they come too.

    Each [frames, 481]: the log size and direction of the filter, and the log size of noise. Returns float32 at 24 kHz.
    """
    count = len(size)
    cut = np.lib.stride_tricks.sliding_window_view(state.pulses, WINDOW)[::HOP][:count]
    spectrum = np.fft.rfft(cut * hann(), axis=1) * (cosine + 1j * sine) * (np.exp(size) * PULSE)
    spectrum += np.exp(noise) * hiss(state.frames, count)
    waves = np.fft.irfft(spectrum, WINDOW, axis=1) * (hann() / SOUNDING)
    out = np.concatenate([state.tail, np.zeros(count * HOP, np.float32)])
    for n, wave in enumerate(waves):
        out[n * HOP : n * HOP + WINDOW] += wave
    made, tail = out[: count * HOP], out[count * HOP :]
    made = made[max(0, REACH - state.frames * HOP) :]  # what is before the line
    made = np.concatenate([made, tail[:REACH]]) if last else made
    return Filtering(state.frames + count, state.pitch, state.phase, state.pulses[count * HOP :], tail), made.astype(np.float32)


def hiss(begin: int, count: int) -> np.ndarray:
    """Return noise of size 1 for frames of a line, the same for the same frames: complex64 [count, 481]."""
    return _hiss()[np.arange(begin, begin + count) % TABLE]


@lru_cache(maxsize=1)
def _hiss() -> np.ndarray:
    drawn = np.random.default_rng(31).standard_normal((TABLE, BINS, 2), dtype=np.float32)
    return (drawn[..., 0] + 1j * drawn[..., 1]).astype(np.complex64) / np.sqrt(np.float32(2))
