"""A stream gives out the frames of a second as soon as they can no longer change, and cuts off quiet as it learns how loud it gets."""

from __future__ import annotations

import numpy as np
import pytest

from operators.minicpm_o.mel import FIRST, NEXT, Stream, clip_mels, heard, log_mel
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
NOISE = np.random.default_rng(3).standard_normal(40 * 16_000).astype(np.float32) / 10


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def streamed(sound, seconds):
    stream, found, modes = Stream(), [], []
    for k in range(seconds):
        start = FIRST + (k - 1) * NEXT if k else 0
        stream, frames = heard(stream, sound[start : FIRST + k * NEXT])
        found.append(frames)
        modes.append(stream.mode)
    return stream, found, modes


def test_a_second_has_100_frames_and_those_around_it():
    stream, found, modes = streamed(NOISE, 6)
    assert [len(frames) for frames in found] == [102, 104, 104, 104, 104, 104]
    assert modes == ["fixed", "fixed", "fixed", "fixed", "dynamic", "dynamic"]
    assert (len(stream.samples), stream.base) == (96_480, 0)


def test_the_oldest_10_seconds_go_when_there_are_30():
    stream, found, _ = streamed(NOISE, 31)
    assert (len(stream.samples), stream.base, len(found[29]), len(found[30])) == (336_480, 1000, 104, 104)


def test_frames_of_a_stream_are_those_of_the_whole_sound():
    _, found, _ = streamed(NOISE, 4)
    whole = log_mel(NOISE[: FIRST + 3 * NEXT], "fixed")
    for k, frames in enumerate(found):
        start = max(0, 100 * k - 2)
        assert np.abs(frames - whole[start : start + len(frames)]).max() < 1e-5


def test_too_little_sound_waits():
    stream, frames = heard(Stream(), NOISE[:16_000])
    assert frames is None
    assert len(heard(stream, NOISE[16_000:FIRST])[1]) == 102


def test_a_clip_is_filled_up_with_silence_and_cut_in_pieces_of_30_s():
    assert [len(mel) for mel in clip_mels(NOISE[: 31 * 16_000 + 1])] == [3000, 101]
    quiet = np.concatenate([NOISE[:16_000], NOISE[:16_000] * 1e-6])
    (dynamic,), (fixed,) = clip_mels(quiet), clip_mels(quiet, "fixed")
    assert dynamic[110:].min() == pytest.approx(dynamic.max() - 2, abs=1e-5)  # 8 powers of ten, of which 4 are 1
    assert fixed.min() == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros(0, np.float32), "wants a clip of 1 sample or more, got none"),
        (np.zeros(16, np.int16), "wants finite samples as floats from -1 to 1, .n., got int16"),
        (np.array([0.0, np.nan], np.float32), "finite: False"),
        (np.zeros((2, 16), np.float32), r"got float32 \[2, 16\]"),
    ],
)
def test_what_is_no_sound_is_refused(sound, words):
    with pytest.raises(ValueError, match=f"hearing: .*{words}"):
        list(clip_mels(sound))


def test_so_little_sound_that_there_is_no_window_is_refused():
    with pytest.raises(ValueError, match="wants more than 200 samples at once, got 200"):
        log_mel(np.zeros(200, np.float32))
