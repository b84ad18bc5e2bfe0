"""Change an MCAP file as accidents do, or as somebody does who makes all checksums fit again."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import lz4.frame
import zstandard
from hypothesis import strategies as st

from omniflow_graph import Event, replay
from omniflow_graph.recording import open_recording
from omniflow_graph.recording.framing import CHANNEL, CHUNK, MAGIC, MESSAGE, METADATA, RECORD, SCHEMA
from omniflow_graph.recording.segment import CHECK, KEY, NAME, checksum
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from tests.operators.commands.rooms import room, script

Mutation = Callable[[bytes], bytes]

LENGTHS = st.sampled_from([0, 1, 7, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 5000)
TIMES = st.sampled_from([2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 10**10)
NUMBERS = st.integers(0, 10**6)
STRANGE = st.sampled_from([None, True, -1, 0, 7, 2**53 + 1, 2**64, 1e300, "", "x", "\ud800", "a\nb", [], [1], {}, {"a": 1}, [[[]]], {"a": {"b": 1}}])


class Kept(NamedTuple):
    """Hold a run of the pipeline, kept with its inputs: a recording and a trace in one file."""

    content: bytes
    events: list[Event]
    folder: Path


def keep(folder: Path) -> Kept:
    """Record a room, run the pipeline on it, and keep the run."""
    recording = room(folder, end=3.5)
    trace = replay(duplex(model="scripted-fast", script=script(folder)), recording, engine="direct")
    save_trace(trace, folder / "trace.mcap", recording=recording, copy_inputs=True)
    events = list(open_recording(folder / "trace.mcap").events())
    assert len(of_file((folder / "trace.mcap").read_bytes())) > 5
    return Kept((folder / "trace.mcap").read_bytes(), events, folder)


class Record(NamedTuple):
    """Hold one record, and the length that it says it has."""

    opcode: int
    content: bytes
    length: int


def cut(content: bytes) -> list[Record]:
    """Cut a file that is whole, less its magic, or a chunk's content, into records."""
    found, at = [], 0
    while at < len(content):
        opcode, length = RECORD.unpack_from(content, at)
        found.append(Record(opcode, content[at + RECORD.size : at + RECORD.size + length], length))
        at += RECORD.size + length
    return found


def joined(records: list[Record]) -> bytes:
    """Write records one after another."""
    return b"".join(RECORD.pack(opcode, length) + content for opcode, content, length in records)


def of_file(content: bytes) -> list[Record]:
    """Cut a whole file into records; after an earlier accident, none."""
    try:
        return cut(content[len(MAGIC) : -len(MAGIC)])
    except struct.error:
        return []


def chunked(raw: bytes) -> bytes:
    """Make a chunk's content of what is to stand in it, with sizes and checksum that fit."""
    packed = zstandard.compress(raw)
    return struct.pack("<QQQI", 0, 0, len(raw), zlib.crc32(raw)) + _text("zstd") + struct.pack("<Q", len(packed)) + packed


def raw_of(chunk: bytes) -> bytes:
    """Return what stands in a chunk."""
    return zstandard.decompress(chunk[44:], max_output_size=1 << 24)


# Accidents: no checksum is made to fit


def _edited(change: Callable[[list[Record], list[int]], Any]) -> Mutation:
    """Change the records of a file, given the places of its chunks."""

    def mutation(content: bytes) -> bytes:
        records = of_file(content)
        chunks = [n for n, record in enumerate(records) if record.opcode == CHUNK]
        if not chunks:
            return content
        change(records, chunks)
        return MAGIC + joined(records) + MAGIC

    return mutation


@st.composite
def accidents(draw: st.DrawFn) -> Mutation:
    """Cut, flip, swap, repeat or lose something, or let a length lie."""
    kind = draw(st.sampled_from(["cut", "flip", "swap", "repeat", "lose", "length", "head", "append"]))
    a, b = draw(NUMBERS), draw(NUMBERS)
    if kind == "cut":
        return lambda content: content[: a % (len(content) + 1)]
    if kind == "append":
        return lambda content: content + bytes(a % 100)
    if kind == "flip":
        return lambda content: _flipped(content, a, b % 8)
    if kind == "swap":
        return _edited(lambda records, chunks: _swap(records, chunks[a % len(chunks)], chunks[b % len(chunks)]))
    if kind == "repeat":
        return _edited(lambda records, chunks: records.insert(chunks[a % len(chunks)], records[chunks[b % len(chunks)]]))
    if kind == "lose":
        return _edited(lambda records, chunks: records.pop(chunks[a % len(chunks)]))
    lie = draw(LENGTHS)
    if kind == "length":
        return _edited(lambda records, chunks: _put(records, a % len(records), length=lie))
    return _edited(lambda records, chunks: _lying_head(records, chunks[a % len(chunks)], b % 3, lie))


def _flipped(content: bytes, at: int, bit: int) -> bytes:
    flipped = bytearray(content)
    if content:
        flipped[at % len(content)] ^= 1 << bit
    return bytes(flipped)


def _swap(records: list[Record], a: int, b: int) -> None:
    records[a], records[b] = records[b], records[a]


def _put(records: list[Record], at: int, **changes: Any) -> None:
    records[at] = records[at]._replace(**changes)


def _lying_head(records: list[Record], at: int, field: int, lie: int) -> None:
    """Let a chunk's head lie: on the size of what is packed, on the length of the compression's name, or of what follows."""
    form, where = (("<Q", 16), ("<I", 28), ("<Q", 36))[field]
    head = bytearray(records[at].content)
    struct.pack_into(form, head, where, lie % (2**64 if form == "<Q" else 2**32))
    _put(records, at, content=bytes(head))


# Forgeries: whatever is changed, lengths and checksums of all around it fit


@st.composite
def forgeries(draw: st.DrawFn) -> Mutation:
    """Change a manifest, or one record in a chunk: its length, or what a message, a channel or a schema says."""
    if draw(st.booleans()):
        path, value = draw(st.lists(NUMBERS, min_size=1, max_size=4)), draw(STRANGE)
        return _edited(lambda records, chunks: _forge_manifest(records, path, value))
    a, b, kind = draw(NUMBERS), draw(NUMBERS), draw(st.sampled_from(["length", "time", "channel", "payload", "name"]))
    lie, time = draw(LENGTHS), draw(TIMES)

    def forge(records: list[Record], chunks: list[int]) -> None:
        at = chunks[a % len(chunks)]
        try:
            inner = cut(raw_of(records[at].content))
        except (struct.error, zstandard.ZstdError):  # an earlier mutation was here
            return
        wanted = (SCHEMA, CHANNEL) if kind == "name" else (MESSAGE,)
        places = [n for n, record in enumerate(inner) if record.opcode in wanted]
        if places:
            _forge(inner, places[b % len(places)], kind, lie, time)
            _put(records, at, content=(content := chunked(joined(inner))), length=len(content))

    return _edited(forge)


def _forge(inner: list[Record], at: int, kind: str, lie: int, time: int) -> None:
    content = bytearray(inner[at].content)
    if kind == "length":
        _put(inner, at, length=lie)
        return
    if kind == "time":
        struct.pack_into("<Q", content, 6, time)
    elif kind == "channel":
        struct.pack_into("<H", content, 0, lie % 2**16)
    else:  # beyond a message's head there is its payload, beyond the numbers of a schema or channel there are names
        content[22:] = _flipped(bytes(content[22:]), lie, time % 8)
    _put(inner, at, content=bytes(content))


def _forge_manifest(records: list[Record], path: list[int], value: Any) -> None:
    """Put a strange value somewhere into all manifests: follow `path` into the maps and lists."""
    for at, record in enumerate(records):
        if record.opcode == METADATA:
            try:
                forged = json.dumps(_replaced(json.loads(_json_of(record.content)), path, value))
            except (ValueError, struct.error):  # an earlier mutation was here
                continue
            fields = b"".join(map(_text, (KEY, forged, CHECK, checksum(forged))))
            content = _text(NAME) + struct.pack("<I", len(fields)) + fields
            _put(records, at, content=content, length=len(content))


def _replaced(data: Any, path: list[int], value: Any) -> Any:
    if not path or not isinstance(data, (dict, list)) or not data:
        return value
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = keys[path[0] % len(keys)]
    changed = data.copy()
    changed[key] = _replaced(data[key], path[1:], value)
    return changed


def _json_of(content: bytes) -> str:
    start = len(_text(NAME)) + 4 + len(_text(KEY)) + 4
    (length,) = struct.unpack_from("<I", content, start - 4)
    return content[start : start + length].decode()


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()


def write(path: Path, content: bytes, mutations: list[Mutation]) -> Path:
    """Write a file as it is after the mutations."""
    for mutation in mutations:
        content = mutation(content)
    path.write_bytes(content)
    return path


# Sizes that nobody may believe


def packed(said: int, packed: bytes, how: bytes = b"zstd") -> bytes:
    """Make a chunk that says it holds so many bytes."""
    content = struct.pack("<QQQII", 0, 0, said, 0, len(how)) + how + struct.pack("<Q", len(packed)) + packed
    return struct.pack("<BQ", CHUNK, len(content)) + content


def announcing(size: int) -> bytes:
    """Make a zstd frame whose own head says that it holds so many bytes; it holds one."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x09\x00\x00x"


TOO_LARGE = {
    "a chunk of 2**63 bytes": packed(2**63, b"x"),
    "a chunk of 64 GiB in a frame of as many": packed(2**36, announcing(2**36)),
    "a frame of 64 GiB in a chunk of one byte": packed(1, announcing(2**36)),
    "a frame of 200 MB in a chunk of 10 MB": packed(10_000_000, zstandard.compress(bytes(200_000_000))),
    "a frame of 200 MB that says so": packed(200_000_000, zstandard.compress(bytes(200_000_000))),
    "a frame that does not say its size": packed(1000, zstandard.ZstdCompressor(write_content_size=False).compress(bytes(200_000_000))),
    "a window of 2 GiB": packed(2**20, b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x09\x00\x00x"),
    "200 MB by lz4 in a chunk of 1000": packed(1000, lz4.frame.compress(bytes(200_000_000)), b"lz4"),
    "a record of 1 GiB": struct.pack("<BQ", CHUNK, 2**30),
    "a record of 2**64 - 1 bytes": struct.pack("<BQ", METADATA, 2**64 - 1),
}


def spliced(kept: Kept, record: bytes) -> bytes:
    """Put a record after the first chunk."""
    first = next(n for n, each in enumerate(of_file(kept.content)) if each.opcode == CHUNK)
    records = of_file(kept.content)
    return MAGIC + joined(records[: first + 1]) + record + joined(records[first + 1 :]) + MAGIC
