"""Read one MCAP file of a bag: who wrote it, what it holds, and the messages of a topic in the order of log times.

As with a recording, no length is believed before it is compared with what is there, and of messages whose order is not
yet known no more than `HELD` is kept in memory.
"""

from __future__ import annotations

import heapq
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from omniflow_graph.recording import framing
from omniflow_graph.recording.framing import CHANNEL, CHUNK, HEADER, MAGIC, MESSAGE, MESSAGE_INDEX, MOST, RECORD, SCHEMA, STATISTICS, Damaged

HELD = 4 * MOST  # bytes; chunks of a recorder overlap by a few messages

_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_CHANNEL, _TIME, _LENGTH = struct.Struct("<H"), struct.Struct("<Q"), struct.Struct("<I")
_COUNT, _COUNTS_AT = struct.Struct("<HQ"), 42  # a channel's number and count; where in a statistics record they stand


class Schema(NamedTuple):
    """Say of which type messages are, and how that is described."""

    name: str
    encoding: str
    data: bytes


class Channel(NamedTuple):
    """Say what messages of a number belong to. `schema` is None where they have none."""

    topic: str
    encoding: str
    schema: Schema | None


@dataclass
class Part:
    """Remember where a chunk stands, or a message that is in none, and since when it has messages of which channels."""

    first: int
    offset: int
    opcode: int
    length: int
    channels: set[int] = field(default_factory=set)  # empty if nobody says


@dataclass
class Contents:
    """Hold what a file says that it holds. `counts`, of messages by channel, is None in a file without an index."""

    channels: dict[int, Channel]
    counts: dict[int, int] | None
    parts: list[Part]


def written_by(path: Path) -> tuple[str, str] | None:
    """Read a file's profile and the library that wrote it; None if it is no MCAP file, or damaged at its start."""
    try:
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return None
            _, content = next(framing.records(file, (HEADER,)))
            profile, at = framing.text(content, 0)
            return profile, framing.text(content, at)[0]
    except (OSError, Damaged, struct.error, UnicodeDecodeError, StopIteration):
        return None


def contents(path: Path) -> Contents:
    """Look through a file without unpacking it. Raises Damaged, and what nonsense comes to: struct.error, LookupError."""
    schemas: dict[int, Schema] = {}
    found = Contents({}, None, [])
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Damaged("it does not begin as it should")
        for opcode, length in framing.heads(file):
            if opcode in (CHUNK, MESSAGE):
                found.parts.append(_part(file, opcode, length))
            elif opcode == MESSAGE_INDEX and found.parts:
                found.parts[-1].channels.update(_CHANNEL.unpack(file.read(_CHANNEL.size)))
            elif opcode in (SCHEMA, CHANNEL, STATISTICS):
                _declare(found, schemas, opcode, framing.read(file, length))
    return found


def messages(path: Path, topic: str) -> Iterator[tuple[int, Channel, bytes]]:
    """Yield the messages of a topic as (log time, channel, content), by log time and then as they stand. Raises as `contents`."""
    about = contents(path)
    wanted = {number for number, channel in about.channels.items() if channel.topic == topic}
    parts = [part for part in about.parts if not part.channels or part.channels & wanted]
    waiting = deque(sorted(parts, key=lambda part: (part.first, part.offset)))
    held: list[tuple[int, int, int, int, bytes]] = []
    size, last = 0, 0
    with open(path, "rb") as file:
        while waiting or held:
            while waiting and (not held or waiting[0].first <= held[0][0]):
                part = waiting.popleft()
                for n, (time, number, content) in enumerate(_messages(file, part)):
                    if number not in about.channels:
                        raise Damaged(f"a message is of channel {number}, which is declared nowhere")
                    if number in wanted:
                        heapq.heappush(held, (time, part.offset, n, number, content))
                        size += len(content)
                if size > HELD:
                    raise Damaged(f"more than {HELD >> 20} MB of messages are out of order")
            if held:
                time, _, _, number, content = heapq.heappop(held)
                if time < last:
                    raise Damaged("a message is earlier than its chunk says")
                size, last = size - len(content), time
                yield time, about.channels[number], content


def _part(file: BinaryIO, opcode: int, length: int) -> Part:
    offset = file.tell()
    if opcode == CHUNK:
        (first,) = _TIME.unpack(file.read(_TIME.size))
        return Part(first, offset, opcode, length)
    number, _, time, _ = _MESSAGE.unpack(file.read(_MESSAGE.size))
    return Part(time, offset, opcode, length, {number})


def _messages(file: BinaryIO, part: Part) -> Iterator[tuple[int, int, bytes]]:
    """Yield the messages of one part as (log time, channel, content)."""
    file.seek(part.offset)
    content = framing.read(file, part.length)
    if part.opcode == MESSAGE:
        yield _message(content)
        return
    chunk, at = framing.unpacked(content), 0
    while at < len(chunk):
        opcode, length = RECORD.unpack_from(chunk, at)
        start, at = at + RECORD.size, at + RECORD.size + length
        if at > len(chunk):
            raise Damaged(f"a record of {length} bytes is announced where {len(chunk) - start} are left")
        if opcode == MESSAGE:
            yield _message(chunk[start:at])


def _message(record: bytes) -> tuple[int, int, bytes]:
    number, _, time, _ = _MESSAGE.unpack_from(record)
    return time, number, record[_MESSAGE.size :]


def _declare(found: Contents, schemas: dict[int, Schema], opcode: int, content: bytes) -> None:
    """Take in a schema, a channel, or how many messages the channels have."""
    if opcode == SCHEMA:
        number, name = framing.schema(content)
        encoding, at = framing.text(content, framing.text(content, 2)[1])
        (length,) = _LENGTH.unpack_from(content, at)
        schemas[number] = Schema(name, encoding, content[at + _LENGTH.size :][:length])
    elif opcode == CHANNEL:
        number, of, topic, encoding = framing.channel(content)
        found.channels[number] = Channel(topic, encoding, schemas[of] if of else None)
    else:
        (length,) = _LENGTH.unpack_from(content, _COUNTS_AT)
        found.counts = dict(_COUNT.iter_unpack(content[_COUNTS_AT + _LENGTH.size :][:length]))
