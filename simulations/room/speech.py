"""Give simulated people a voice: words as sound at 16 kHz, with the time of every word."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from omniflow_graph.events import SECOND
from operators.words import words_of
from simulations.room.clips import clip

RATE_HZ = 16_000
LETTER_MS, PAUSE_MS = 60, 40  # of a hummed word: a letter takes so long, and silence follows it
LOUDNESS = 6_000  # of a hum, at its peaks
PITCH_HZ = {"user": 160, "talker": 250}


class Word(NamedTuple):
    """Say when a word sounds: nanoseconds since the utterance began."""

    text: str
    start: int
    end: int


class Utterance(NamedTuple):
    """Hold what somebody says from `begin` on. Its event is there earlier: when they made up their mind."""

    n: int  # of this speaker, counted from 1
    kind: str  # say, interrupt, mhm, aside; repeat, of one that was not answered
    text: str
    words: tuple[Word, ...]
    begin: int
    samples: np.ndarray
    who: str = "user"

    @property
    def end(self) -> int:
        """Return when its last sample is over."""
        return self.begin + length(self.samples)


class Hush(NamedTuple):
    """Say that somebody breaks off what they were saying."""

    n: int
    who: str = "user"


def length(samples: np.ndarray) -> int:
    """Return how long samples at 16 kHz last, in nanoseconds."""
    return len(samples) * SECOND // RATE_HZ


@lru_cache(maxsize=128)
def spoken(text: str, how: str = "hum", who: str = "user") -> tuple[np.ndarray, tuple[Word, ...]]:
    """Return a text as int16 samples at 16 kHz, read-only, and its words: hummed in integers, with a voice, or a clip of it.

    >>> samples, words = spoken("Stop it")
    >>> len(samples), words[1].text, words[1].start
    (6400, ' it', 280000000)
    """
    samples, words = _hummed(text, PITCH_HZ[who]) if how == "hum" else _laid_out(text, _sound(text, how))
    samples.flags.writeable = False
    return samples, words


def _sound(text: str, how: str) -> np.ndarray:
    kind, *details = how.split()
    if kind == "nano":
        from simulations.nano.bank import bank

        split, of, permille = details
        return louder(bank(split)[int(of)].samples, int(permille)).astype("<i2")
    if kind == "beep":
        hertz, ms, loudness = map(int, details)
        return beep(hertz, ms, loudness)
    return _voiced(text) if how == "voice" else clip(text)


def louder(samples: np.ndarray, permille: int) -> np.ndarray:
    """Return samples so loud, cut off where they are too loud: int32."""
    return np.clip(samples.astype(np.int32) * permille // 1000, -32_768, 32_767)


def beep(hertz: int, ms: int, loudness: int) -> np.ndarray:
    """Return a tone, in integers, so loud at its peaks."""
    return (_triangle(ms * RATE_HZ // 1000, hertz).astype(np.int32) * min(loudness, 32_000) // LOUDNESS).astype("<i2")


def _hummed(text: str, pitch: int) -> tuple[np.ndarray, tuple[Word, ...]]:
    """Hum each word for as long as it has letters."""
    pieces, words, at = [], [], 0
    for word in words_of(text.strip()):
        n = len(word.strip()) * LETTER_MS * RATE_HZ // 1000
        pieces += [_triangle(n, pitch), np.zeros(PAUSE_MS * RATE_HZ // 1000, "<i2")]
        words.append(Word(word, at * SECOND // RATE_HZ, (at + n) * SECOND // RATE_HZ))
        at += sum(map(len, pieces[-2:]))
    return np.concatenate(pieces)[: at - PAUSE_MS * RATE_HZ // 1000], tuple(words)


def _triangle(n: int, pitch: int) -> np.ndarray:
    period = RATE_HZ // pitch
    phase = np.arange(n, dtype=np.int64) % period
    return (np.abs(2 * phase - period) * 2 * LOUDNESS // period - LOUDNESS).astype("<i2")


def _voiced(text: str) -> np.ndarray:
    """Say it with the small voice."""
    from operators.mix import resample
    from operators.scripted.voice import RATE_HZ as VOICED_HZ
    from operators.scripted.voice import say

    return resample(say(text), VOICED_HZ, RATE_HZ)


def _laid_out(text: str, samples: np.ndarray) -> tuple[np.ndarray, tuple[Word, ...]]:
    """Lay words out over their sound by their letters: neither a voice nor a clip tells where they begin."""
    words, at = [], 0
    for word in words_of(text):
        begin, at = at, at + len(word)
        start, end = (len(samples) * place // len(text) * SECOND // RATE_HZ for place in (begin, at))
        words.append(Word(word, start, end))
    return samples, tuple(words)


@lru_cache(maxsize=64)
def hiss(seed: int, loudness: int) -> np.ndarray:
    """Return four seconds of noise of a mean loudness, int32, drawn from a seed; the same on every machine."""
    drawn = np.random.Generator(np.random.Philox(key=seed)).integers(-2 * loudness, 2 * loudness + 1, 4 * RATE_HZ, dtype=np.int32)
    drawn.flags.writeable = False
    return drawn


@lru_cache(maxsize=64)
def rumble(seed: int, loudness: int) -> np.ndarray:
    """Return four seconds of low noise of a mean loudness, int32: each sample is the mean of 16 of a hiss."""
    sums = np.cumsum(np.tile(hiss(seed ^ 1, 1000), 2), dtype=np.int64)
    once = (sums[4 * RATE_HZ :] - sums[4 * RATE_HZ - 16 : -16]) >> 4
    drawn = (once * (loudness * 4) // 1000).astype(np.int32)
    drawn.flags.writeable = False
    return drawn


@lru_cache(maxsize=8)
def music(loudness: int) -> np.ndarray:
    """Return four seconds of three notes, int32, of a mean loudness."""
    notes = [_triangle(RATE_HZ * 4 // 3, pitch).astype(np.int32) for pitch in (262, 330, 392)]
    tune = np.concatenate(notes) * (2 * loudness) // LOUDNESS
    tune.flags.writeable = False
    return tune


def noise_at(snr_db: float) -> int:
    """Return the mean loudness of noise so many decibels below hummed speech.

    >>> noise_at(20)
    300
    """
    return round(LOUDNESS / 2 * 10 ** (-snr_db / 20))
