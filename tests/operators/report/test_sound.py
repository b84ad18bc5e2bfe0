"""Sound becomes a waveform to look at, and a small file that plays as long as it lasts."""

from __future__ import annotations

import io

import numpy as np

from operators.report.sound import packed, peaks


def test_a_waveform_holds_the_lowest_and_the_highest_of_each_hundredth():
    samples = np.zeros(480, "<i2")
    samples[10], samples[20], samples[300] = 12_800, -25_600, 32_767
    assert np.frombuffer(peaks(samples, 24_000), np.int8).reshape(-1, 2).tolist() == [[-100, 50], [0, 127]]


def test_the_last_hundredth_may_be_short_and_nothing_has_no_waveform():
    assert len(peaks(np.ones(241, "<i2"), 24_000)) == 4
    assert peaks(np.zeros(0, "<i2"), 24_000) == b""


def test_packed_sound_is_stereo_as_long_as_it_was_and_keeps_its_sides_apart():
    import av

    tone = (8_000 * np.sin(np.arange(48_000) / 10)).astype("<i2")
    stereo = np.stack([tone, np.zeros_like(tone)], 1)
    content = packed([stereo[:24_000], stereo[24_000:]], 24_000)
    assert len(content) < 16_000  # 2 s at 32 kbit/s, and its head
    with av.open(io.BytesIO(content)) as file:
        heard = np.concatenate([frame.to_ndarray() for frame in file.decode(audio=0)], axis=1)
    assert abs(heard.shape[1] / 48_000 - 2.0) < 0.05
    left, right = np.abs(heard).mean(axis=1)
    assert left > 20 * right
