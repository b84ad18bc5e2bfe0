"""One JPEG a message, as xr_teleoperate and teleimager (Unitree) send it: bare, or behind 12 bytes (f64 Unix seconds, u32 frame)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import partial

from omniflow_graph.live.codecs.record import Codec, CodecError, Record, Writer, checked_parts, checked_picture, unix_ns

WHOSE = "raw-jpeg"
HEAD = struct.Struct("<dI")
START = b"\xff\xd8"


def codec(stream: str) -> Codec:
    """Read pictures, each with or without the 12 bytes in front of it."""
    return Codec("image", 1, partial(read, stream=stream), format="jpeg")


def writer(stream: str) -> Writer:
    """Write pictures, bare."""
    return lambda record: [bytes(record.data)]


def read(parts: Sequence[bytes], *, stream: str) -> list[Record]:
    """Read a picture. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, 1)
    data = parts[0]
    if data[:2] == START:
        return [Record(stream, checked_picture(WHOSE, data))]
    if data[HEAD.size : HEAD.size + 2] != START:
        raise CodecError(f"{WHOSE}: no JPEG, neither at its start nor behind 12 bytes")
    stamp, frame = HEAD.unpack_from(data)
    return [Record(stream, checked_picture(WHOSE, data[HEAD.size :]), unix_ns(WHOSE, stamp), frame, clock="unix")]
