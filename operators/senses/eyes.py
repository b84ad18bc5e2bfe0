"""Tell when the scene changes: each picture against the one before it."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph import Event, Jpeg, RecordingError, Wake
from omniflow_graph.events import SECOND

WIDTH, HEIGHT = 16, 12  # of the thumbnails that are compared
MOST_PIXELS = 50_000_000  # a larger picture is not decoded
CHANGED = 180  # permille of the brightness range, on the mean: another scene; slow pans stay below 140, cuts are above 210


class Glance(NamedTuple):
    """Say what a picture shows against the one before: how much changed, and how many scenes there were so far."""

    change: int  # permille
    scene: int  # counted from 1; 0 if nothing could be seen yet
    cut: bool  # this picture begins another scene
    broken: bool = False  # it could not be decoded; nothing else changes


class Eyes(NamedTuple):
    """Remember the last picture, small, and the number of the scene."""

    last: bytes = b""
    scene: int = 0


def see(eyes: Eyes, cause: Event[Jpeg] | Wake) -> tuple[Eyes, list[tuple[int, Glance] | Wake]]:
    """Answer each picture with what changed. A picture that cannot be decoded is reported, not an error."""
    if isinstance(cause, Wake):
        return eyes, []
    small = thumbnail(picture_of(cause))
    if small is None:
        return eyes, [(cause.time, Glance(0, eyes.scene, False, True))]
    before = np.frombuffer(eyes.last or small, np.uint8).astype(np.int32)
    difference = int(np.abs(np.frombuffer(small, np.uint8) - before).sum())
    return _seen(eyes, small, difference * 1000 // (255 * WIDTH * HEIGHT), cause.time)


def see_fast(eyes: Eyes, cause: Event[Jpeg] | Wake) -> tuple[Eyes, list[tuple[int, Glance] | Wake]]:
    """Answer each picture with whether its bytes are others than before; nothing is decoded."""
    if isinstance(cause, Wake):
        return eyes, []
    picture = picture_of(cause)
    return _seen(eyes, picture, 1000 if eyes.last and eyes.last != picture else 0, cause.time)


def picture_of(event: Event[Jpeg]) -> bytes:
    """Return an encoded picture. Raises RecordingError for what cannot be one."""
    if type(event.data) is not bytes:
        where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
        raise RecordingError(
            f"{where}: wants a JPEG or PNG as bytes, got {type(event.data).__name__}; `omniflow import` makes recordings of pictures"
        )
    return event.data


def _seen(eyes: Eyes, picture: bytes, change: int, time: int) -> tuple[Eyes, list[tuple[int, Glance] | Wake]]:
    cut = eyes.scene > 0 and change >= CHANGED
    scene = max(eyes.scene, 1) + cut
    return Eyes(picture, scene), [(time, Glance(change, scene, cut))]


def thumbnail(picture: bytes) -> bytes | None:
    """Decode a picture to 16x12 grey pixels; None if it is broken or too large to be one."""
    from PIL import Image

    try:
        with _begun(picture) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("L", (4 * WIDTH, 4 * HEIGHT))  # decode at an eighth of the size where the format can
            return image.convert("L").resize((WIDTH, HEIGHT), Image.Resampling.BOX).tobytes()
    except (OSError, ValueError, SyntaxError):
        return None


def _begun(picture: bytes) -> Any:
    """Read the head of a JPEG or PNG. PIL's own way in would look at the size, too, and warn of it on stderr."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    return (PngImageFile if picture.startswith(b"\x89PNG") else JpegImageFile)(io.BytesIO(picture))
