"""Know what the loudspeaker plays when: what is scheduled, moved to where the player's acknowledgements say that it sounded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from omniflow_graph.events import SECOND
from operators.senses.ears import RATE_HZ
from operators.words import WAVE_HZ, Ack, Sound, duration

LEAST_LAG, MOST_LAG = -SECOND // 10, 2 * SECOND  # ns that a player may be behind its schedule; what is beyond is not believed
STEADY = SECOND // 500  # ns: less than this is no news

# At 48 kHz every second sample is one of 24 kHz and every third one of 16 kHz: 61 taps, that pass what is below 7.5 kHz
HALF = 30
LOWPASS = 2 * 0.94 / 3 * np.sinc(0.94 / 3 * np.arange(-HALF, HALF + 1)) * np.kaiser(2 * HALF + 1, 6.0)
PAD = HALF // 3  # samples by which a sound at 16 kHz is longer, on either side


class Placed(NamedTuple):
    """Say which part of an answer sounds from when on, as scheduled: `at` samples of it, 24 kHz, sounded before."""

    response: int
    at: int
    begin: int
    samples: np.ndarray  # float64 at 16 kHz, from PAD samples before `begin`


class OwnVoice(NamedTuple):
    """Remember what sounds, and may echo still; the last answer, with how many samples of it were sent; how far the player is behind."""

    sounds: tuple[Placed, ...] = ()
    sent: tuple[int, int] = (0, 0)
    lag: int = 0


class Told(NamedTuple):
    """Hold what a player acknowledged, at a time of its own."""

    ack: Ack
    time: int


def begins(voice: OwnVoice, sound: Sound, time: int) -> OwnVoice:
    """Take in a sound that is to begin at a time."""
    response, before = voice.sent
    before = before if response == sound.response else 0
    placed = Placed(sound.response, before, time, two_thirds(sound.samples))
    return voice._replace(sounds=(*voice.sounds, placed), sent=(sound.response, before + len(sound.samples)))


def follows(voice: OwnVoice, told: Told) -> OwnVoice:
    """Learn how far the player is behind: the sample that it has come to should have sounded then and then."""
    ack = told.ack
    of = next((each for each in reversed(voice.sounds) if each.response == ack.response and each.at < max(ack.played_samples, 1)), None)
    if of is None:
        return voice
    lag = told.time - duration(ack.played_samples - of.at) - of.begin
    return voice._replace(lag=lag) if LEAST_LAG <= lag <= MOST_LAG and abs(lag - voice.lag) >= STEADY else voice


def ends(voice: OwnVoice, ack: Ack) -> OwnVoice:
    """Let an answer end where a final acknowledgement says that it fell silent."""
    cut = tuple(each if each.response != ack.response else _cut(each, ack.played_samples - each.at) for each in voice.sounds)
    return voice._replace(sounds=tuple(each for each in cut if len(each.samples)))


def _cut(placed: Placed, samples: int) -> Placed:
    return placed._replace(samples=placed.samples[: samples * RATE_HZ // WAVE_HZ + 2 * PAD if samples > 0 else 0])


def forgotten(voice: OwnVoice, before: int) -> OwnVoice:
    """Let go of what sounds before a sample of the session, however far the player may turn out to be behind."""
    gone = before - MOST_LAG * RATE_HZ // SECOND
    if not voice.sounds or _end(voice, voice.sounds[0]) > gone:
        return voice
    return voice._replace(sounds=voice.sounds[1:])


def sounds(voice: OwnVoice, first: int, last: int) -> bool:
    """Tell whether anything sounds in samples [first, last) of the session."""
    return any(_first(voice, each) < last and _end(voice, each) > first for each in voice.sounds)


def reference(voice: OwnVoice, first: int, n: int) -> np.ndarray:
    """Lay together what sounds in samples [first, first + n) of the session: float64 at 16 kHz, of full scale 1."""
    sum_ = np.zeros(n)
    for each in voice.sounds:
        begin = _first(voice, each) - first
        part = each.samples[max(-begin, 0) : max(n - begin, 0)]
        sum_[max(begin, 0) : max(begin, 0) + len(part)] += part
    return sum_


def _first(voice: OwnVoice, placed: Placed) -> int:
    return (placed.begin + voice.lag) * RATE_HZ // SECOND - PAD


def _end(voice: OwnVoice, placed: Placed) -> int:
    return _first(voice, placed) + len(placed.samples)


def two_thirds(samples: np.ndarray) -> np.ndarray:
    """Bring 24 kHz, int16, to 16 kHz, of full scale 1: float64, from PAD samples before the first one to as many behind the last.

    >>> two_thirds(np.full(240, 16384, "<i2"))[PAD + 60 : PAD + 63].round(3)
    array([0.5, 0.5, 0.5])
    """
    between = np.zeros(2 * len(samples))
    between[::2] = samples / 32768
    return np.convolve(between, LOWPASS)[::3] if len(samples) else np.zeros(0)
