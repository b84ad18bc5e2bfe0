"""Turn recordings into media: a video to watch, or a folder of sound, pictures and text."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event
from omniflow_graph.recording import Recording
from omniflow_graph.wire import shown

VIDEOS = (".mp4", ".mkv")


def export_media(recording: Recording, dest: str | os.PathLike[str]) -> list[Path]:
    """Write a recording's streams to a video (.mp4, .mkv) or a folder. Returns the files written.

    A video holds the first picture stream and the first sound stream. A folder holds one WAV per sound stream, each
    picture named by its time in seconds, and one .jsonl per text or value stream; sound and pictures of one stream
    each import again as they were. Raises RecordingError if there is nothing to write or no place to write to.
    """
    path = Path(dest)
    held = [name for name, info in recording.manifest.streams.items() if any(True for _ in recording.events([name]))]
    if not held:
        raise RecordingError(f"{recording.path}: holds no events; its input may stand by reference, replay with --copy-inputs")
    try:
        return [_video(recording, path, held)] if path.suffix.lower() in VIDEOS else _folder(recording, path, held)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error})") from None


def sound_of(recording: Recording, stream: str) -> np.ndarray:
    """Join a sound stream's frames, each where its time says. Returns int16."""
    rate = recording.manifest.streams[stream].rate_hz or 16_000
    spans = [(round(e.time * rate / SECOND), np.frombuffer(e.data, "<i2")) for e in recording.events([stream])]
    out = np.zeros(max((start + len(samples) for start, samples in spans), default=0), "<i2")
    for start, samples in spans:
        out[start : start + len(samples)] = samples
    return out


def _folder(recording: Recording, path: Path, held: list[str]) -> list[Path]:
    import soundfile

    path.mkdir(parents=True, exist_ok=True)
    written = []
    for name in held:
        info = recording.manifest.streams[name]
        if info.kind == "audio":
            written.append(path / f"{_file_name(name)}.wav")
            soundfile.write(written[-1], sound_of(recording, name), info.rate_hz or 16_000, subtype="PCM_16")
        elif info.kind == "image":
            for event in recording.events([name]):
                written.append(path / f"{event.time / SECOND:.9f}.jpg")
                written[-1].write_bytes(event.data)
        else:
            written.append(path / f"{_file_name(name)}.jsonl")
            written[-1].write_text("".join(_line(event) for event in recording.events([name])), encoding="utf-8")
    return written


def _line(event: Event[Any]) -> str:
    return json.dumps({"time_s": event.time / SECOND, "seq": event.seq, "data": event.data}, default=shown, ensure_ascii=False) + "\n"


def _file_name(stream: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)


def _video(recording: Recording, path: Path, held: list[str]) -> Path:
    import av

    streams = recording.manifest.streams
    pictures = next((name for name in held if streams[name].kind == "image"), None)
    sound = next((name for name in held if streams[name].kind == "audio"), None)
    with av.open(str(path), "w") as container:
        # All streams stand before the first packet: some containers write their header then.
        video = _video_stream(container, recording, pictures) if pictures else None
        audio = container.add_stream("aac", rate=streams[sound].rate_hz or 16_000, layout="mono") if sound else None
        if video is not None and pictures:
            _mux_pictures(container, video, recording, pictures)
        if audio is not None and sound:
            _mux_sound(container, audio, sound_of(recording, sound), streams[sound].rate_hz or 16_000)
    return path


def _video_stream(container: Any, recording: Recording, pictures: str) -> Any:
    import av

    first = _decoded(next(recording.events([pictures])).data)
    stream = container.add_stream("libx264" if "libx264" in av.codecs_available else "mpeg4", rate=1000)
    stream.width, stream.height = first.shape[1] // 2 * 2, first.shape[0] // 2 * 2
    stream.pix_fmt = "yuv420p"
    return stream


def _mux_pictures(container: Any, stream: Any, recording: Recording, pictures: str) -> None:
    from fractions import Fraction

    import av

    for event in recording.events([pictures]):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(_decoded(event.data)), format="rgb24").reformat(
            stream.width, stream.height, "yuv420p"
        )
        frame.pts, frame.time_base = event.time // 1_000_000, Fraction(1, 1000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _mux_sound(container: Any, stream: Any, samples: np.ndarray, rate: int) -> None:
    import av

    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.rate, frame.pts = rate, 0
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
    fifo = av.AudioFifo()
    for out in resampler.resample(frame):
        fifo.write(out)
    while (out := fifo.read(1024, partial=True)) is not None:
        container.mux(stream.encode(out))
    container.mux(stream.encode(None))


def _decoded(picture: bytes) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
