"""Turn recordings into media: a video to watch, or a folder of sound, pictures and text that imports again."""

from __future__ import annotations

import itertools
import json
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.files import unblock
from omniflow_graph.media.decoding import opened
from omniflow_graph.recording import Recording
from omniflow_graph.recording.wire import readable

VIDEOS = {".mp4": "mp4", ".mkv": "matroska"}
MIX_HZ = 48_000  # what every player takes, and a multiple of 16 and 24 kHz
BLOCK = 1 << 16  # samples that are worked on at a time
MOST_SAMPLES = (2**32 - 1 - 36) // 2  # a WAV file's length has 32 bits
MILLISECOND = Fraction(1, 1000)


def export_media(recording: Recording, dest: str | os.PathLike[str]) -> list[Path]:
    """Write a recording's streams to a video (.mp4, .mkv) or a new folder. Returns the files written.

    A video holds the first picture stream and all sound, mixed. A folder holds, exactly, one WAV per sound stream,
    each picture named by its time in seconds (those of a second stream in a folder of its name), one .jsonl per text or
    value stream, and the manifest; `import_media` gives `env-audio` and the pictures back as they were. Raises
    RecordingError if there is nothing to write or no place to write to.
    """
    path = Path(dest)
    counts: dict[str, int] = {}
    for event in recording.events():
        counts[event.stream] = counts.get(event.stream, 0) + 1
    held = [name for name in recording.manifest.streams if name in counts]
    if not held:
        raise RecordingError(f"{recording.path}: holds no events to export; if its input stands by reference, export the recording it came from")
    if path.suffix and path.suffix.lower() not in VIDEOS and not path.is_dir():
        raise RecordingError(f"{path}: wants a name that ends in {' or '.join(VIDEOS)}, or a folder")
    try:
        return [_video(recording, path, held)] if path.suffix.lower() in VIDEOS else _folder(recording, path, held)
    except OSError as error:  # FFmpeg's errors are OSErrors, too
        raise RecordingError(f"{path}: cannot be written ({error.strerror or error}); name another place") from None


def sound_of(recording: Recording, stream: str) -> np.ndarray:
    """Join a sound stream's pieces as int16, each where its time says; a piece that comes early replaces what it meets.

    Raises RecordingError for more than a WAV file holds.
    """
    rate, form = _rate(recording, stream), recording.manifest.streams[stream].format
    if form not in (None, "pcm-s16"):
        raise RecordingError(f"{recording.path}: stream {stream!r} has the format {form!r}, and only pcm-s16 can be exported; leave it out")
    spans, at = [], 0
    for event in recording.events([stream]):
        samples = np.frombuffer(event.data, "<i2")
        start = round(event.time * rate / SECOND)
        start = at if abs(start - at) <= 1 else start  # times are whole nanoseconds, samples are not
        spans.append((start, samples))
        at = start + len(samples)
        if at > MOST_SAMPLES:
            raise RecordingError(
                f"{recording.path}: stream {stream!r} sounds at {event.time / SECOND:g} s, at {rate} Hz more than the 4 GB that a WAV file "
                "holds; cut it into shorter recordings"
            )
    out = np.zeros(max((start + len(samples) for start, samples in spans), default=0), "<i2")
    for start, samples in spans:
        out[start : start + len(samples)] = samples
    return out


def _rate(recording: Recording, stream: str) -> int:
    rate = recording.manifest.streams[stream].rate_hz
    if not rate:
        raise RecordingError(f"{recording.path}: stream {stream!r} has no rate_hz in the manifest; write it again with one")
    return rate


def _folder(recording: Recording, path: Path, held: list[str]) -> list[Path]:
    if path.is_dir() and any(path.iterdir()):
        raise RecordingError(f"{path}: is not empty; name a new folder")
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        _fill(recording, path, held, written)
    except BaseException:  # half of it would be taken for all
        for file in written:
            file.unlink(missing_ok=True)
        for folder in (*{file.parent for file in written if file.parent != path}, *made):
            folder.rmdir()
        raise
    return written


def _fill(recording: Recording, path: Path, held: list[str], written: list[Path]) -> None:
    """Write a folder's files, and name each in `written` before it is there."""
    written.append(path / "manifest.json")
    written[0].write_text(json.dumps(asdict(recording.manifest), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    first = next((name for name in held if recording.manifest.streams[name].kind == "image"), None)
    for name in held:
        info = recording.manifest.streams[name]
        if info.kind == "audio":
            written.append(path / f"{_file_name(name)}.wav")
            samples = sound_of(recording, name)
            blocks = (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))  # one copy of it is enough
            write_wav(written[-1], blocks, len(samples), _rate(recording, name))
        elif info.kind == "image":
            folder = path if name == first else path / _file_name(name)
            _pictures(recording, name, folder, "png" if info.format == "png" else "jpg", written)
        else:
            written.append(path / f"{_file_name(name)}.jsonl")
            with open(written[-1], "w", encoding="utf-8") as file:
                file.writelines(_line(event) for event in recording.events([name]))


def write_wav(path: Path, blocks: Iterable[np.ndarray], count: int, rate: int, channels: int = 1) -> None:
    """Write `count` int16 samples a channel, given in blocks [n] or [n, channels], up to MOST_SAMPLES in all."""
    frame = 2 * channels  # bytes
    size = frame * count
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels, rate, frame * rate % 2**32, frame, 16, b"data", size
    )
    with open(path, "wb") as file:
        file.write(head)
        for block in blocks:
            file.write(block.tobytes())


def _pictures(recording: Recording, stream: str, folder: Path, suffix: str, written: list[Path]) -> None:
    folder.mkdir(exist_ok=True)
    for event in recording.events([stream]):
        written.append(folder / f"{event.time // SECOND:06}.{event.time % SECOND:09}.{suffix}")
        written[-1].write_bytes(event.data)


def _line(event: Event[Any]) -> str:
    return json.dumps({"time_s": event.time / SECOND, "seq": event.seq, "data": readable(event.data)}, ensure_ascii=False) + "\n"


def _file_name(stream: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)


def _video(recording: Recording, path: Path, held: list[str]) -> Path:
    import av
    from av.error import FFmpegError

    streams = recording.manifest.streams
    pictures = next((name for name in held if streams[name].kind == "image"), None)
    sounds = [name for name in held if streams[name].kind == "audio"]
    if pictures is None and not sounds:
        raise RecordingError(f"{recording.path}: holds neither sound nor pictures, so no video can be made; export it to a folder")
    part = path.with_name(path.name + ".part")
    unblock(part)
    try:
        with av.open(str(part), "w", format=VIDEOS[path.suffix.lower()]) as container:
            container.metadata.update({"title": recording.manifest.session, "copyright": recording.manifest.licence})
            # All streams stand before the first packet: the container writes its header then.
            video = _video_stream(container, recording, pictures) if pictures else None
            audio = container.add_stream("aac", rate=MIX_HZ, layout="mono") if sounds else None
            if pictures:
                _mux_pictures(container, video, recording, pictures)
            if sounds:
                _mux_sound(container, audio, recording, sounds)
        if not part.exists():  # the container is written with the first packet
            raise RecordingError(f"{recording.path}: holds sound without samples, so no video can be made; export it to a folder")
        os.replace(part, path)
    except (FFmpegError, ValueError, OverflowError) as error:
        if isinstance(error, RecordingError):
            raise
        words = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise RecordingError(f"{path}: cannot be written ({words}); name another place, or export to a folder") from None
    finally:
        part.unlink(missing_ok=True)
    return path


def _video_stream(container: Any, recording: Recording, pictures: str) -> Any:
    import av

    first = _decoded(recording, next(recording.events([pictures])))
    stream = container.add_stream("libx264" if "libx264" in av.codecs_available else "mpeg4", rate=25)
    stream.codec_context.time_base = MILLISECOND
    stream.width, stream.height, stream.pix_fmt = first.width // 2 * 2 or 2, first.height // 2 * 2 or 2, "yuv420p"
    return stream


def _mux_pictures(container: Any, stream: Any, recording: Recording, pictures: str) -> None:
    import av

    last = -1
    for event in recording.events([pictures]):
        frame = av.VideoFrame.from_image(_decoded(recording, event)).reformat(stream.width, stream.height, "yuv420p")
        last = max(round(event.time / 1_000_000), last + 1)  # two pictures of one time would be refused
        frame.pts, frame.time_base = last, MILLISECOND
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _mixed(recording: Recording, sounds: list[str], size: int) -> Iterator[np.ndarray]:
    """Add up all sound at one rate, in pieces of this size; what is too loud is clipped."""
    parts = [_resampled(sound_of(recording, name), _rate(recording, name), size) for name in sounds]
    for pieces in itertools.zip_longest(*parts, fillvalue=np.zeros(0, "<i2")):
        out = np.zeros(max(map(len, pieces)), np.int32)
        for piece in pieces:
            out[: len(piece)] += piece
        yield np.clip(out, -32768, 32767).astype("<i2")


def _resampled(samples: np.ndarray, rate: int, size: int) -> Iterator[np.ndarray]:
    """Bring sound to MIX_HZ, in pieces of this size; the last one may be shorter."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=MIX_HZ)
    rest = np.zeros(0, "<i2")
    for start in range(0, len(samples) + BLOCK, BLOCK):
        frame = None
        if start < len(samples):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, start : start + BLOCK]), format="s16", layout="mono")
            frame.rate = rate
        rest = np.concatenate([rest, *(out.to_ndarray()[0] for out in resampler.resample(frame))])
        whole = len(rest) // size * size
        yield from rest[:whole].reshape(-1, size)
        rest = rest[whole:]
    if len(rest):
        yield rest


def _mux_sound(container: Any, stream: Any, recording: Recording, sounds: list[str]) -> None:
    import av

    size, start = stream.codec_context.frame_size or 1024, 0
    for samples in _mixed(recording, sounds, size):
        floats = (samples / np.float32(32768)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(floats[None], format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = MIX_HZ, start, Fraction(1, MIX_HZ)
        container.mux(stream.encode(frame))
        start += len(floats)
    container.mux(stream.encode(None))


def _decoded(recording: Recording, event: Event[bytes]) -> Any:
    refusal = f"{recording.path}: the picture on {event.stream!r} at {event.time} ns cannot be decoded"
    with opened(event.data, refusal, "export to a folder") as image:
        return image.convert("RGB")
