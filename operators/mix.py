"""Make a session audible: the room on the left, the assistant as it was heard on the right."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import add
from typing import NamedTuple

import numpy as np

from omniflow_graph import Session, Trace
from omniflow_graph.events import SECOND
from operators.senses.ears import RATE_HZ
from operators.turns import fences
from operators.words import WAVE_HZ

BLOCK = 60 * WAVE_HZ  # samples that are mixed at a time


class Line(NamedTuple):
    """Hold pieces of sound, each with the sample at which it begins, in order; a later one replaces what it meets."""

    starts: list[int]
    pieces: list[np.ndarray]
    longest: int  # samples of a piece
    length: int  # samples up to the last one

    def between(self, first: int, last: int) -> np.ndarray:
        """Return samples [first, last); silence where there is none."""
        out = np.zeros(last - first, "<i2")
        for n in range(bisect_left(self.starts, first - self.longest), bisect_left(self.starts, last)):
            start, samples = self.starts[n] - first, self.pieces[n]
            out[max(start, 0) : max(start + len(samples), 0)] = samples[max(-start, 0) : len(out) - start]
        return out


def stereo(trace: Trace, session: Session, audio: str = "env-audio") -> tuple[np.ndarray, int]:
    """Return int16 samples [n, 2] at 24 kHz: left what came in on `audio`, silence if nothing did, right what sounded."""
    _, blocks = mixed(trace, session, audio)
    return np.concatenate([np.zeros((0, 2), "<i2"), *blocks]), WAVE_HZ


def mixed(trace: Trace, session: Session, audio: str = "env-audio") -> tuple[int, Iterator[np.ndarray]]:
    """Do the same piece by piece: return how many samples there are, and them in blocks, however long the session is."""
    heard = session.events([audio]) if audio in session.sources else ()
    room = _line([(e.time, np.frombuffer(e.data, "<i2")) for e in heard], RATE_HZ)
    said = _line([(e.time, e.data) for e in _cut(trace)], WAVE_HZ)
    n = max(room.length * WAVE_HZ // RATE_HZ, said.length, trace.end * WAVE_HZ // SECOND)
    return n, (_block(room, said, first, min(first + BLOCK, n)) for first in range(0, n, BLOCK))


def _block(room: Line, said: Line, first: int, last: int) -> np.ndarray:
    out = np.zeros((last - first, 2), "<i2")
    begin = first * RATE_HZ // WAVE_HZ  # without a rest, as BLOCK is whole seconds
    left = room.between(begin, min(last * RATE_HZ // WAVE_HZ + 2, max(room.length, begin)))
    n = min(room.length * WAVE_HZ // RATE_HZ, last) - first
    left = resample(left, RATE_HZ, WAVE_HZ, max(n, 0))
    out[: len(left), 0], out[:, 1] = left, said.between(first, last)
    return out


def resample(samples: np.ndarray, rate: int, wanted: int, n: int | None = None) -> np.ndarray:
    """Change the rate by straight lines between samples, of which `n` are taken: for listening, not for measuring."""
    n = len(samples) * wanted // rate if n is None else n
    return np.round(np.interp(np.arange(n) * rate / wanted, np.arange(len(samples)), samples)).astype("<i2") if n else np.zeros(0, "<i2")


def _cut(trace: Trace) -> list:
    """List what sounded, (time, samples), less what was cut off."""
    silent = fences(trace)
    found = []
    for event in trace["play"]:
        if hasattr(event.data, "samples"):
            until = silent.get(event.data.response)
            n = len(event.data.samples) if until is None else max(0, until - event.time) * WAVE_HZ // SECOND
            found.append(event._replace(data=event.data.samples[:n]))
    return found


def _line(pieces: list[tuple[int, np.ndarray]], rate: int) -> Line:
    """Lay pieces of sound where their times say."""
    starts, lengths = [round(time * rate / SECOND) for time, _ in pieces], [len(samples) for _, samples in pieces]
    return Line(starts, [samples for _, samples in pieces], max(lengths, default=0), max(map(add, starts, lengths), default=0))
