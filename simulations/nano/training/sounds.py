"""Mix sound to train ears on where it is cheap: as mel powers, which add up. Labels say which word sounds, and which phrase has just ended."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from operators.nano.mel import BANDS, BEHIND, HOP, powers, scaled
from simulations.nano.bank import said_by
from simulations.nano.sessions import echo_of
from simulations.nano.voices import LOUDNESS
from simulations.nano.words import lines
from simulations.room.speech import beep, hiss, music, rumble

FRAMES = 600  # of a piece: 6 s
TOKEN = 10  # frames of a token of sound
ENDED, FORGOTTEN = 20, 40  # frames after the end of a phrase, from and to which it is said to have just ended
TAPES, TUNE = 24, 1000  # tapes of each kind of noise, so loud
PITCHES = np.linspace(-0.09, 0.09, 7)  # by how much bands are moved, to make other voices of those that there are


class Said(NamedTuple):
    """Hold a clip as mel powers, with frames instead of samples."""

    power: np.ndarray  # float32 [frames, 64]
    phrase: int
    words: tuple[tuple[int, int, int], ...]


class Piece(NamedTuple):
    """Hold a batch: frames as ears take them [n, 600, 64]; of each token the word, and one more than the phrase that has just ended, or 0."""

    mel: np.ndarray
    words: np.ndarray
    phrases: np.ndarray


def power_of(samples: np.ndarray) -> np.ndarray:
    """Return the mel powers of a sound that begins and ends in silence, float32 [frames, 64]."""
    tail = BEHIND + HOP - (len(samples) + BEHIND) % HOP
    return powers(np.pad(samples.astype(np.float32) / 32_768, (BEHIND, tail)))


@lru_cache(maxsize=2)
def clips(split: str) -> tuple[tuple[tuple[Said, ...], ...], ...]:
    """Return a split's clips as mel powers: by voice, then by phrase."""
    return tuple(
        tuple(tuple(_said(clip) for clip in by[phrase]) for phrase in sorted(by)) for by in said_by(split).values()
    )  # fmt: skip


def _said(clip) -> Said:
    return Said(power_of(clip.samples), clip.phrase, tuple((word, start // HOP, end // HOP) for word, start, end in clip.words))


@lru_cache(maxsize=1)
def noises() -> dict[str, tuple[np.ndarray, ...]]:
    """Return what else is heard as mel powers: hiss and rumble and music so loud as 1000, beeps as 6000, lines of the assistant."""
    rng = np.random.default_rng(11)
    return {
        "hiss": tuple(power_of(hiss(int(rng.integers(1 << 30)), TUNE)) for _ in range(TAPES)),
        "rumble": tuple(power_of(rumble(int(rng.integers(1 << 30)), TUNE)) for _ in range(TAPES)),
        "music": (power_of(music(TUNE)),),
        "beep": tuple(power_of(beep(int(rng.integers(400, 2500)), int(rng.integers(80, 400)), 6000)) for _ in range(2 * TAPES)),
        "echo": tuple(power_of(echo_of(line)) for line in lines()),
    }


def batch(rng: np.random.Generator, count: int, split: str = "train") -> Piece:
    """Draw so many pieces of 6 s."""
    return Piece(*(np.stack(part) for part in zip(*(_piece(rng, clips(split)) for _ in range(count)))))


def _piece(rng: np.random.Generator, voices) -> Piece:
    power = np.zeros((FRAMES, BANDS), np.float32)
    words, phrases = np.zeros(FRAMES, np.int64), np.zeros(FRAMES, np.int64)
    gain = 10 ** (rng.uniform(-14, 6) / 20)
    wordless, colour = rng.random() < 0.12, _colour(rng)
    user = voices[rng.integers(len(voices))]
    at = int(rng.integers(0, 80))
    while at < FRAMES and not wordless:
        other = rng.random() < 0.12
        takes = (voices[rng.integers(len(voices))] if other else user)[rng.integers(len(user))]
        said = takes[rng.integers(len(takes))]
        _lay(power, said.power * np.float32((gain * (10 ** (rng.uniform(-10, 0) / 20) if other else 1)) ** 2), at)
        for word, start, end in said.words:
            words[at + start : at + end] = word
        over = at + said.words[-1][2]
        phrases[over + ENDED : over + FORGOTTEN] = 1 + said.phrase
        at = over + int(rng.uniform(5, 60) if rng.random() < 0.5 else rng.uniform(30, 200))
    power = power @ colour
    _surround(power, rng, LOUDNESS * gain, wordless)
    tokens = np.arange(FRAMES // TOKEN) * TOKEN
    ended = phrases[tokens + TOKEN - 1]  # at its last frame
    return Piece(scaled(power), words[tokens + TOKEN // 2], ended)


def _colour(rng: np.random.Generator) -> np.ndarray:
    """Draw a matrix [64, 64] that moves bands a little and makes some louder, as another voice or another microphone does."""
    moved = _moves()[rng.integers(len(PITCHES))]
    bands = np.linspace(-1, 1, BANDS)
    decibels = rng.normal(0, 2.5) * bands + rng.normal(0, 1.5) * np.cos(np.pi * bands) + rng.normal(0, 1.5) * np.cos(2 * np.pi * bands)
    return (moved * 10 ** (decibels / 10)).astype(np.float32)


@lru_cache(maxsize=1)
def _moves() -> tuple[np.ndarray, ...]:
    found = []
    for by in PITCHES:
        place = np.clip(np.arange(BANDS) * (1 + by), 0, BANDS - 1)
        low = np.floor(place).astype(int)
        matrix = np.zeros((BANDS, BANDS))
        matrix[low, np.arange(BANDS)] += 1 - (place - low)
        matrix[np.minimum(low + 1, BANDS - 1), np.arange(BANDS)] += place - low
        found.append(matrix)
    return tuple(found)


def _surround(power: np.ndarray, rng: np.random.Generator, level: float, wordless: bool) -> None:
    """Lay noise, music, beeps and the assistant's echo into a piece, as a session's room has them."""
    known, chances = noises(), {"hiss": 0.7, "rumble": 0.45, "music": 0.3 if wordless else 0.15}
    for (kind, chance), low in zip(chances.items(), (2, 2, 6) if wordless else (8, 6, 12)):
        if rng.random() < chance:
            loud = level * 10 ** (-rng.uniform(low, 32) / 20)
            tape = known[kind][rng.integers(len(known[kind]))]
            begin = int(rng.integers(len(tape)))
            power += np.take(tape, np.arange(begin, begin + FRAMES) % len(tape), axis=0) * np.float32((loud / TUNE) ** 2)
    while rng.random() < 0.2:
        _lay(power, _one(rng, known["beep"]) * np.float32((level * rng.uniform(0.3, 2) / 6000) ** 2), int(rng.integers(FRAMES)))
    echo = 10 ** (rng.uniform(-30, -20) / 10)
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.6 else 0):
        _lay(power, _one(rng, known["echo"]) * np.float32(echo), int(rng.integers(-100, FRAMES)))


def _one(rng: np.random.Generator, of):
    return of[rng.integers(len(of))]


def _lay(into: np.ndarray, power: np.ndarray, at: int) -> None:
    begin = max(-at, 0)
    part = power[begin : begin + len(into) - max(at, 0)]
    into[max(at, 0) : max(at, 0) + len(part)] += part
