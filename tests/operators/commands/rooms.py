"""A small recording to replay: a user who asks once, in frames of 20 ms, and a script of what is answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from omniflow_graph import Event, Trace, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.recording import Manifest, Recording, StreamInfo, open_recording, write_recording
from operators.duplex import duplex
from operators.words import Ack

FRAME_NS = 20_000_000
FAST = ("--model", "scripted-fast")
ASK = ("replay", "room.mcap", *FAST, "--script", "script.yaml")  # in the folder where both are
LINE = "I can hear you very well now."  # 29 characters of 60 ms: 1.74 s
STREAMS = {"env-visual": StreamInfo("image", format="jpeg"), "env-audio": StreamInfo("audio", rate_hz=16_000, format="pcm-s16")}


def script(folder: Path, *lines: str, first: int = 1) -> str:
    """Write a script that answers the first utterance with the first line, and so on."""
    path = folder / "script.yaml"
    path.write_text("\n".join(f"- when: {{speech_ends: {n}}}\n  say: {line}" for n, line in enumerate(lines or (LINE,), first)))
    return str(path)


def room(folder: Path, *spoken: tuple[float, float], end: float = 4.5, acks: list[tuple[float, Ack]] | None = None) -> Recording:
    """Record a user who talks from ... to ... seconds, by default once; with `acks`, also what was heard of an answer."""
    loud, silent = np.full(320, 3000, "<i2").tobytes(), bytes(640)
    talks = [(seconds(a), seconds(b)) for a, b in spoken or [(0.5, 1.5)]]
    events = [Event(t, "env-audio", n, loud if any(a <= t < b for a, b in talks) else silent) for n, t in enumerate(range(0, seconds(end), FRAME_NS))]
    events += [Event(seconds(time), "playback", n, ack) for n, (time, ack) in enumerate(acks or [])]
    streams = STREAMS if acks is None else {**STREAMS, "playback": StreamInfo("value")}
    write_recording(folder / "room.mcap", Manifest("room", seconds(end), streams, licence="CC0"), sorted(events, key=lambda event: event.time))
    return open_recording(folder / "room.mcap")


def answered(recording: Recording, path: str, **options) -> Trace:
    """Answer a recording by the fast model with this script."""
    return run_direct(duplex(model="scripted-fast", script=path, **options), recording.session())
