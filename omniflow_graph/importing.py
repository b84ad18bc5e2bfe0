"""Turn media into recordings: videos, sound files, and folders with one sound file and pictures.

Sound becomes mono 16 kHz in frames of 20 ms on `env-audio`, pictures JPEG on `env-visual`. Decoders differ between
builds of ffmpeg, so a recording, not the video, is what a digest can be promised for.
"""

from __future__ import annotations

import heapq
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.recording import Manifest, StreamInfo, write_recording

AUDIO, VISUAL = "env-audio", "env-visual"
RATE_HZ, FRAME = 16_000, 320  # samples a second; samples in 20 ms
FRAME_NS = FRAME * SECOND // RATE_HZ
FPS = 2.0  # the model looks once a second; twice that keeps what a shorter window wants, and files small
PICTURES = (".jpg", ".jpeg", ".png")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a")


def import_media(
    source: str | os.PathLike[str], dest: str | os.PathLike[str], *, name: str | None = None, fps: float = FPS, licence: str = "", note: str = ""
) -> Manifest:
    """Write a recording from a video (mp4, mkv, webm, mov), a sound file, or a folder. Returns its manifest.

    A folder holds one sound file and pictures; a picture's name is its time in seconds (`12.5.jpg`), or, if all names
    are whole numbers, its index at `fps` pictures a second. Of a video at most `fps` pictures a second are kept;
    rotation is applied. Raises RecordingError if the source cannot be read.
    """
    path = Path(source)
    if not path.exists():
        raise RecordingError(f"{path}: there is no such file or folder")
    if not 0 < fps <= 1000:
        raise RecordingError(f"{path}: wants fps of more than 0 and at most 1000, got {fps}")
    sound, pictures = _folder(path, fps) if path.is_dir() else _file(path, fps)
    if sound is None and not pictures:
        raise RecordingError(f"{path}: holds neither sound nor pictures that can be decoded; wants a video, a sound file, or a folder of both")
    frames = list(audio_frames(sound)) if sound is not None else []
    last = max([event.time + 1 for event in pictures] + [len(frames) * FRAME_NS])
    streams = {
        VISUAL: StreamInfo("image", format="jpeg", events=len(pictures)),
        AUDIO: StreamInfo("audio", rate_hz=RATE_HZ, format="pcm-s16", events=len(frames)),
    }
    manifest = Manifest(name or path.stem, last, streams, source=note or path.name, licence=licence)
    write_recording(dest, manifest, heapq.merge(pictures, frames, key=lambda event: event.time))
    return manifest


def audio_frames(samples: np.ndarray) -> Iterator[Event[bytes]]:
    """Cut int16 samples at 16 kHz into frames of 20 ms; the last one is filled up with silence."""
    padded = np.concatenate([samples, np.zeros(-len(samples) % FRAME, "<i2")]).astype("<i2")
    for seq in range(len(padded) // FRAME):
        yield Event(seq * FRAME_NS, AUDIO, seq, padded[seq * FRAME : (seq + 1) * FRAME].tobytes())


def rotated(picture: np.ndarray, degrees: int) -> np.ndarray:
    """Turn a picture [h, w, 3] counter-clockwise by a multiple of 90 degrees, as a phone's video asks for."""
    return np.rot90(picture, degrees // 90 % 4)


def read_sound(path: Path) -> np.ndarray:
    """Read any sound file as mono int16 at 16 kHz. Raises RecordingError if it is none."""
    sound, _ = _file(path, FPS, want_pictures=False)
    if sound is None:
        raise RecordingError(f"{path}: holds no sound")
    return sound


def _file(path: Path, fps: float, want_pictures: bool = True) -> tuple[np.ndarray | None, list[Event[bytes]]]:
    import av

    try:
        with av.open(str(path)) as container:
            sound = _sound(container)
        with av.open(str(path)) as container:
            pictures = _pictures(container, fps) if want_pictures else []
    except (av.FFmpegError, OSError, ValueError, EOFError) as error:
        raise RecordingError(f"{path}: cannot be decoded as sound or video ({error}); wants mp4, mkv, webm, wav, flac, ogg or opus") from None
    return sound, pictures


def _sound(container: Any) -> np.ndarray | None:
    """Decode the first sound track, laid where its time stamps say."""
    import av

    if not container.streams.audio:
        return None
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    parts: list[np.ndarray] = []
    offset = None
    for frame in container.decode(container.streams.audio[0]):
        if offset is None:
            offset = max(0, round(float(frame.time or 0) * RATE_HZ))
        parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
    parts += [out.to_ndarray()[0] for out in resampler.resample(None)]
    return np.concatenate([np.zeros(offset or 0, "<i2"), *parts]) if parts else None


def _pictures(container: Any, fps: float) -> list[Event[bytes]]:
    """Decode the first video track; of each 1/fps of a second the first picture is kept."""
    events: list[Event[bytes]] = []
    slot = -1
    for frame in container.decode(container.streams.video[0]) if container.streams.video else ():
        time = max(0, round(float(frame.time or 0) * SECOND))
        if int(time * fps / SECOND + 1e-6) > slot:
            slot = int(time * fps / SECOND + 1e-6)
            picture = rotated(frame.to_ndarray(format="rgb24"), int(getattr(frame, "rotation", 0) or 0))
            events.append(Event(time, VISUAL, len(events), _jpeg(picture)))
    return events


def _jpeg(picture: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _folder(path: Path, fps: float) -> tuple[np.ndarray | None, list[Event[bytes]]]:
    files = sorted(path.iterdir())
    sounds = [file for file in files if file.suffix.lower() in SOUNDS]
    if len(sounds) > 1:
        raise RecordingError(f"{path}: holds {len(sounds)} sound files ({', '.join(file.name for file in sounds)}); wants one")
    timed = sorted((_time(file, fps, files), file) for file in files if file.suffix.lower() in PICTURES)
    pictures = [Event(time, VISUAL, seq, _as_jpeg(file)) for seq, (time, file) in enumerate(timed)]
    return read_sound(sounds[0]) if sounds else None, pictures


def _time(file: Path, fps: float, files: list[Path]) -> int:
    if not re.fullmatch(r"\d+(\.\d+)?", file.stem):
        raise RecordingError(f"{file}: a picture's name is its time in seconds (12.5.jpg) or its index (0001.jpg); rename it")
    indices = all(other.stem.isdigit() for other in files if other.suffix.lower() in PICTURES)
    return round(int(file.stem) * SECOND / fps) if indices else round(float(file.stem) * SECOND)


def _as_jpeg(file: Path) -> bytes:
    """Return a JPEG file's own bytes; another picture is encoded. Raises RecordingError if it is none."""
    from PIL import Image

    content = file.read_bytes()
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
            if image.format == "JPEG":
                image.verify()
                return content
            return _jpeg(np.asarray(image.convert("RGB")))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecordingError(f"{file}: is no picture that can be decoded ({error})") from None
