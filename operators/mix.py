"""Make a session audible: the room on the left, the assistant as it was heard on the right."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Session, Trace
from omniflow_graph.events import SECOND
from operators.ears import RATE_HZ
from operators.turns import fences
from operators.words import WAVE_HZ


def stereo(trace: Trace, session: Session, audio: str = "env-audio") -> tuple[np.ndarray, int]:
    """Return int16 samples [n, 2] at 24 kHz: left what came in on `audio`, right what sounded."""
    room = _place([(e.time, np.frombuffer(e.data, "<i2")) for e in session.events([audio])], RATE_HZ)
    left = resample(room, RATE_HZ, WAVE_HZ)
    right = _place([(e.time, e.data) for e in _cut(trace)], WAVE_HZ)
    n = max(len(left), len(right), trace.end * WAVE_HZ // SECOND)
    out = np.zeros((n, 2), "<i2")
    out[: len(left), 0], out[: len(right), 1] = left, right
    return out, WAVE_HZ


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Change the rate by straight lines between samples: for listening, not for measuring."""
    n = len(samples) * wanted // rate
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


def _place(pieces: list[tuple[int, np.ndarray]], rate: int) -> np.ndarray:
    """Lay pieces of sound where their times say."""
    spans = [(round(time * rate / SECOND), samples) for time, samples in pieces]
    out = np.zeros(max((start + len(samples) for start, samples in spans), default=0), "<i2")
    for start, samples in spans:
        out[start : start + len(samples)] = samples
    return out
