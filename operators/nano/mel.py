"""Turn sound into log-mel frames as it comes: 100 a second, each of the 25 ms before its end, so that none waits for what follows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

RATE_HZ, HOP, WINDOW, FOURIER = 16_000, 160, 400, 512
BANDS = 64
BEHIND = WINDOW - HOP  # samples that a frame wants from before its own 10 ms
FLOOR = 1e-5  # added to a power: what is much softer is silence
MIDDLE, SPREAD = -2.5, 1.4  # of the logarithms, so that they come out around 0 and around 1 apart


def powers(samples: np.ndarray) -> np.ndarray:
    """Return the mel powers of sound from -1 to 1, float32 [frames, 64]: a frame each 160 samples behind the first 240.

    >>> powers(np.zeros(BEHIND + 3 * HOP, np.float32)).shape
    (3, 64)
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32), WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * _hann(), FOURIER)
    return ((spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ filters()).astype(np.float32)


def scaled(power: np.ndarray) -> np.ndarray:
    """Return powers as the ears take them: logarithms, around 0 and around 1 apart. Powers of sounds that mix add up before that."""
    return ((np.log10(power + np.float32(FLOOR)) - np.float32(MIDDLE)) / np.float32(SPREAD)).astype(np.float32)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Return what the ears take of int16 samples, float32 [frames, 64]. The first 240 samples are only heard as what was before."""
    return scaled(powers(samples.astype(np.float32) / np.float32(32_768)))


@lru_cache(maxsize=1)
def _hann() -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


@lru_cache(maxsize=1)
def filters() -> np.ndarray:
    """Return the triangles of 64 bands from 60 to 7600 Hz, evenly spaced in mel, float32 [257, 64]."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (60.0, 7600.0))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.arange(FOURIER // 2 + 1) * RATE_HZ / FOURIER
    up = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(up, down)).astype(np.float32)
