"""Speak with recorded voices: questions cut out of the sample sessions, each found by its words."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from omniflow_graph.events import SECOND, seconds
from omniflow_graph.recording import open_recording

RATE_HZ = 16_000
QUIET = 200  # samples below this, at either end of a clip, are silence


class Clip(NamedTuple):
    """Say where something was said: in which sample session, and between which times."""

    session: str
    start: int
    end: int


CLIPS = {
    "Hello. What do you see in this picture?": Clip("three_questions", seconds(0.9), seconds(5)),
    "And what is this animal doing?": Clip("three_questions", seconds(7.9), seconds(12)),
    "Please describe the building in one sentence.": Clip("three_questions", seconds(14.9), seconds(20)),
    "从地球到月球有多远?": Clip("dialogue_zh", seconds(0.5), seconds(3.5)),
    "圆周率约等于多少?": Clip("dialogue_zh", seconds(7.5), seconds(10)),
}


def clip(text: str) -> np.ndarray:
    """Return the samples of these words, int16 at 16 kHz. Raises ValueError naming those that there are."""
    if text not in CLIPS:
        raise ValueError(f"speech 'clips': nobody was recorded saying {text!r}; there are {'; '.join(CLIPS)}; else take speech 'voice' or 'hum'")
    where = CLIPS[text]
    sound = _sound(where.session)[where.start * RATE_HZ // SECOND : where.end * RATE_HZ // SECOND]
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) >= QUIET)
    return sound[loud[0] : loud[-1] + 1].copy()


@lru_cache(maxsize=2)
def _sound(session: str) -> np.ndarray:
    """Read all that the user of a sample session says. Raises ValueError if it is not installed."""
    import recordings

    try:
        path = recordings.path(session)
    except KeyError as error:
        raise ValueError(f"speech 'clips': {error.args[0]}; those that come from it are in the source tree only") from None
    opened = open_recording(path)
    out = np.zeros((opened.manifest.end or 0) * RATE_HZ // SECOND + RATE_HZ, "<i2")
    for event in opened.events(["env-audio"]):
        at, samples = event.time * RATE_HZ // SECOND, np.frombuffer(event.data, "<i2")
        out[at : at + len(samples)] = samples
    return out
