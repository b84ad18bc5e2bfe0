"""Make pictures small enough for a page, and leave out those that show nothing new where there are too many."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from omniflow_graph import Event

HEIGHT = 72
MOST = 900  # pictures on one page
QUALITY = 60


def thumbnails(pictures: Iterable[Event[bytes]]) -> list[tuple[int, bytes]]:
    """Return (time, JPEG) of pictures, each once while it stays the same; evenly chosen where there are more than fit."""
    found: list[tuple[int, bytes]] = []
    last = b""
    for event in pictures:
        if event.data != last:
            found.append((event.time, event.data))
            last = event.data
    return [(time, small) for time, picture in _fewer(found) if (small := thumbnail(picture))]


def thumbnail(picture: bytes) -> bytes | None:
    """Shrink a picture to 72 rows; None if it cannot be decoded, or is too large to be one."""
    from PIL import Image

    from operators.senses.eyes import MOST_PIXELS

    try:
        with Image.open(io.BytesIO(picture), formats=["JPEG", "PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.draft("RGB", (image.width * HEIGHT // image.height, HEIGHT))
            small = image.convert("RGB").resize((max(image.width * HEIGHT // image.height, 1), HEIGHT))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _fewer(of: Sequence[tuple[int, bytes]]) -> Sequence[tuple[int, bytes]]:
    return of if len(of) <= MOST else [of[n * len(of) // MOST] for n in range(MOST)]
