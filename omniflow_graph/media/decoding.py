"""Decode media files: sound as mono samples, pictures as JPEG, both at the times at which they are to be presented."""

from __future__ import annotations

import io
import struct
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, seconds
from omniflow_graph.files import whole
from omniflow_graph.recording.framing import LARGEST

GAP_NS = 20_000_000  # time stamps jitter by less; what is more is silence that was not encoded
MOST_PIXELS = 50_000_000  # of one picture; a larger one is not decoded
LONGEST_GAP = seconds(24 * 3600)
ORIENTATION = 0x0112  # EXIF
# As ffmpeg calls them. It knows others that are lists of files to open, or addresses to listen at: concat, hls, dash, sdp, ...
CONTAINERS = "mov,matroska,wav,w64,flac,ogg,mp3,aac,avi,mpegts,mpeg,flv,asf,aiff,caf,au,amr,ac3,eac3,mxf,nut,ivf,gif,y4m,yuv4mpegpipe,tta,wv,ape"
WANTED = "wants mp4, mkv, webm, mov, wav, flac, ogg, opus, m4a or mp3"


class Look(NamedTuple):
    """Say how pictures are kept: scaled down to `width` pixels if they are wider, encoded with `quality`."""

    width: int | None = None
    quality: int = 85  # no blocks that a vision model could take for detail, at a third of the size of 95


class Slots:
    """Choose pictures: of each 1/fps of a second the first, or all if fps is None. Counts those that it drops."""

    def __init__(self, fps: float | None) -> None:
        self.fps, self.dropped = fps, 0
        self._per_second = None if fps is None else Fraction(fps).limit_denominator(1000)
        self._last: int | None = None

    def keep(self, time: int) -> bool:
        """Tell whether the picture at this time is kept. Times come in order."""
        if self._per_second is None:
            return True
        slot = int(time * self._per_second // SECOND)
        kept = self._last is None or slot > self._last
        self._last = slot if self._last is None else max(slot, self._last)
        self.dropped += not kept
        return kept


class Picture(NamedTuple):
    """Hold one decoded picture of a video, from `time` until the next one is due. `jpeg` is None if it is not kept."""

    time: int
    until: int
    jpeg: bytes | None


def tracks(path: Path) -> tuple[bool, bool]:
    """Tell whether a media file holds sound and whether it holds video. Raises RecordingError for another file."""
    with _decoding(path) as container:
        return bool(container.streams.audio), _video(container) is not None


def other_tracks(path: Path) -> list[str]:
    """Name the kinds of those tracks that are not the first sound and not the first video, such as subtitles."""
    with _decoding(path) as container:
        taken = {stream.index for stream in (*container.streams.audio[:1], _video(container)) if stream is not None}
        return [stream.type for stream in container.streams if stream.index not in taken]


def sound(path: Path, rate_hz: int, content: bytes | None = None) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first sound track as (time, int16 samples); where the time stamps leave a gap, time jumps.

    It is that of the file, or that of `content`, which was found in the file.
    """
    import av

    with _decoding(path, content) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
        start, taken, given = None, Fraction(0), 0  # nanoseconds; of input, in seconds; of output, in samples
        most = _length(container, rate_hz)
        stream = container.streams.audio[0]
        _codec(stream)
        for frame in container.decode(stream):
            time = None if frame.pts is None else round(frame.pts * frame.time_base * SECOND)
            if start is None:
                start = time or 0
            elif time is not None and (gap := time - start - taken * SECOND) > GAP_NS:
                if gap > LONGEST_GAP:
                    raise RecordingError(f"{path}: its sound jumps by {float(gap) / SECOND:g} s, more than a day; cut it there")
                start = round(time - taken * SECOND)
            taken += Fraction(frame.samples, frame.sample_rate)
            frame.pts = None  # the resampler wants no gaps
            for samples in _samples(resampler.resample(frame)):
                yield start + given * SECOND // rate_hz, samples[: most - given]
                given = min(given + len(samples), most)
        for samples in _samples(resampler.resample(None)):
            yield (start or 0) + given * SECOND // rate_hz, samples[: most - given]
            given = min(given + len(samples), most)


def resampled(heard: Iterable[tuple[int, np.ndarray]], from_hz: int, to_hz: int) -> Iterator[tuple[int, np.ndarray]]:
    """Bring mono sound to another rate, piece by piece; where its times leave a gap, the new one has it, too."""
    import av

    resampler, start, taken, given = None, 0, 0, 0

    def out(frame: Any) -> Iterator[tuple[int, np.ndarray]]:
        nonlocal given
        for samples in _samples(resampler.resample(frame) if resampler else []):
            yield start + given * SECOND // to_hz, samples
            given += len(samples)

    for time, samples in heard:
        if resampler is None or abs(time - start - taken * SECOND // from_hz) > GAP_NS:
            yield from out(None)
            resampler, start, taken, given = av.AudioResampler(format="s16", layout="mono", rate=to_hz), time, 0, 0
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="s16", layout="mono")
        frame.rate = from_hz
        taken += len(samples)
        yield from out(frame)
    yield from out(None)


def pictures(path: Path, slots: Slots, look: Look) -> Iterator[Picture]:
    """Yield the pictures of a video as they are to be seen, turned upright. The slots say which of them are kept."""
    with _decoding(path) as container:
        stream = _video(container)
        codec = _codec(stream)
        if codec.width * codec.height > MOST_PIXELS:
            raise RecordingError(f"{path}: is a video of {codec.width} x {codec.height}, more than {MOST_PIXELS} pixels; scale it down")
        codec.options = {"max_pixels": str(MOST_PIXELS)}  # what its frames say may be something else
        stream.thread_type = "AUTO"
        until = 0
        for frame in container.decode(stream):
            time = until if frame.pts is None else round(frame.pts * frame.time_base * SECOND)
            until = time + round((frame.duration or 0) * frame.time_base * SECOND)
            yield Picture(time, until, jpeg(upright(frame.to_image(), frame.rotation), look) if slots.keep(time) else None)


def _codec(stream: Any) -> Any:
    """Return what decodes a stream. Raises ValueError if nothing does: PyAV up to 17, the last for Python 3.10, would crash on it."""
    if stream.codec_context is None:
        raise ValueError("Decoder not found")
    return stream.codec_context


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
    return picture(whole(path, LARGEST), look, path)


def picture(content: bytes, look: Look, where: object) -> bytes:
    """Take an encoded JPEG or PNG as JPEG, as `picture_file` does. Raises RecordingError, which names `where` it stood."""
    from PIL import ImageOps

    with opened(content, f"{where}: is no picture that can be decoded", "wants JPEG or PNG") as image:
        as_it_is = image.format == "JPEG" and image.getexif().get(ORIENTATION, 1) == 1
        fits = look.width is None or image.width <= look.width
        return content if as_it_is and fits else jpeg(ImageOps.exif_transpose(image), look)


@contextmanager
def opened(content: bytes, refusal: str, way_out: str) -> Iterator[Any]:
    """Decode a JPEG or PNG, for a block. Raises RecordingError, with why between its two halves, if it is none or too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # what it warns of is refused here
            image = Image.open(io.BytesIO(content), formats=["JPEG", "PNG"])
        with image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height}, more than {MOST_PIXELS} pixels")
            image.load()
            yield image
    except RecordingError:
        raise
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        unknown = isinstance(error, UnidentifiedImageError)  # its words name an address
        words = "it does not begin like one" if unknown else " ".join(str(error).split())
        raise RecordingError(f"{refusal} ({words}); {way_out}") from None


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
def _decoding(path: Path, content: bytes | None = None) -> Iterator[Any]:
    import av
    from av.error import FFmpegError

    if content is None and path.exists() and not path.is_file():  # to open a pipe would wait for its writer
        raise RecordingError(f"{path}: is no file; {WANTED}")
    try:
        with av.open(str(path) if content is None else io.BytesIO(content), options={"format_whitelist": CONTAINERS}) as container:
            yield container
    except RecordingError:
        raise
    except (FFmpegError, OSError, ValueError, EOFError, ZeroDivisionError, IndexError) as error:
        words = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise RecordingError(f"{path}: cannot be decoded as sound or video ({words}); {WANTED}") from None
