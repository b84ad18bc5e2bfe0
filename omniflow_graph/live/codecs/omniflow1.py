"""Our own format: `[topic, msgpack header {v, seq, t_cap_ns, session, gen, clk}, payload]`.

The topic is the stream's name. All of the header but `v` may be left out: `seq` counts from 0, `t_cap_ns` is when it was
captured by the clock named `clk`, `gen` grows with every start of the sender. The payload is what it is: samples, a picture,
UTF-8, or for values msgpack.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgpack

from omniflow_graph.live.codecs.record import LIMIT, Codec, CodecError, Record, Writer, checked_parts, checked_picture
from omniflow_graph.live.codecs.text import plain, read_msgpack
from omniflow_graph.recording.wire import pack_value

WHOSE = "omniflow/1"
KINDS = ("audio", "image", "text", "value")
BEGINS = {"env-audio": "audio", "env-visual": "image", "messages": "text", "text": "text"}  # the kind that a stream's name tells
MOST_NAME = 200  # letters of a session or clock


def encode(topic: str, seq: int | None, captured: int | None, payload: bytes, **header: Any) -> list[bytes]:
    """Write one record. `header` holds `session`, `gen`, `clk` and what else a receiver may like to know."""
    packed: Any = msgpack.packb({"v": 1, "seq": seq, "t_cap_ns": captured, **header})
    return [topic.encode(), packed, payload]


def writer(stream: str) -> Writer:
    """Write records, with all that is known of them."""

    def write(record: Record) -> list[bytes]:
        known = {"session": record.session, "gen": record.generation, "clk": record.clock or None}
        return encode(stream, record.seq, record.captured, packed(record.data), **{name: value for name, value in known.items() if value is not None})

    return write


def packed(data: Any) -> bytes:
    """Return what a payload is on the wire."""
    return data.encode() if isinstance(data, str) else bytes(data) if isinstance(data, (bytes, bytearray)) else pack_value(data)


def codec(stream: str, kind: str = "", rate: int = 16_000) -> Codec:
    """Read the records of one topic, which is the stream's name; `kind` is what its name tells, unless it is said."""
    kind = kind or BEGINS.get(stream.partition("/")[0], "value")
    if kind not in KINDS:
        raise ValueError(f"{WHOSE}: wants kind to be one of {', '.join(KINDS)}, got {kind!r}")
    return Codec(kind, 3, partial(read, stream=stream, kind=kind), rate if kind == "audio" else None)


def read(parts: Sequence[bytes], *, stream: str, kind: str) -> list[Record]:
    """Read a record, if it is of this stream. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, 3)
    if parts[0] != stream.encode():
        return []
    header = read_msgpack(WHOSE, parts[1])
    if type(header) is not dict or header.get("v") != 1:
        raise CodecError(f"{WHOSE}: wants a header {{v: 1, ...}}")
    seq, captured, generation = (_whole(header.get(name)) for name in ("seq", "t_cap_ns", "gen"))
    session, clock = (_name(header.get(name)) for name in ("session", "clk"))
    return [Record(stream, payload(kind, parts[2]), captured, seq, session, clock or "", generation)]


def payload(kind: str, part: bytes) -> Any:
    """Return what a payload of this kind holds. Raises CodecError for what it cannot hold."""
    if kind == "image":
        return checked_picture(WHOSE, part)
    if kind == "value":
        return plain(WHOSE, read_msgpack(WHOSE, part))
    if kind == "audio":
        if len(part) % 2:
            raise CodecError(f"{WHOSE}: {len(part)} bytes of 16-bit samples, of which each has two")
        return part
    try:
        return part.decode()
    except UnicodeDecodeError:
        raise CodecError(f"{WHOSE}: text that is no UTF-8") from None


def _whole(value: Any) -> int | None:
    if value is not None and (type(value) is not int or not 0 <= value < LIMIT):
        raise CodecError(f"{WHOSE}: seq, t_cap_ns and gen are integers, 0 or more, of 63 bits")
    return value


def _name(value: Any) -> str | None:
    if value is not None and (type(value) is not str or not value.isprintable() or not 0 < len(value) <= MOST_NAME):
        raise CodecError(f"{WHOSE}: session and clk are texts of 1 to {MOST_NAME} letters that can be printed")
    return value
