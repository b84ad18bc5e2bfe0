"""What a codec makes of a message: records, or a CodecError. Nothing else leaves it, whatever comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from omniflow_graph.media.payloads import Jpeg

MOST_BYTES = 8 << 20  # of one part; the sockets refuse more, too
MOST_PIXELS = 4096 * 4096
LIMIT = 1 << 63  # of numbers and times: what a recording can hold


class CodecError(ValueError):
    """Say why a message on the wire is no record."""


class Record(NamedTuple):
    """Hold what one sensor said at one moment."""

    stream: str
    data: Any
    captured: int | None = None  # ns, by the sender's clock
    seq: int | None = None  # the sender's
    session: str | None = None  # None: that of the endpoint
    clock: str = ""  # which clock `captured` was read from; only those of one name are compared
    generation: int | None = None  # of the sender: a later one replaces it


Writer = Callable[[Record], list[bytes]]  # the parts of a message that holds it, as far as its format can


class Codec(NamedTuple):
    """Say how messages of one stream are read. A stream of which a message holds nothing gets no record."""

    kind: str  # of the stream: audio, image, text, value
    parts: int  # a message has up to so many
    read: Callable[[Sequence[bytes]], list[Record]]  # raises CodecError, and nothing else
    rate_hz: int | None = None
    format: str | None = None


def checked_parts(whose: str, parts: Sequence[bytes], *wanted: int) -> None:
    """Raise CodecError for a message of another number of parts, or with one that is too long."""
    if len(parts) not in wanted:
        raise CodecError(f"{whose}: wants {' or '.join(map(str, wanted))} part{'s' * (wanted != (1,))}, got {len(parts)}")
    if any(len(part) > MOST_BYTES for part in parts):
        raise CodecError(f"{whose}: a part of more than {MOST_BYTES >> 20} MB")


def checked_picture(whose: str, data: bytes) -> Jpeg:
    """Return a JPEG or PNG of which the head says that it may be decoded. Raises CodecError for anything else."""
    width, height = picture_size(whose, data)
    if not 0 < width * height <= MOST_PIXELS:
        raise CodecError(f"{whose}: a picture of {width} x {height}, wants 1 to {MOST_PIXELS} pixels")
    return Jpeg(data)


def picture_size(whose: str, data: bytes) -> tuple[int, int]:
    """Read (width, height) off the head of a JPEG (ITU T.81, B.2.2) or PNG without decoding it. Raises CodecError."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data[:2] != b"\xff\xd8":
        raise CodecError(f"{whose}: no JPEG or PNG")
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        elif marker in (0xD9, 0xDA):  # the end, or a scan: too early
            break
        else:
            at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    raise CodecError(f"{whose}: a JPEG without a frame header")


def unix_ns(whose: str, stamp: Any) -> int:
    """Return Unix seconds as ns. Raises CodecError for what is no time of our century."""
    if type(stamp) not in (int, float) or not 0 <= stamp < 1 << 32:  # NaN is in no range
        raise CodecError(f"{whose}: a timestamp is Unix seconds, got {str(stamp)[:40]}")
    whole = int(stamp)
    return whole * 1_000_000_000 + round((stamp - whole) * 1_000_000_000)
