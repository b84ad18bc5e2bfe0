"""The voice says the same samples every time; the tone is exact."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from operators.scripted.voice import say, tone

ROOT = Path(__file__).resolve().parents[3]
LINE = "The cat is looking straight at us."


def test_two_processes_say_the_same_samples():
    program = f"from hashlib import sha256\nfrom operators.scripted.voice import say\nprint(sha256(say({LINE!r}).tobytes()).hexdigest())"
    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert sha256(say(LINE).tobytes()).hexdigest() == other


def test_a_sentence_said_again_without_the_cache_is_the_same():
    first = say(LINE)
    say.cache_clear()
    say("Something else first.")
    assert np.array_equal(say(LINE), first)


def test_speech_is_audible_and_of_a_likely_length():
    samples = say(LINE)
    assert samples.dtype == np.dtype("<i2")
    assert 1.5 < len(samples) / 24_000 < 4
    assert 3_000 < np.abs(samples.astype(int)).max() <= 32_767


def test_what_the_voice_has_no_letters_for_has_no_samples():
    assert [len(say(text)) for text in ("你好。", "", "🎉")] == [0, 0, 0]


def test_a_tone_lasts_60_ms_a_character_and_is_a_triangle():
    samples = tone("ab")
    assert (samples.dtype, len(samples)) == (np.dtype("<i2"), 2 * 60 * 24)
    assert samples[:4].tolist() == [6000, 5760, 5520, 5280]
    assert (samples.min(), samples[50], samples[100]) == (-6000, -6000, 6000)


@pytest.mark.parametrize("voice", [say, tone])
def test_what_is_cached_cannot_be_changed(voice):
    with pytest.raises(ValueError, match="read-only"):
        voice("Hello.")[0] = 1
