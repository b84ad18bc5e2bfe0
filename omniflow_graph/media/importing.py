"""Turn media into recordings: videos, sound files, folders of sound and pictures, and what other projects record.

Sound becomes mono 16 kHz in frames of 20 ms on `env-audio`, pictures JPEG on `env-visual`. Decoders differ between
builds of ffmpeg, so a recording, not the video, is what a digest can be promised for.
"""

from __future__ import annotations

import heapq
import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.files import printable
from omniflow_graph.media import demo_session, rosbag2, unit_folder
from omniflow_graph.media.decoding import Look, Picture, Slots, other_tracks, picture_file, pictures, sound, tracks
from omniflow_graph.media.found import AUDIO, FPS, FRAME_NS, KINDS, RATE_HZ, VISUAL, Found, Sound, Wanted, audio_frames, counted
from omniflow_graph.recording import Manifest, RecordingWriter

PICTURES = (".jpg", ".jpeg", ".png")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")
IMPORTERS = (demo_session, unit_folder, rosbag2)  # the first that fits takes it


def import_media(
    source: str | os.PathLike[str],
    dest: str | os.PathLike[str],
    *,
    name: str | None = None,
    fps: float | None = None,
    width: int | None = None,
    quality: int = Look().quality,
    unit_s: float | None = None,
    rate_hz: int | None = None,
    topics: Sequence[str] = (),
    licence: str = "",
    source_note: str = "",
) -> Manifest:
    """Write a recording from a video, a sound file, a folder, or another project's recording. Returns its manifest.

    Of a video at most `fps` pictures a second are kept (2), rotated and scaled down to `width` pixels as JPEG. The
    session begins with the first sound or picture, and ends with the last.
    A folder holds one sound file (or several, one of them called env-audio) and pictures; a picture's name is its time
    in seconds (`12.5.jpg`), or, if all names are whole numbers (`0001.jpg`), its index from the first one on at `fps`
    pictures a second (2). `unit_s` is for numbered WAV files, `rate_hz` and `topics` for ROS 2: see `unit_folder` and
    `rosbag2`. What was left out is a list of sentences in the manifest, `notes["left_out"]`. Raises RecordingError if
    the source cannot be read.
    """
    path = Path(source)
    if Path(dest).suffix != ".mcap" and not Path(dest).is_dir():
        raise RecordingError(f"{dest}: wants a name that ends in .mcap for the recording; media are exported with `omniflow export`")
    _check(path, fps, width, quality, unit_s, rate_hz)
    found = _find(path, Wanted(fps, Look(width, quality), unit_s, rate_hz, tuple(topics)))
    session = name or found.session or printable(path.stem or path.resolve().name)
    manifest = Manifest(session, None, found.streams, source=source_note or printable(path.name), licence=licence)
    with RecordingWriter(dest, manifest) as writer:
        for event in found.events:
            writer.add(event)
        if not found.end:
            raise RecordingError(f"{path}: holds neither sound nor pictures that can be decoded; name another file")
        writer.close(found.end, notes={"left_out": found.left_out})
    return writer.manifest


def _check(path: Path, fps: float | None, width: int | None, quality: int, unit_s: float | None, rate_hz: int | None) -> None:
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file or folder; wants a video, a sound file, or a folder of sound and pictures")
    if fps is not None and not 0 < fps <= 1000:
        raise RecordingError(f"{path}: wants fps to be more than 0 and at most 1000, got {fps}")
    if not 1 <= quality <= 95 or (width is not None and width < 1):
        raise RecordingError(f"{path}: wants width to be 1 or more and quality to be 1 to 95, got {width} and {quality}")
    if unit_s is not None and not 0.02 <= unit_s <= 3600:
        raise RecordingError(f"{path}: wants a unit to be 0.02 to 3600 seconds, got {unit_s}")
    if rate_hz is not None and not 1000 <= rate_hz <= 384_000:
        raise RecordingError(f"{path}: wants a rate of 1000 to 384000 samples a second, got {rate_hz}")


def _find(path: Path, wanted: Wanted) -> Found:
    """Find out what it is, and have it read by the importer that fits."""
    fitting: Any = next((importer for importer in IMPORTERS if importer.fits(path)), None)
    for option, given, whose in (("unit", wanted.unit_s, unit_folder), ("rate", wanted.rate_hz, rosbag2), ("topic", wanted.topics, rosbag2)):
        if given and fitting is not whose:
            raise RecordingError(f"{path}: is no {whose.WHAT}, so --{option} has no meaning; leave it out")
    if fitting is not None:
        return fitting.find(path, wanted)
    if path.is_file() and path.suffix == ".mcap":
        raise RecordingError(f"{path}: {rosbag2.what_else(path)}")
    return _folder(path, wanted) if path.is_dir() else _file(path, wanted)


def _file(path: Path, wanted: Wanted) -> Found:
    has_sound, has_video = tracks(path)
    slots = Slots(wanted.fps or FPS)
    left_out = [f"a track of {kind}: the first sound and the first video are taken" for kind in other_tracks(path)]
    heard = sound(path, RATE_HZ) if has_sound else None
    return _both(heard, pictures(path, slots, wanted.look) if has_video else None, slots, left_out)


def _folder(path: Path, wanted: Wanted) -> Found:
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    sounds = [file for file in files if file.suffix.lower() in SOUNDS]
    sounds = [file for file in sounds if file.stem == AUDIO] or sounds
    if len(sounds) > 1:
        raise RecordingError(f"{path}: holds {len(sounds)} sound files ({', '.join(file.name for file in sounds)}); leave one, or call it {AUDIO}")
    shown = [file for file in files if file.suffix.lower() in PICTURES]
    by_index = all(file.stem.isdigit() for file in shown)
    timed = _timed(shown, by_index, wanted.fps)
    if not sounds and not timed:
        raise RecordingError(f"{path}: a folder with neither sound ({', '.join(SOUNDS)}) nor pictures ({', '.join(PICTURES)}); {_instead(path)}")
    if sounds and not tracks(sounds[0])[0]:
        raise RecordingError(f"{sounds[0]}: holds no sound; replace it")
    others = [file.name for file in files if file not in sounds and file.suffix.lower() not in PICTURES]
    slots = Slots(None if by_index else wanted.fps)  # of numbered pictures fps says how far apart they are
    # Both are laid on the folder's own zero: a first picture at 12.5 s is not the session's begin.
    heard = itertools.chain([(0, np.zeros(0, "<i2"))], sound(sounds[0], RATE_HZ)) if sounds else None
    seen = (Picture(time, time + 1, picture_file(file, wanted.look) if slots.keep(time) else None) for time, file in timed)
    left_out = [f"{counted(len(others), 'other file')}: {', '.join(others[:5])}{', ...' if len(others) > 5 else ''}"] if others else []
    return _both(heard, itertools.chain([Picture(0, 0, None)], seen) if timed else None, slots, left_out)


def _instead(path: Path) -> str:
    """Say what to name instead of a folder that cannot be imported."""
    if (path / "meta" / "info.json").is_file():
        video = next(iter(sorted(path.rglob("*.mp4"))), None)
        return f"of a LeRobot data set only videos are imported: name one{f', such as {video}' if video else ''}"
    return "name another"


def _timed(files: list[Path], by_index: bool, fps: float | None) -> list[tuple[int, Path]]:
    """Read each picture's time off its name."""
    for file in files:
        if not re.fullmatch(r"\d+(\.\d+)?", file.stem):
            raise RecordingError(f"{file}: a picture's name is its time in seconds (12.5.jpg) or its index (0001.jpg); rename it")
    if by_index:
        first = min((int(file.stem) for file in files), default=0)
        return sorted((round((int(file.stem) - first) * SECOND / (fps or FPS)), file) for file in files)
    return sorted((round(float(file.stem) * SECOND), file) for file in files)


def _both(heard: Sound | None, seen: Iterable[Picture] | None, slots: Slots, left_out: list[str]) -> Found:
    """Lay sound and pictures on one time as they are decoded; it begins with the first of them."""
    found = Found({kind: KINDS[kind] for kind, given in ((VISUAL, seen), (AUDIO, heard)) if given is not None}, left_out=left_out)

    def pictures_as_events(seen: Iterator[Picture], zero: int) -> Iterator[Event[bytes]]:
        seq = 0
        for picture in seen:
            found.end = max(found.end, picture.until - zero)
            if picture.jpeg is not None:
                yield Event(picture.time - zero, VISUAL, seq, picture.jpeg)
                seq += 1

    def events() -> Iterator[Event[bytes]]:
        sounds, began = _peek(heard or ())
        shown, first = _peek(seen or ())
        zero = min([item[0] for item in (began, first) if item is not None], default=0)
        for event in heapq.merge(pictures_as_events(shown, zero), audio_frames(sounds, zero), key=lambda event: event.time):
            yield event
            found.end = max(found.end, event.time + (FRAME_NS if event.stream == AUDIO else 1))
        found.leave_out_pictures(slots)

    found.events = events()
    return found


def _peek(items: Iterable) -> tuple[Iterator, tuple | None]:
    """Look at the first item, without taking it."""
    rest = iter(items)
    first = next(rest, None)
    return (rest, None) if first is None else (itertools.chain([first], rest), first)
