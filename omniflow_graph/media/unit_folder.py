"""Import a folder of units: one WAV a second, and pictures of the same number.

`0000.wav` and `0000.jpg`, or several pictures of a unit, `0000_0.jpg`, `0000_1.jpg`, ..., spread evenly over it. All
names may begin with the same words, as in `omni_test_case_0000.wav`. Numbers may begin anywhere.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.media.decoding import Slots, picture_file
from omniflow_graph.media.found import AUDIO, FRAME_NS, KINDS, RATE_HZ, VISUAL, Found, Wanted, audio_frames, counted, read_sound

WHAT = "folder of numbered WAV files"
PICTURES = (".jpg", ".jpeg", ".png")


class _Units(NamedTuple):
    """Hold the files of a folder by the number of their unit."""

    sounds: dict[int, Path]
    pictures: dict[int, list[Path]]
    others: list[str]


def fits(path: Path) -> bool:
    """Tell whether it is a folder of several numbered WAV files, or of one with several pictures."""
    if not path.is_dir():
        return False
    wavs = [file for file in path.iterdir() if file.suffix.lower() == ".wav" and file.is_file() and not file.name.startswith(".")]
    names = [re.fullmatch(r"(.*?)\d+", file.stem) for file in wavs]
    if not names or None in names or len({match[1] for match in names if match}) > 1:
        return False
    return len(wavs) > 1 or any(len(shown) > 1 for shown in _units(path).pictures.values())


def find(path: Path, wanted: Wanted) -> Found:
    """Lay the units one after another. Raises RecordingError for numbers or lengths that leave the time open."""
    units = _units(path)
    first, last = min(units.sounds), max([*units.sounds, *units.pictures])
    if min(units.pictures, default=first) < first:
        raise RecordingError(f"{units.pictures[min(units.pictures)][0]}: comes before the first WAV, number {first}; add its WAV, or take it away")
    if last - first >= 10 * len(units.sounds) + 10:
        raise RecordingError(f"{path}: has {len(units.sounds)} WAV files, and numbers from {first} to {last}; number units one after another")
    lasting = round(wanted.unit_s * SECOND) if wanted.unit_s else _length(read_sound(units.sounds[first]))
    if not lasting:
        raise RecordingError(f"{units.sounds[first]}: holds no sound, so the length of a unit is not known; give it by --unit")
    found = Found({kind: KINDS[kind] for kind in ((VISUAL, AUDIO) if units.pictures else (AUDIO,))})
    missing = [n for n in range(first, max(units.sounds)) if n not in units.sounds]
    if missing:
        found.left_out.append(f"{counted(len(missing), 'unit')} without a WAV ({', '.join(map(str, missing[:5]))}): silence")
    if units.others:
        found.left_out.append(f"{counted(len(units.others), 'other file')}: {', '.join(units.others[:5])}{', ...' if len(units.others) > 5 else ''}")
    slots = Slots(wanted.fps)

    def sounds() -> Iterator[tuple[int, np.ndarray]]:
        for n in sorted(units.sounds):
            samples = read_sound(units.sounds[n])
            _check_length(units.sounds[n], _length(samples), lasting, shorter=wanted.unit_s is not None or n == max(units.sounds))
            yield (n - first) * lasting, samples

    def pictures() -> Iterator[Event[bytes]]:
        seq = 0
        for n in sorted(units.pictures):
            for place, file in enumerate(units.pictures[n]):
                time = (n - first) * lasting + place * lasting // len(units.pictures[n])
                if slots.keep(time):
                    yield Event(time, VISUAL, seq, picture_file(file, wanted.look))
                    seq += 1

    def events() -> Iterator[Event[bytes]]:
        for event in heapq.merge(pictures(), audio_frames(sounds()), key=lambda event: event.time):
            yield event
            found.end = max(found.end, event.time + (FRAME_NS if event.stream == AUDIO else 1))
        found.leave_out_pictures(slots)

    found.events = events()
    return found


def _units(path: Path) -> _Units:
    """Sort files by the number of their unit, and the pictures of a unit by their own."""
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    wavs = [file for file in files if file.suffix.lower() == ".wav"]
    prefix = re.fullmatch(r"(.*?)\d+", wavs[0].stem)[1]  # type: ignore[index] - it fits
    sounds: dict[int, Path] = {}
    for file in wavs:
        number = int(file.stem[len(prefix) :])
        if number in sounds:
            raise RecordingError(f"{file}: is unit {number}, as is {sounds[number].name}; take one away")
        sounds[number] = file
    pictures: dict[int, list[tuple[int, Path]]] = {}
    others = []
    for file in files:
        match = re.fullmatch(re.escape(prefix) + r"(\d+)(?:[_-](\d+))?", file.stem)
        if file.suffix.lower() in PICTURES and match:
            pictures.setdefault(int(match[1]), []).append((int(match[2] or -1), file))
        elif file not in wavs:
            others.append(file.name)
    return _Units(sounds, {n: [file for _, file in sorted(shown)] for n, shown in pictures.items()}, others)


def _length(samples: np.ndarray) -> int:
    return len(samples) * SECOND // RATE_HZ


def _check_length(file: Path, got: int, wanted: int, *, shorter: bool) -> None:
    """See that units do not run into each other. A frame more or less is what resampling may leave."""
    if got > wanted + FRAME_NS or (got < wanted - FRAME_NS and not shorter):
        way = "give the longest as --unit" if got > wanted else f"fill it up with silence, or give --unit {wanted / SECOND:g}"
        raise RecordingError(f"{file}: lasts {got / SECOND:g} s, a unit {wanted / SECOND:g} s; wants units of one length: {way}")
