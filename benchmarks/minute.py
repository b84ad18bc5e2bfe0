"""Record sessions of a minute to measure with: the bundled session of three questions, again and again."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from omniflow_graph import Event, seconds
from omniflow_graph.recording import open_recording, write_recording
from recordings import path

MINUTE = seconds(60)


def record_minutes(folder: Path, n: int) -> Path:
    """Write sessions `minute 0000` and so on into a folder, as far as they are not there, and return it."""
    bundled, events = open_recording(path("three_questions")), minute()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        file = folder / f"minute {number:04}.mcap"
        if not file.exists():
            write_recording(file, replace(bundled.manifest, session=file.stem, end=MINUTE, ordered=None), events)
    return folder


def minute() -> list[Event]:
    """Return the events of a minute."""
    bundled = open_recording(path("three_questions"))
    events, seqs = [], {stream: itertools.count() for stream in bundled.manifest.streams}
    for round_ in range(3):
        for event in bundled.events():
            if (time := event.time + round_ * (bundled.manifest.end or 0)) < MINUTE:
                events.append(event._replace(time=time, seq=next(seqs[event.stream])))
    return events
