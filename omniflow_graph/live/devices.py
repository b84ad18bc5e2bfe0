"""Read what is plugged in: a camera's pictures as JPEG, by av; a microphone's sound in frames of 20 ms, by sounddevice."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

RATE_HZ, FRAME = 16_000, 320  # samples: 20 ms
FRAME_NS = 20_000_000
QUALITY = 90
LOOKS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}  # what reads cameras, by system


class Sensed(NamedTuple):
    """Hold what a device gave, and how long before it was given that had begun, in ns."""

    data: bytes
    age: int


def camera(device: str, fps: float) -> Iterator[Sensed]:
    """Open a camera, and return its pictures as JPEG, at most `fps` a second by its own time, until there are no more.

    A device is what the system calls it, as in `/dev/video0`, or `FORMAT:NAME` of libavdevice, as in `lavfi:testsrc` (a test picture).
    Raises ValueError if it cannot be opened.
    """
    import av

    form, name = _form(device)
    try:
        container: Any = av.open(name, format=form)
    except (OSError, ValueError) as error:
        raise ValueError(f"camera {device!r}: cannot be opened ({_short(error)}); wants a device such as /dev/video0, or FORMAT:NAME") from None
    if not container.streams.video:
        container.close()
        raise ValueError(f"camera {device!r}: gives no pictures; name a device that does, such as /dev/video0")
    return _pictures(container, fps)


def _pictures(container: Any, fps: float) -> Iterator[Sensed]:
    with closing(container):
        yield from (Sensed(_jpeg(frame), 0) for frame in thinned(container.decode(video=0), fps))


def thinned(frames: Iterable[Any], fps: float) -> Iterator[Any]:
    """Keep the first of the frames in each 1/fps of their own time (`time`, in seconds); one that has none is kept."""
    last = None
    for frame in frames:
        span = None if frame.time is None else int(frame.time * fps + 1e-6)
        if span is None or span != last:
            last = span
            yield frame


def microphone(device: str) -> Iterator[Sensed]:
    """Open a microphone, and return its sound, 20 ms of 16 kHz mono at a time, as 16 bits, without an end.

    A device is its number, a part of its name, or `default`. Raises ValueError without sounddevice or such a device.
    """
    try:
        import sounddevice  # type: ignore[import-not-found]
    except (ImportError, OSError) as error:
        raise ValueError(f"microphone {device!r}: no sound card can be read ({_short(error)}); pip install sounddevice") from None
    chosen = None if device == "default" else int(device) if device.isdecimal() else device
    try:
        stream = sounddevice.RawInputStream(samplerate=RATE_HZ, channels=1, dtype="int16", device=chosen, blocksize=FRAME)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise ValueError(f"microphone {device!r}: cannot be opened ({_short(error)}); `python -m sounddevice` lists what there is") from None
    return _sound(stream)


def _sound(stream: Any) -> Iterator[Sensed]:
    with stream:
        while True:
            data, _ = stream.read(FRAME)
            yield Sensed(bytes(data), FRAME_NS)


def _form(device: str) -> tuple[str, str]:
    """Return what reads a device, and its name there."""
    form, sign, name = device.partition(":")
    if sign and name and not device.startswith(os.sep) and len(form) > 1:
        return form, name
    return LOOKS.get(sys.platform, "v4l2"), device


def _jpeg(frame: Any) -> bytes:
    out = io.BytesIO()
    frame.to_image().save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
