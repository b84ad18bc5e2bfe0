"""Decode media files: sound as mono samples, pictures as JPEG, both at the times at which they are to be presented."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND

GAP_NS = 20_000_000  # time stamps jitter by less; what is more is silence that was not encoded
ORIENTATION = 0x0112  # EXIF
WANTED = "wants mp4, mkv, webm, mov, wav, flac, ogg, opus, m4a or mp3"


class Look(NamedTuple):
    """Say how pictures are kept: scaled down to `width` pixels if they are wider, encoded with `quality`."""

    width: int | None = None
    quality: int = 85  # no blocks that a vision model could take for detail, at a third of the size of 95


class Picture(NamedTuple):
    """Hold one decoded picture of a video, from `time` until the next one is due. `jpeg` is None if it is not kept."""

    time: int
    until: int
    jpeg: bytes | None


def tracks(path: Path) -> tuple[bool, bool]:
    """Tell whether a media file holds sound and whether it holds video. Raises RecordingError for another file."""
    with _decoding(path) as container:
        return bool(container.streams.audio), _video(container) is not None


def sound(path: Path, rate_hz: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first sound track as (time, int16 samples); where the time stamps leave a gap, time jumps."""
    import av

    with _decoding(path) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        start, taken, given = None, Fraction(0), 0  # nanoseconds; of input, in seconds; of output, in samples
        most = _length(container, rate_hz)
        for frame in container.decode(container.streams.audio[0]):
            time = None if frame.pts is None else round(frame.pts * frame.time_base * SECOND)
            if start is None:
                start = time or 0
            elif time is not None and time - start - taken * SECOND > GAP_NS:
                start = round(time - taken * SECOND)
            taken += Fraction(frame.samples, frame.sample_rate)
            frame.pts = None  # the resampler wants no gaps
            for samples in _samples(resampler.resample(frame)):
                yield start + given * SECOND // rate_hz, samples[: most - given]
                given = min(given + len(samples), most)
        for samples in _samples(resampler.resample(None)):
            yield (start or 0) + given * SECOND // rate_hz, samples[: most - given]
            given = min(given + len(samples), most)


def pictures(path: Path, fps: float, look: Look) -> Iterator[Picture]:
    """Yield the pictures of a video as they are to be seen, turned upright. Of each 1/fps of a second the first is kept."""
    with _decoding(path) as container:
        stream = _video(container)
        stream.thread_type = "AUTO"
        per_second = Fraction(fps).limit_denominator(1000)
        slot, until = None, 0
        for frame in container.decode(stream):
            time = until if frame.pts is None else round(frame.pts * frame.time_base * SECOND)
            until = time + round((frame.duration or 0) * frame.time_base * SECOND)
            due = int(time * per_second // SECOND)
            yield Picture(time, until, jpeg(upright(frame.to_image(), frame.rotation), look) if slot is None or due > slot else None)
            slot = due if slot is None else max(due, slot)


def upright(image: Any, degrees: int) -> Any:
    """Turn a PIL image counter-clockwise by a multiple of 90 degrees, as the rotation of a phone's video asks for."""
    from PIL import Image

    turns = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
    turn = round(degrees / 90) % 4
    return image.transpose(turns[turn]) if turn else image


def jpeg(image: Any, look: Look) -> bytes:
    """Encode a PIL image."""
    if look.width is not None and image.width > look.width:
        image = image.resize((look.width, max(1, round(image.height * look.width / image.width))))
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=look.quality)
    return out.getvalue()


def picture_file(path: Path, look: Look) -> bytes:
    """Read a JPEG or PNG file as JPEG: a JPEG's own bytes, unless it has to be turned or is too wide.

    Raises RecordingError if it is neither, or is damaged.
    """
    from PIL import Image, ImageOps

    content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
            image.load()
            as_it_is = image.format == "JPEG" and image.getexif().get(ORIENTATION, 1) == 1
            fits = look.width is None or image.width <= look.width
            return content if as_it_is and fits else jpeg(ImageOps.exif_transpose(image), look)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecordingError(f"{path}: is no picture that can be decoded ({error}); wants JPEG or PNG") from None


def _length(container: Any, rate_hz: int) -> int:
    """Return how many samples the sound track has: mp4 says so, and what its last packet holds beyond that is padding."""
    track = container.streams.audio[0]
    if "mp4" not in container.format.name or not track.duration:
        return sys.maxsize
    return round(track.duration * track.time_base * rate_hz)


def _samples(frames: list[Any]) -> Iterator[np.ndarray]:
    return (frame.to_ndarray()[0].astype("<i2", copy=False) for frame in frames if frame.samples)


def _video(container: Any) -> Any:
    """Find the first video track that is more than the cover of an album."""
    from av.stream import Disposition

    return next((stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic), None)


@contextmanager
def _decoding(path: Path) -> Iterator[Any]:
    import av
    from av.error import FFmpegError

    try:
        with av.open(str(path)) as container:
            yield container
    except RecordingError:
        raise
    except (FFmpegError, OSError, ValueError, EOFError) as error:
        words = getattr(error, "strerror", None) or error
        raise RecordingError(f"{path}: cannot be decoded as sound or video ({words}); {WANTED}") from None
