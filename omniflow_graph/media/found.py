"""What an importer finds in media: streams, their events in order, when they end, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.media.decoding import Look, Slots, sound, tracks
from omniflow_graph.recording import StreamInfo

AUDIO, VISUAL = "env-audio", "env-visual"
RATE_HZ, FRAME = 16_000, 320  # samples a second; samples in 20 ms
FRAME_NS = FRAME * SECOND // RATE_HZ
FPS = 2.0  # the model looks once a second; twice that keeps what a shorter window wants, and files small
KINDS = {VISUAL: StreamInfo("image", format="jpeg"), AUDIO: StreamInfo("audio", rate_hz=RATE_HZ, format="pcm-s16")}

Sound = Iterable[tuple[int, np.ndarray]]  # (time, int16 samples)


class Wanted(NamedTuple):
    """Say how media are to be imported. What is None or empty is left to the importer."""

    fps: float | None = None  # pictures a second that are kept
    look: Look = Look()
    unit_s: float | None = None
    rate_hz: int | None = None
    topics: tuple[str, ...] = ()


@dataclass
class Found:
    """Hold what an importer found. `end` and `left_out` are complete when all `events` were read."""

    streams: dict[str, StreamInfo]
    events: Iterator[Event[Any]] = field(default_factory=lambda: iter(()))
    end: int = 0
    left_out: list[str] = field(default_factory=list)
    session: str | None = None

    def leave_out_pictures(self, slots: Slots) -> None:
        """Say how many pictures were not kept."""
        if slots.dropped:
            self.left_out.append(f"{counted(slots.dropped, 'picture')}: at most {slots.fps:g} a second are kept; --fps keeps more")


def counted(number: int, what: str) -> str:
    """Say how many there are.

    >>> counted(1, "picture"), counted(2, "picture")
    ('1 picture', '2 pictures')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def audio_frames(heard: Sound, zero: int = 0) -> Iterator[Event[bytes]]:
    """Cut sound at 16 kHz into frames of 20 ms from `zero` on. Silence fills gaps, and the last frame.

    >>> [(event.time, len(event.data)) for event in audio_frames([(0, np.ones(321, "<i2"))])]
    [(0, 640), (20000000, 640)]
    """
    rest, seq = b"", 0
    for time, samples in heard:
        missing = round((time - zero) * RATE_HZ / SECOND) - seq * FRAME - len(rest) // 2
        rest += bytes(2 * max(missing, 0)) + samples.tobytes()
        whole = len(rest) // (2 * FRAME)
        for n in range(whole):
            yield Event((seq + n) * FRAME_NS, AUDIO, seq + n, rest[2 * FRAME * n : 2 * FRAME * (n + 1)])
        seq, rest = seq + whole, rest[2 * FRAME * whole :]
    if rest:
        yield Event(seq * FRAME_NS, AUDIO, seq, rest.ljust(2 * FRAME, b"\0"))


def read_sound(path: Path, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Read a whole sound file as mono int16. Raises RecordingError if it is none."""
    if not tracks(path)[0]:
        raise RecordingError(f"{path}: holds no sound; name another file")
    return np.concatenate([np.zeros(0, "<i2"), *(samples for _, samples in sound(path, rate_hz))])
