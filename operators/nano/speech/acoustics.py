"""Describe sound as frames, 100 a second: 80 bands of a log-mel spectrum, the pitch, and whether there is a voice."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RATE_HZ = 24_000
HOP = 240  # samples a frame
WINDOW = 960  # samples that a frame looks at: 360 before it, its own, 360 after
REACH = (WINDOW - HOP) // 2
BINS = WINDOW // 2 + 1
MELS = 80
DIMENSIONS = MELS + 2  # the last two: log of the pitch over 200 Hz, and 1 with a voice, 0 without
UNIT = 4  # frames a unit: 25 a second
FLOOR = 1e-4
UNVOICED_HZ = 40.0  # below it there is no voice
HIGHEST_HZ = 11_000.0  # of the harmonics


def hann() -> np.ndarray:
    """Return the window of a frame: a Hann window whose squares, a hop apart, sum to 1.5. [960]."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def spectra(samples: np.ndarray) -> np.ndarray:
    """Return the short-time spectrum of whole frames, zeros around them: [frames, 481], complex64."""
    padded = np.pad(np.asarray(samples, np.float32), (REACH, REACH))
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    return np.fft.rfft(cut * hann(), axis=1).astype(np.complex64)


@lru_cache(maxsize=1)
def mel_filters() -> np.ndarray:
    """Return 80 triangles, even on the mel scale (2595 log10(1 + f/700)) from 0 to 12 kHz, each of sum 1: [481, 80]."""
    highest = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, MELS + 2) / 2595) - 1)
    bins = np.arange(BINS)[:, None] * RATE_HZ / WINDOW
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(bins - edges[1:-1]).argmin(axis=0)  # a narrow band between two bins takes the nearer one
    triangles[nearest, np.arange(MELS)] += triangles.sum(axis=0) == 0
    return (triangles / triangles.sum(axis=0)).astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Return the log of the mel spectrum of samples in [-1, 1]: [frames, 80]."""
    return np.log(np.maximum(np.abs(spectra(samples)) @ mel_filters(), FLOOR))


def with_pitch(mel: np.ndarray, pitch_hz: np.ndarray) -> np.ndarray:
    """Join mel and pitch, one a frame. Where there is no voice, the pitch goes straight from the one before to the one after: [frames, 82]."""
    voiced = pitch_hz > UNVOICED_HZ
    frames = np.arange(len(mel))
    log = np.interp(frames, frames[voiced], np.log(pitch_hz[voiced] / 200)) if voiced.any() else np.zeros(len(mel))
    return np.column_stack([mel, log, voiced]).astype(np.float32)


def curve(pitch: np.ndarray, hop: int) -> np.ndarray:
    """Draw a line through the middles of frames, straight from one to the next: one value a sample. [frames * hop].

    Before the first middle it is the first, after the last the last.
    """
    return np.interp((np.arange(len(pitch) * hop) + 0.5) / hop - 0.5, np.arange(len(pitch)), pitch)


def pulses(curve_hz: np.ndarray, phase: float = 0.0) -> tuple[np.ndarray, float]:
    """Sum all harmonics of a pitch below 11 kHz, each of amplitude 1: a pulse a period. Returns them and the phase, in periods.

    sum(cos(h t), h = 1..H) = sin((H + 1/2) t) / (2 sin(t / 2)) - 1/2.
    """
    voiced = curve_hz > UNVOICED_HZ
    hz = np.maximum(curve_hz, UNVOICED_HZ)
    turns = phase + np.cumsum(hz) / RATE_HZ
    angle = 2 * np.pi * (turns % 1.0)
    harmonics = np.floor(HIGHEST_HZ / hz) + 0.5
    half = 2 * np.sin(angle / 2)
    flat = np.abs(half) < 2e-3
    wave = np.where(flat, harmonics, np.sin(harmonics * angle) / np.where(flat, 1, half)) - 0.5
    return np.where(voiced, wave, 0).astype(np.float32), float(turns[-1] % 1.0) if len(turns) else phase
