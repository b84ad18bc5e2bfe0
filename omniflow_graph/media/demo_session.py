"""Import a session folder of the MiniCPM-o demo: what its user said and showed, and what its assistant answered.

The folder holds `recording.json` with one entry a unit, and the files that it names. The user's sound is laid unit
after unit, a unit's picture at the unit's begin. The assistant's sound is laid as the demo's page plays it.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event, seconds
from omniflow_graph.files import whole
from omniflow_graph.media.decoding import LONGEST_GAP, Slots, picture_file
from omniflow_graph.media.found import AUDIO, FRAME_NS, KINDS, RATE_HZ, VISUAL, Found, Wanted, audio_frames, counted, read_sound
from omniflow_graph.recording import StreamInfo

WHAT = "session folder of the MiniCPM-o demo"
WAVE_HZ = 24_000
UNIT = SECOND
PLAYBACK_DELAY = seconds(0.2)  # how long the page keeps the first sound of a turn, so that a late one leaves no hole
APART = seconds(0.02)  # between turns; sounds that touch are one answer
PAUSE = seconds(1.0)  # a unit that comes later than this, though the server was idle, was spoken later
MILLISECOND = 1_000_000
NO_SOUND = np.zeros(0, "<i2")
BESIDE = ("merged_replay.wav", "merged_replay.mp4", "user_images", "user_videos")


class _Unit(NamedTuple):
    """Hold one entry: what was heard and seen from `start` on; the result, which was there at `ready`, and its sound."""

    start: int
    heard: np.ndarray
    frame: Path | None
    ready: int
    result: dict[str, Any]
    wave: np.ndarray


@dataclass
class _Turn:
    """Hold one answer: since when it sounds, its pieces with their first samples, its words."""

    start: int = 0
    pieces: list[tuple[int, np.ndarray]] = field(default_factory=list)
    text: str = ""

    @property
    def samples(self) -> int:
        return self.pieces[-1][0] + len(self.pieces[-1][1]) if self.pieces else 0

    def at(self, sample: int) -> int:
        """Return when a sample sounds."""
        return self.start + sample * SECOND // WAVE_HZ


def fits(path: Path) -> bool:
    """Tell whether it is such a folder, whole or not."""
    return (path / "recording.json").is_file() or ((path / "meta.json").is_file() and (path / "user_audio").is_dir())


def find(path: Path, wanted: Wanted) -> Found:
    """Read a duplex session. Raises RecordingError for another one, and for one that is not whole."""
    about = _read(path)
    found = Found({})
    try:
        units = list(_units(path, about["chunks"], found))
        turns = list(_turns(units, found))
        session = str(about.get("session_id") or "") or None
    except RecordingError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RecordingError(f"{path / 'recording.json'}: is not what the demo writes ({error!r}); take it from the server again") from None
    slots = Slots(wanted.fps)
    found.session = session
    found.streams = {VISUAL: KINDS[VISUAL]} if any(unit.frame for unit in units) else {}
    found.streams |= {
        AUDIO: KINDS[AUDIO],
        "out-stream": StreamInfo("audio", "out", WAVE_HZ, "pcm-s16"),
        "turns": StreamInfo("value", "out"),
        "results": StreamInfo("value", "out"),
    }
    heard = [(unit.start, unit.heard) for unit in units]
    over = units[-1].start + len(units[-1].heard) * SECOND // RATE_HZ if units else 0
    found.end = max([-(-over // FRAME_NS) * FRAME_NS, *(turn.at(turn.samples) for turn in turns), *(unit.ready + 1 for unit in units)])
    found.left_out.append("when the page played a sound, which nobody recorded: it is laid as the page would play it, had nothing come late")
    found.left_out += [f"{name}: not looked at, as recording.json names all that a session holds" for name in _beside(path)]

    def frames() -> Iterator[Event[bytes]]:
        seq = 0
        for unit in units:
            if unit.frame is not None and slots.keep(unit.start):
                yield Event(unit.start, VISUAL, seq, picture_file(unit.frame, wanted.look))
                seq += 1

    def events() -> Iterator[Event[Any]]:
        results = [Event(unit.ready, "results", n, unit.result) for n, unit in enumerate(units)]
        yield from heapq.merge(frames(), audio_frames(heard), _pieces(turns), _lines(turns), results, key=lambda event: event.time)
        found.leave_out_pictures(slots)

    found.events = events()
    return found


def _read(path: Path) -> dict[str, Any]:
    file = path / "recording.json"
    try:
        about = json.loads(whole(file))
    except FileNotFoundError:
        way = f"stop the session at the server, or import {path / 'user_audio'}, its sound alone"
        raise RecordingError(f"{path}: has no recording.json, which the demo writes when the session ends; {way}") from None
    except RecordingError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f"{file}: cannot be read as JSON ({error}); take it from the server again") from None
    if not isinstance(about, dict) or not isinstance(about.get("chunks"), list):
        mode = about.get("mode") if isinstance(about, dict) else None
        raise RecordingError(f"{file}: has no list of chunks (mode {mode!r}); wants a session of mode 'duplex', others have no common time")
    if not about["chunks"]:
        raise RecordingError(f"{file}: its list of chunks is empty; wants a session in which somebody was heard")
    return about


def _units(path: Path, chunks: list[Any], found: Found) -> Iterator[_Unit]:
    """Find the time of each unit: it follows the one before, unless it came late to a server that was idle."""
    at, origin, free, ready, pauses, silent = 0, None, 0, 0, [], 0
    for chunk in chunks:
        result = chunk.get("result") or {}
        given = result.get("timing") or {}
        heard = _sound(path, chunk.get("user_audio"), RATE_HZ)
        silent += heard is None
        heard = np.zeros(RATE_HZ * UNIT // SECOND, "<i2") if heard is None else heard
        lasting = len(heard) * SECOND // RATE_HZ
        received = _ns(chunk.get("receive_ts_ms"))
        if received is not None:
            origin = received - at - lasting if origin is None else origin
            late = received - origin - at - lasting
            if late > LONGEST_GAP:
                raise ValueError(f"unit {chunk.get('index')} came {late / SECOND:.0f} s late")
            if late > PAUSE and received > free + PAUSE // 2:
                pauses.append(late)
                at += late
        there = max(at + lasting, received - origin) if received is not None and origin is not None else at + lasting
        busy = max(_ns(given.get("wall_clock_ms")) or 0, (_ns(given.get("prefill_ms")) or 0) + (_ns(given.get("all_ms")) or 0))
        free = (received or 0) + busy
        ready = max(ready, there + busy)
        said = {"index": chunk.get("index"), **{key: value for key, value in result.items() if not key.startswith("ai_audio")}}
        frame = _named(path, chunk["user_frame"]) if chunk.get("user_frame") else None
        wave = _sound(path, result.get("ai_audio"), WAVE_HZ)
        yield _Unit(at, heard, frame, ready, said, NO_SOUND if wave is None else wave)
        at += lasting
    if silent:
        found.left_out.append(f"{counted(silent, 'unit')} of which the demo kept no sound: silence of {UNIT / SECOND:g} s each")
    if pauses:
        found.left_out.append(f"what was to be heard in {counted(len(pauses), 'pause')}, {sum(pauses) / SECOND:.1f} s in all: silence")


def _turns(units: list[_Unit], found: Found) -> Iterator[_Turn]:
    """Join what was said to turns: one ends where the demo says so, or where the assistant listens again."""
    turn, end = None, -APART
    for unit in [*units, _Unit(0, NO_SOUND, None, 0, {"mode": "LISTEN"}, NO_SOUND)]:
        result = unit.result
        if result.get("mode") == "SPEAK":
            turn = turn or _Turn()
            turn.text += result.get("text") or ""
            if len(unit.wave):
                if not turn.pieces:
                    turn.start = max(unit.ready + PLAYBACK_DELAY, end + APART)
                late = round((unit.ready - turn.at(turn.samples)) * WAVE_HZ / SECOND)  # samples of silence, if it is positive
                turn.pieces.append((turn.samples + (max(late, 0) if turn.pieces else 0), unit.wave))
                end = turn.at(turn.samples)
        if turn and (result.get("mode") != "SPEAK" or result.get("end_of_turn")):
            if turn.pieces:
                yield turn
            else:
                found.left_out.append(f"a turn that has words and no sound: {turn.text.strip()!r}")
            turn = None


def _pieces(turns: list[_Turn]) -> Iterator[Event[bytes]]:
    """Give the assistant's sound. Within a turn a piece lasts up to the next one, with silence where that came late."""
    seq = 0
    for turn in turns:
        until = [begin for begin, _ in turn.pieces[1:]] + [turn.samples]
        for (begin, wave), end in zip(turn.pieces, until):
            yield Event(turn.at(begin), "out-stream", seq, np.pad(wave, (0, end - begin - len(wave))).tobytes())
            seq += 1


def _lines(turns: list[_Turn]) -> Iterator[Event[dict[str, Any]]]:
    for n, turn in enumerate(turns):
        yield Event(turn.start, "turns", n, {"start_ns": turn.start, "end_ns": turn.at(turn.samples), "text": turn.text.strip()})


def _sound(path: Path, name: str | None, rate_hz: int) -> np.ndarray | None:
    return read_sound(_named(path, name), rate_hz) if name else None


def _named(path: Path, name: str) -> Path:
    """Return a file that recording.json names. Raises RecordingError if it is missing, or outside of the folder."""
    file = path / name
    if not file.resolve().is_relative_to(path.resolve()):
        raise RecordingError(f"{path / 'recording.json'}: names {name!r}, which is outside of the session's folder; wants a file in it")
    if not file.is_file():
        raise RecordingError(f"{file}: is missing, and recording.json names it; put it back")
    return file


def _ns(ms: Any) -> int | None:
    return None if ms is None else round(float(ms) * MILLISECOND)


def _beside(path: Path) -> list[str]:
    """List what lies in the folder and is not taken."""
    return [name for name in BESIDE if (path / name).is_file() or ((path / name).is_dir() and any((path / name).iterdir()))]
