"""Frames become a wave, the same however they are cut into pieces."""

import numpy as np
import pytest

from operators.nano.speech.acoustics import log_mel, spectra
from operators.nano.speech.filtering import AHEAD, Filtering, excite, hiss, sound

FRAMES = 60


def made(cuts, noise=-3.0):
    """Filter a voice that rises, falls silent and comes back, in pieces that end at these frames."""
    rng = np.random.default_rng(4)
    pitch = np.column_stack([np.sin(np.arange(FRAMES) / 9) / 5, np.arange(FRAMES) % 20 > 5]).astype(np.float32)
    size, angle = rng.normal(-1, 0.3, (FRAMES, 481)), rng.uniform(-1, 1, (FRAMES, 481))
    state, sounds, done = Filtering(), [], 0
    for begin, end in zip([0, *cuts], [*cuts, FRAMES]):
        last = end == FRAMES
        until = end if last else max(done, end - AHEAD)
        given = (each[done:until] for each in (size, np.cos(angle), np.sin(angle), np.full((FRAMES, 481), noise)))
        state, wave = sound(excite(state, pitch[begin:end], last), *given, last)
        sounds.append(wave)
        done = until
    return sounds


@pytest.mark.parametrize("cuts", [[30], [4, 8, 12], [20, 21, 24, 50], list(range(4, 60, 4))])
def test_pieces_joined_are_the_whole(cuts):
    whole = made([])[0]
    assert len(whole) == FRAMES * 240
    assert np.abs(np.concatenate(made(cuts)) - whole).max() < 1e-6


def test_a_piece_waits_for_forty_five_milliseconds():
    assert [len(piece) for piece in made([30])] == [30 * 240 - 3 * 240 - 360, 30 * 240 + 3 * 240 + 360]


def test_noise_is_as_loud_as_it_is_told():
    loud, soft = (spectra(made([], noise=size)[0])[6:25].std() for size in (6.0, 5.0))  # far above the voice
    assert loud / soft == pytest.approx(np.e, rel=0.1)


def test_the_same_frames_have_the_same_noise():
    assert np.array_equal(hiss(5, 10)[2:], hiss(7, 8))
    assert not np.array_equal(hiss(5, 1), hiss(6, 1))
    assert np.array_equal(hiss(1023, 2)[1], hiss(0, 1)[0])


def test_a_filter_of_one_gives_the_pulses_back():
    pitch = np.column_stack([np.zeros(FRAMES), np.ones(FRAMES)]).astype(np.float32)
    one, nothing = np.zeros((FRAMES, 481)), np.full((FRAMES, 481), -30.0)
    _, wave = sound(excite(Filtering(), pitch, True), one, one + 1, one, nothing, True)
    assert list(np.flatnonzero(wave[600:-600] > 3)) == [119 + 120 * n for n in range((FRAMES * 240 - 1_200) // 120)]
    assert log_mel(wave).shape == (FRAMES, 80)
