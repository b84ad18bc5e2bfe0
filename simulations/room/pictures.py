"""Draw what a camera sees: a small picture for any name, as PNG, the same bytes on every machine."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from hashlib import blake2b

import numpy as np

WIDTH, HEIGHT = 64, 48
COLUMNS, ROWS = 16, 12
DARK = "dark"
NANO = "nano "  # begins the name of a picture of nano's world


@lru_cache(maxsize=256)
def picture(scene: str) -> bytes:
    """Draw a scene: fields of two colours, as its name decides; "dark" is black, "nano ..." is of nano's world.

    >>> picture("a lamp") == picture("a lamp"), picture("a lamp") == picture("a kettle"), picture("dark")[1:4]
    (True, False, b'PNG')
    """
    if scene.startswith(NANO):
        from simulations.nano.sessions import pixels

        return png(pixels(scene))
    return png(np.zeros((HEIGHT, WIDTH, 3), np.uint8) if scene == DARK else _fields(scene))


def png(pixels: np.ndarray, *, pack: bool = False) -> bytes:
    """Write pixels, uint8 [height, width, 3], as PNG: stored as they are, since a compressor's version would show, or packed."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9) if pack else _stored(rows)) + _chunk(b"IEND", b"")


def _fields(scene: str) -> np.ndarray:
    """Lay out light and dark fields; half of them differ between two scenes, so that eyes tell any two apart."""
    drawn = np.frombuffer(blake2b(scene.encode(), digest_size=ROWS * COLUMNS // 8 + 6).digest(), np.uint8)
    colours = drawn[-6:].reshape(2, 3) // 4 + np.array([[0], [192]], np.uint8)
    fields = colours[np.unpackbits(drawn[:-6]).reshape(ROWS, COLUMNS)]
    return fields.repeat(HEIGHT // ROWS, axis=0).repeat(WIDTH // COLUMNS, axis=1)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _stored(content: bytes) -> bytes:
    """Wrap bytes as a zlib stream of stored blocks (RFC 1950, RFC 1951 3.2.4)."""
    blocks = [content[at : at + 0xFFFF] for at in range(0, len(content), 0xFFFF)]
    stored = [struct.pack("<BHH", n == len(blocks), len(block), 0xFFFF ^ len(block)) + block for n, block in enumerate(blocks, 1)]
    return b"\x78\x01" + b"".join(stored) + struct.pack(">I", zlib.adler32(content))
