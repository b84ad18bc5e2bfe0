"""Learn the way from loudspeaker to microphone, and subtract what comes along it: a Kalman filter in the frequency domain.

Its step is small where somebody else talks, so that it unlearns nothing; it is learnt in partitions, so that the way may be long.
Source: G. Enzner and P. Vary, Signal Processing 86 (2006); F. Kuech et al., ICASSP 2014, for partitions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BLOCK, PARTITIONS = 320, 16  # samples: 20 ms
REACH = BLOCK * PARTITIONS  # the way through the room, delay and all, is at most so long: 320 ms
FORGET, SPREAD = 0.9998, 0.05  # a block: how soon what was learnt is doubted; the share of that which is doubted in all partitions
LATELY = 10  # blocks
DOUBT = 0.05  # of a partition, before anything was learnt: the square of what its gain may be
SMOOTH = 0.5  # of the spectrum of what is no echo
PASSES = 2  # over each block, to learn sooner
AUDIBLE, LEAST = 1e-3, 1e-9  # of full scale; of its square, so that nothing is divided by 0
BEHIND = np.exp(-1j * np.pi * np.arange(BLOCK + 1))  # moves a spectrum behind a block of zeros


class Filter(NamedTuple):
    """Hold what is known of the way: weights, complex, and doubt, [PARTITIONS, BLOCK + 1]; the power of what is no echo, [BLOCK + 1]."""

    weights: np.ndarray
    doubt: np.ndarray
    noise: np.ndarray
    blocks: int = 0  # that were learnt from
    before: float = 0.0  # the power of what was heard lately, and of what was left of it
    behind: float = 0.0


def unknown() -> Filter:
    """Know nothing of a room."""
    shape = (PARTITIONS, BLOCK + 1)
    return Filter(np.zeros(shape, complex), np.full(shape, DOUBT), np.zeros(BLOCK + 1))


def adapted(known: Filter, reference: np.ndarray, heard: np.ndarray) -> tuple[Filter, np.ndarray]:
    """Return what is known of the room after a block, and what is left of the block without the echo, [BLOCK]: the block itself, where that is less.

    `reference` is [REACH + BLOCK], the newest sample last, `heard` is [BLOCK]; both of full scale 1.
    """
    ends = np.arange(PARTITIONS)[:, None] * -BLOCK + REACH - BLOCK
    spectra = np.fft.rfft(reference[ends + np.arange(2 * BLOCK)])  # [PARTITIONS, BLOCK + 1], the newest first
    power, weights, doubt, noise, left = np.abs(spectra) ** 2, known.weights, known.doubt, known.noise, heard
    for n in range(PASSES):
        after = heard - np.fft.irfft((spectra * weights).sum(axis=0))[BLOCK:]
        left = left if n else after  # by what was known before this block
        error = np.fft.rfft(after, 2 * BLOCK) * BEHIND
        noise = SMOOTH * known.noise + (1 - SMOOTH) * np.abs(error) ** 2
        gain = doubt / ((power * doubt).sum(axis=0) + 2 * noise + LEAST)
        steps = np.fft.irfft(gain * spectra.conj() * error)
        steps[:, BLOCK:] = 0  # a partition is as long as a block
        weights, doubt = weights + np.fft.rfft(steps), (1 - 0.5 * gain * power) * doubt
    gains = np.abs(weights) ** 2
    doubt = FORGET**2 * doubt + (1 - FORGET**2) * ((1 - SPREAD) * gains + SPREAD * gains.sum(axis=0))
    before, behind = known.before + (heard @ heard - known.before) / LATELY, known.behind + (left @ left - known.behind) / LATELY
    if behind > before:  # what was learnt does not hold any more: somebody moved the robot, or the furniture
        left, doubt, behind = heard, np.maximum(doubt, DOUBT), 0.0
    speaks = bool(np.abs(reference[-2 * BLOCK :]).max() > AUDIBLE)
    return Filter(FORGET * weights, doubt, noise, known.blocks + speaks, float(before), float(behind)), left
