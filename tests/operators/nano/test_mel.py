"""Frames look back only, and powers of sounds that mix add up."""

from __future__ import annotations

import numpy as np

from operators.nano.mel import BANDS, BEHIND, HOP, RATE_HZ, filters, log_mel, powers, scaled

RNG = np.random.default_rng(5)


def tone(hertz: float, n: int = 1600) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(n + BEHIND) / RATE_HZ).astype(np.float32)


def test_a_frame_does_not_hear_what_comes_after_it():
    sound = RNG.normal(size=BEHIND + 20 * HOP).astype(np.float32)
    changed = sound.copy()
    changed[BEHIND + 10 * HOP :] = 0
    assert np.array_equal(powers(sound)[:10], powers(changed)[:10])
    assert not np.allclose(powers(sound)[10:12], powers(changed)[10:12])


def test_cut_at_any_frame_it_comes_to_the_same():
    sound = RNG.normal(size=BEHIND + 20 * HOP).astype(np.float32)
    first, rest = powers(sound[: BEHIND + 7 * HOP]), powers(sound[7 * HOP :])
    assert np.allclose(np.concatenate([first, rest]), powers(sound), rtol=1e-4)


def test_a_tone_is_loudest_in_the_band_that_it_lies_in():
    for hertz in (200.0, 1000.0, 4000.0):
        band = powers(tone(hertz))[5].argmax()
        assert filters()[round(hertz * 512 / RATE_HZ), band] > 0.1


def test_powers_of_two_noises_add_up_on_the_mean():
    one, other = (RNG.normal(size=BEHIND + 4000 * HOP).astype(np.float32) for _ in range(2))
    together, apart = powers(one + other).mean(0), powers(one).mean(0) + powers(other).mean(0)
    assert np.allclose(together, apart, rtol=0.05)


def test_silence_is_finite_and_the_same_in_all_bands():
    quiet = log_mel(np.zeros(BEHIND + HOP, np.int16))
    assert quiet.shape == (1, BANDS)
    assert np.array_equal(quiet, scaled(np.zeros((1, BANDS), np.float32)))
    assert np.isfinite(quiet).all()
