"""Frames say how loud a sound is in which band, how high its voice is, and 100 of them are a second."""

import numpy as np
import pytest

from operators.nano.speech.acoustics import curve, hann, log_mel, mel_filters, pulses, spectra, with_pitch


def tone(hz, seconds=0.5):
    return np.sin(2 * np.pi * hz * np.arange(int(24_000 * seconds)) / 24_000)


def test_a_second_has_a_hundred_frames():
    assert log_mel(np.zeros(24_000)).shape == (100, 80)


@pytest.mark.parametrize("hz", [200, 1_000, 5_000])
def test_a_tone_is_loudest_in_the_band_that_holds_it(hz):
    band = int(log_mel(tone(hz))[25].argmax())
    middles = (mel_filters() * np.arange(481)[:, None] * 25).sum(axis=0)
    assert abs(middles[band] - hz) < 25 + 0.05 * hz


def test_every_band_hears_something():
    assert np.allclose(mel_filters().sum(axis=0), 1)


def test_frames_overlap_so_that_they_add_up_to_the_sound():
    squares = np.zeros(960 + 9 * 240)
    for n in range(10):
        squares[n * 240 : n * 240 + 960] += hann() ** 2
    assert np.allclose(squares[960:-960], 1.5)
    assert spectra(tone(440)).shape == (50, 481)


def test_a_voice_at_200_hz_has_a_pulse_every_five_milliseconds():
    wave, phase = pulses(np.full(2_400, 200.0))
    assert list(np.flatnonzero(wave > 40)) == [119 + 120 * n for n in range(20)]
    assert phase == pytest.approx(0, abs=1e-9) or phase == pytest.approx(1)


def test_pulses_go_on_where_they_stopped():
    pitch = np.linspace(150, 260, 4_800)
    whole, end = pulses(pitch)
    first, phase = pulses(pitch[:1_000])
    second, last = pulses(pitch[1_000:], phase)
    assert np.allclose(np.concatenate([first, second]), whole, atol=1e-3)
    assert last == pytest.approx(end)


def test_without_a_voice_there_are_no_pulses():
    assert not pulses(np.zeros(480))[0].any()


def test_a_pitch_goes_straight_from_frame_to_frame():
    drawn = curve(np.array([100.0, 200.0]), 4)
    assert drawn.tolist() == [100, 100, 112.5, 137.5, 162.5, 187.5, 200, 200]


def test_where_there_is_no_voice_the_pitch_goes_from_the_last_to_the_next():
    frames = with_pitch(np.zeros((5, 80)), np.array([200.0, 0, 0, 0, 200 * np.e**0.4]))
    assert np.allclose(frames[:, 80], [0, 0.1, 0.2, 0.3, 0.4])
    assert frames[:, 81].tolist() == [1, 0, 0, 0, 1]
