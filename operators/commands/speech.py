"""Write what was heard in a run as a WAV file, piece by piece: a session of hours takes no more memory than a minute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from omniflow_graph import Session, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.media.exporting import MOST_SAMPLES, write_wav
from operators.mix import mixed
from operators.words import WAVE_HZ


def write_speech(path: Path, trace: Trace, session: Session, until: int | None) -> str | None:
    """Write the room on the left and the assistant on the right, up to a time of the session, or all.

    Returns None, or a sentence that says why there is more of it than a WAV file holds, and then writes nothing.
    """
    count, blocks = mixed(trace, session)
    count = count if until is None else min(count, until * WAVE_HZ // SECOND)
    if 2 * count > MOST_SAMPLES:
        return f"{count / WAVE_HZ / 3600:.1f} hours of sound are more than a WAV file holds, so none was written; replay a shorter recording"
    write_wav(path, _first(count, blocks), count, WAVE_HZ, channels=2)
    return None


def _first(count: int, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut blocks off after so many samples."""
    for block in blocks:
        yield block[:count]
        count -= len(block[:count])
