"""Turn media into recordings: videos, sound files, and folders of sound and pictures.

Sound becomes mono 16 kHz in frames of 20 ms on `env-audio`, pictures JPEG on `env-visual`. Decoders differ between
builds of ffmpeg, so a recording, not the video, is what a digest can be promised for.
"""

from __future__ import annotations

import heapq
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.media.decoding import Look, Picture, picture_file, pictures, sound, tracks
from omniflow_graph.recording import Manifest, RecordingWriter, StreamInfo

AUDIO, VISUAL = "env-audio", "env-visual"
RATE_HZ, FRAME = 16_000, 320  # samples a second; samples in 20 ms
FRAME_NS = FRAME * SECOND // RATE_HZ
FPS = 2.0  # the model looks once a second; twice that keeps what a shorter window wants, and files small
PICTURES = (".jpg", ".jpeg", ".png")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")

Sound = Iterable[tuple[int, np.ndarray]]  # (time, int16 samples)


def import_media(
    source: str | os.PathLike[str],
    dest: str | os.PathLike[str],
    *,
    name: str | None = None,
    fps: float | None = None,
    width: int | None = None,
    quality: int = Look().quality,
    licence: str = "",
    source_note: str = "",
) -> Manifest:
    """Write a recording from a video (mp4, mkv, webm, mov), a sound file, or a folder. Returns its manifest.

    Of a video at most `fps` pictures a second are kept (2), rotated and scaled down to `width` pixels as JPEG. The
    session begins with the first sound or picture, and ends with the last.
    A folder holds one sound file (or several, one of them called env-audio) and pictures; a picture's name is its time
    in seconds (`12.5.jpg`), or, if all names are whole numbers (`0001.jpg`), its index from the first one on at `fps`
    pictures a second (2). Raises RecordingError if the source cannot be read.
    """
    path = Path(source)
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file or folder; wants a video, a sound file, or a folder of sound and pictures")
    if fps is not None and not 0 < fps <= 1000:
        raise RecordingError(f"{path}: wants fps to be more than 0 and at most 1000, got {fps}")
    if not 1 <= quality <= 95 or (width is not None and width < 1):
        raise RecordingError(f"{path}: wants width to be 1 or more and quality to be 1 to 95, got {width} and {quality}")
    if path.suffix == ".mcap":
        raise RecordingError(f"{path}: is a recording already; replay it as it is")
    heard, seen = _folder(path, fps, Look(width, quality)) if path.is_dir() else _file(path, fps or FPS, Look(width, quality))
    streams = {VISUAL: StreamInfo("image", format="jpeg"), AUDIO: StreamInfo("audio", rate_hz=RATE_HZ, format="pcm-s16")}
    streams = {kind: streams[kind] for kind, found in ((VISUAL, seen), (AUDIO, heard)) if found is not None}
    manifest = Manifest(name or path.stem or path.resolve().name, None, streams, source=source_note or path.name, licence=licence)
    with RecordingWriter(dest, manifest) as writer:
        end = _write(writer, heard, seen)
        if not end:
            raise RecordingError(f"{path}: holds neither sound nor pictures that can be decoded; name another file")
        writer.close(end)
    return writer.manifest


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


def _write(writer: RecordingWriter, heard: Sound | None, seen: Iterable[Picture] | None) -> int:
    """Write sound and pictures as they are decoded, and return when the last of them is over."""
    heard, began = _peek(heard or ())
    seen, first = _peek(seen or ())
    zero = min([item[0] for item in (began, first) if item is not None], default=0)
    end = 0

    def pictures_as_events() -> Iterator[Event[bytes]]:
        nonlocal end
        seq = 0
        for picture in seen:
            end = max(end, picture.until - zero)
            if picture.jpeg is not None:
                yield Event(picture.time - zero, VISUAL, seq, picture.jpeg)
                seq += 1

    for event in heapq.merge(pictures_as_events(), audio_frames(heard, zero), key=lambda event: event.time):
        writer.add(event)
        end = max(end, event.time + (FRAME_NS if event.stream == AUDIO else 1))
    return end


def _peek(items: Iterable) -> tuple[Iterator, tuple | None]:
    """Look at the first item, without taking it."""
    rest = iter(items)
    first = next(rest, None)
    return (rest, None) if first is None else (itertools.chain([first], rest), first)


def _file(path: Path, fps: float, look: Look) -> tuple[Sound | None, Iterable[Picture] | None]:
    has_sound, has_video = tracks(path)
    return sound(path, RATE_HZ) if has_sound else None, pictures(path, fps, look) if has_video else None


def _folder(path: Path, fps: float | None, look: Look) -> tuple[Sound | None, Iterable[Picture] | None]:
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    sounds = [file for file in files if file.suffix.lower() in SOUNDS]
    sounds = [file for file in sounds if file.stem == AUDIO] or sounds
    if len(sounds) > 1:
        raise RecordingError(f"{path}: holds {len(sounds)} sound files ({', '.join(file.name for file in sounds)}); leave one, or call it {AUDIO}")
    timed = _timed([file for file in files if file.suffix.lower() in PICTURES], fps)
    if not sounds and not timed:
        raise RecordingError(f"{path}: a folder with neither sound ({', '.join(SOUNDS)}) nor pictures ({', '.join(PICTURES)}); name another")
    if sounds and not tracks(sounds[0])[0]:
        raise RecordingError(f"{sounds[0]}: holds no sound; replace it")
    # Both are laid on the folder's own zero: a first picture at 12.5 s is not the session's begin.
    heard = itertools.chain([(0, np.zeros(0, "<i2"))], sound(sounds[0], RATE_HZ)) if sounds else None
    seen = (Picture(time, time + 1, picture_file(file, look)) for time, file in timed)
    return heard, itertools.chain([Picture(0, 0, None)], seen) if timed else None


def _timed(files: list[Path], fps: float | None) -> list[tuple[int, Path]]:
    """Read each picture's time off its name."""
    for file in files:
        if not re.fullmatch(r"\d+(\.\d+)?", file.stem):
            raise RecordingError(f"{file}: a picture's name is its time in seconds (12.5.jpg) or its index (0001.jpg); rename it")
    if all(file.stem.isdigit() for file in files):
        first = min((int(file.stem) for file in files), default=0)
        return sorted((round((int(file.stem) - first) * SECOND / (fps or FPS)), file) for file in files)
    timed = sorted((round(float(file.stem) * SECOND), file) for file in files)
    if fps is None:
        return timed
    slots = {int(time * fps / SECOND): (time, file) for time, file in reversed(timed)}
    return sorted(slots.values())
