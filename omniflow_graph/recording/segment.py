"""Read one file of a recording from its front, as far as it goes: our manifest, and the messages of chosen topics."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import made
from omniflow_graph.recording import framing
from omniflow_graph.recording.framing import CHANNEL, CHUNK, MAGIC, MESSAGE, METADATA, RECORD, SCHEMA, STATISTICS, Damaged
from omniflow_graph.recording.manifest import Manifest, read_manifest

NAME = "omniflow"  # of the metadata record
KEY, CHECK = "manifest", "crc32"  # in it: the manifest as JSON, and its checksum in hex
MUCH, DENSEST = 512 << 20, 1000  # bytes that any file may unpack to; times its size that a large one may: silence is packed 1 to 130
OURS = "/omniflow/"  # topics that begin so are no streams

_MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time
_BROKEN = (struct.error, KeyError, UnicodeDecodeError)  # what reading nonsense comes to, beside Damaged


class Message(NamedTuple):
    """Hold one message as it stands in the file."""

    topic: str
    time: int  # log time
    seq: int  # the sequence, 32 bits
    content: bytes


class Segment(NamedTuple):
    """Say what one file of a recording is. `cut` is None for a whole one, else a sentence."""

    path: Path
    manifest: Manifest
    cut: str | None


def open_segment(path: Path) -> Segment:
    """Find the manifest of a file: the last one of those in it. Raises RecordingError with the way out."""
    if path.exists() and not path.is_file() and not path.is_dir():  # to open a pipe would wait for its writer
        raise RecordingError(f"{path}: is no file; name a recording, a file that ends in .mcap")
    try:
        with open(path, "rb") as file:
            start = file.read(len(MAGIC))
            if start == MAGIC:
                found, whole = _manifest(file)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror}); name a recording, a file that ends in .mcap") from None
    if not start:
        raise RecordingError(f"{path}: is empty; whoever wrote it was stopped before its first second, record it again")
    if start != MAGIC:
        raise RecordingError(f"{path}: is no recording (not an MCAP file); turn media into one with `omniflow import {path} NAME.mcap`")
    if found is None:
        raise RecordingError(
            f"{path}: has no omniflow manifest, so another program wrote it or it was cut at its start; import its media with `omniflow import`"
        )
    manifest = read_manifest(found, path)
    if manifest.ordered is None:
        read = "what was written up to then is read"
        cut = f"is damaged (its last manifest cannot be read); {read}" if whole else f"was cut before it was closed; {read}"
    else:
        cut = None if whole else "was cut in its index, after the last event; nothing is lost"
    return Segment(path, manifest, cut and f"{path}: {cut}")


def messages(path: Path, wanted: Mapping[str, str] | None, known: Collection[str]) -> Iterator[Message]:
    """Yield messages as they stand in the file: of the wanted topics, which have these schemas, or of all (None).

    Raises Damaged where the file is damaged, or once it is read if its messages are not as many as it says, or some are
    on other topics than the known ones; RecordingError for a wanted topic of another schema.
    """
    try:
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Damaged("it does not begin as it should")
            yield from _messages(file, path, wanted, known)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror}); copy it to another disk") from None
    except KeyError as error:
        raise Damaged(f"number {error} is used for a channel or schema, and declared nowhere") from None
    except (struct.error, UnicodeDecodeError) as error:
        raise Damaged(str(error)) from None


@dataclass
class _Topics:
    """Learn what the channels of a file carry."""

    path: Path
    wanted: Mapping[str, str] | None
    known: Collection[str]
    schemas: dict[int, str] = field(default_factory=lambda: {0: ""})
    of: dict[int, str | None] = field(default_factory=dict)  # a channel's topic, if it is wanted
    strange: str | None = None  # a topic that the manifest does not name

    def declare(self, opcode: int, content: bytes) -> None:
        """Take in a schema or a channel."""
        if opcode == SCHEMA:
            number, name = framing.schema(content)
            self.schemas[number] = name
            return
        number, of, topic, encoding = framing.channel(content)
        if topic not in self.known and not topic.startswith(OURS):
            self.strange = topic
        if self.wanted is None or topic not in self.wanted:
            self.of[number] = topic if self.wanted is None else None
            return
        wanted, schema = self.wanted[topic], self.schemas[of]
        if (schema, encoding) != (wanted, "protobuf" if wanted else "msgpack"):
            raise RecordingError(
                f"{self.path}: holds {schema or 'messages'} as {encoding!r} on {topic!r}, wants {wanted or 'messages'} as "
                f"{'protobuf' if wanted else 'msgpack'!r}; another program wrote it, so import its media with `omniflow import`"
            )
        self.of[number] = topic


def _messages(file: BinaryIO, path: Path, wanted: Mapping[str, str] | None, known: Collection[str]) -> Iterator[Message]:
    topics = _Topics(path, wanted, known)
    count, chunks, said, unpacked = 0, 0, None, 0
    size = os.fstat(file.fileno()).st_size
    most = max(MUCH, DENSEST * size)
    for opcode, content in framing.records(file, (CHUNK, CHANNEL, SCHEMA, MESSAGE, STATISTICS)):
        if opcode == CHUNK:
            chunks += 1
            chunk = framing.unpacked(content)
            unpacked += len(chunk)
            if unpacked > most:
                words = f"holds more than {most >> 20} MB in a file of {size >> 10} KB, as nothing does that was heard or seen"
                raise RecordingError(f"{path}: {words}; whoever made it did not record it, name another file")
            count += yield from _cut_out(chunk, topics)
        elif opcode == MESSAGE:
            count += yield from _cut_out(RECORD.pack(opcode, len(content)) + content, topics)
        elif opcode == STATISTICS:
            said = framing.counts(content)
        else:
            topics.declare(opcode, content)
    if said not in (None, (count, chunks)):
        raise Damaged(f"it holds {count} messages in {chunks} chunks, and held {said[0]} in {said[1]} when it was closed")
    if topics.strange is not None:
        raise Damaged(f"it holds messages on {topics.strange!r}, which its manifest does not name")


def _cut_out(chunk: bytes, topics: _Topics) -> Generator[Message, None, int]:
    """Yield the wanted messages of a chunk; return how many there are in all."""
    at, count, size, topic_of = 0, 0, len(chunk), topics.of
    record_at, message_at, record_size, head_size = RECORD.unpack_from, _MESSAGE.unpack_from, RECORD.size, _MESSAGE.size
    while at < size:
        opcode, length = record_at(chunk, at)
        start = at + record_size
        at = start + length
        if at > size:
            raise Damaged(f"a record of {length} bytes is announced where {size - start} are left")
        if opcode == MESSAGE:
            if length < head_size:
                raise Damaged(f"a message of {length} bytes is announced, less than its head has")
            channel, seq, time, _ = message_at(chunk, start)
            topic = topic_of[channel]
            count += 1
            if topic is not None:
                yield made(Message, (topic, time, seq, chunk[start + head_size : at]))
        elif opcode in (CHANNEL, SCHEMA):
            topics.declare(opcode, chunk[start:at])
        elif not opcode:
            raise Damaged("zeros stand where a record is to begin")
    return count


def _manifest(file: BinaryIO) -> tuple[str | None, bool]:
    """Find the newest manifest, and tell whether the file goes on to its end: by its index, or else by reading on."""
    try:
        if (found := _checked(framing.indexed(file, NAME))) is not None:
            return found, True
    except (Damaged, *_BROKEN):
        pass
    found = None
    try:
        file.seek(len(MAGIC))
        for _, content in framing.records(file, (METADATA,)):
            found = _checked(framing.metadata(content).get(NAME)) or found
    except (Damaged, *_BROKEN):  # cut here: what was found before counts
        return found, False
    return found, True


def _checked(held: Mapping[str, str] | None) -> str | None:
    """Return the manifest that a metadata record holds, if it holds one that is as it was written."""
    if held is None or KEY not in held:
        return None
    return held[KEY] if held.get(CHECK, checksum(held[KEY])) == checksum(held[KEY]) else None


def checksum(manifest: str) -> str:
    """Return the checksum that stands beside a manifest."""
    return f"{zlib.crc32(manifest.encode()):08x}"
