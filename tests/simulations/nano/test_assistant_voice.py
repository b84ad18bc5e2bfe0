"""The assistant's voice says when each word sounds, and says a line the same every time."""

import numpy as np
import pytest

from operators.nano.speech.acoustics import curve, pulses
from simulations.nano.assistant_voice import FRAME, LEAD, TAIL, say, spoken

LINE = "one, two, three"


def test_words_have_times_in_their_order():
    samples, words = spoken(LINE)
    assert [word for word, _, _ in words] == ["one,", "two,", "three"]
    times = [time for _, start, end in words for time in (start, end)]
    assert times == sorted(times)
    assert 0 <= times[0] <= 2 * LEAD
    assert times[-1] == len(samples) - TAIL


def test_a_comma_is_a_pause():
    _, with_comma = spoken(LINE)
    _, without = spoken("one two three")
    pauses = [[words[n + 1][1] - words[n][2] for n in range(2)] for words in (with_comma, without)]
    assert min(pauses[0]) > max(pauses[1]) >= 0


def test_a_line_is_said_the_same_every_time():
    assert np.array_equal(say(LINE).samples, say(LINE).samples)


def test_there_is_no_silence_around_a_line():
    samples, _ = spoken("okay")
    assert np.abs(samples[: LEAD - 600].astype(int)).max() < 400
    assert np.abs(samples[: LEAD + 1_200].astype(int)).max() > 327


def test_the_pitch_gives_the_pulses_that_the_voice_was_made_of():
    said = say("yes it is yellow")
    voice, _ = pulses(curve(said.pitch.astype(float), FRAME), said.phase)
    assert len(said.pitch) * FRAME == len(said.samples)
    lags = [np.dot(np.abs(voice[1_000:-2_000]), np.abs(np.roll(said.samples / 32768, -lag)[1_000:-2_000])) for lag in range(-60, 61, 20)]
    assert np.ptp(lags) > 0.1 * max(lags)  # the sound follows the pulses: moved by half a period it does not fit


def test_figures_are_refused():
    with pytest.raises(ValueError, match=r"assistant's voice: 'i see 22 blocks\.' is read as 4 words|is read as"):
        spoken("i see 1222 blocks")


def test_nothing_to_say_is_an_error():
    with pytest.raises(ValueError, match="assistant's voice: nothing to say in ''"):
        spoken("")
