"""Small pictures, and heads of pictures that lie."""

from __future__ import annotations

import io

from PIL import Image


def jpeg(width: int = 4, height: int = 2, colour: tuple[int, int, int] = (200, 10, 10)) -> bytes:
    """Return a JPEG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "JPEG")
    return out.getvalue()


def lying(width: int, height: int) -> bytes:
    """Return a JPEG whose head says that it is of this size."""
    data, size = jpeg(), b"\xff\xc0\x00\x11\x08"
    at = data.index(size) + len(size)
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


JPEG = jpeg()
