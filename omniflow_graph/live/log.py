"""The log of a live session is its recording: numbered segments in a folder, each flushed once a second.

What was logged is in the graph and what is in the graph was logged, so that a replay of the log is the session again.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any, Protocol

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.recording import Manifest, Recording, RecordingWriter, open_recording
from omniflow_graph.recording.wire import codecs

SEGMENT = 600 * SECOND  # of a session in one file
NAME = re.compile(r"[\w\-][\w.\-]{0,63}", re.ASCII)  # of a session: it becomes a folder


class Log(Protocol):
    """Keep what comes in. Several threads call it."""

    def add(self, event: Event[Any]) -> None:
        """Write an event, before the graph gets it."""
        ...

    def cost(self, stage: str, seq: int, ns: int) -> None:
        """Write what a step cost, before its answer leaves."""
        ...

    def reach(self, time: int) -> None:
        """Note that the session is at this time."""
        ...

    def close(self, end: int, notes: dict[str, Any]) -> None:
        """Finish."""
        ...


class LiveLog:
    """Write a session, a new segment every so often (ns): one that is closed cannot be lost any more. Several threads may write."""

    def __init__(self, folder: Path, manifest: Manifest, every: int = SEGMENT) -> None:
        name = manifest.session
        if not NAME.fullmatch(name):
            raise RecordingError(f"session {name!r}: cannot be the name of a folder; wants letters, digits, - _ and ., at most 64")
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manifest, self.every = manifest, every
        self.until: int | None = None  # when the next segment begins
        self.writer = self._segment()
        self._lock = threading.Lock()

    def _segment(self) -> RecordingWriter:
        name = self.manifest.session
        return RecordingWriter(self.folder / f"{name}.{_next(self.folder, name):03}.mcap", self.manifest)

    def add(self, event: Event[Any]) -> None:
        """Write an event, before the graph gets it."""
        with self._lock:
            self.writer.add(event)

    def cost(self, stage: str, seq: int, ns: int) -> None:
        """Write what a step cost, before its answer leaves."""
        with self._lock:
            self.writer.cost(stage, seq, ns)

    def reach(self, time: int) -> None:
        """Note that the session is at this time, so that all is flushed once a second, also when nothing comes."""
        with self._lock:
            self.until = time + self.every if self.until is None else self.until
            if time >= self.until:
                self.writer.close()
                self.writer, self.until = self._segment(), time + self.every
            self.writer.reach(time)

    def close(self, end: int, notes: dict[str, Any]) -> None:
        """Finish the segment, once the graph is done with its session: until then there are costs to come."""
        with self._lock:
            self.writer.close(end, notes={**self.writer.manifest.notes, **notes})


def warm_log() -> None:
    """Load what writes recordings, before a clock runs: it takes a tenth of a second."""
    import mcap.writer  # noqa: F401

    codecs()


class NoLog:
    """Stand for the log of a session that nobody wants to keep."""

    def add(self, event: Event[Any]) -> None:
        """Let it go."""

    def cost(self, stage: str, seq: int, ns: int) -> None:
        """Let it go."""

    def reach(self, time: int) -> None:
        """Let it go."""

    def close(self, end: int, notes: dict[str, Any]) -> None:
        """Do nothing."""


def _next(folder: Path, name: str) -> int:
    """Return the number of the next segment: one after the last, whether that was closed or cut."""
    found = [re.fullmatch(re.escape(name) + r"\.(\d+)\.mcap(\.part)?", file.name) for file in folder.iterdir()]
    return max((int(match[1]) + 1 for match in found if match), default=0)


def kept(folder: Path, name: str) -> Recording | None:
    """Open what earlier segments hold of a session; None if there are none. Raises RecordingError."""
    own = folder / name
    if not NAME.fullmatch(name) or not own.is_dir():
        return None
    for part in own.glob("*.mcap.part"):
        if not part.stat().st_size:  # its writer was killed just when it began
            part.unlink()
    return open_recording(own) if _next(own, name) else None
