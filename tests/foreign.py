"""Files that other programs could have written, and files that hold what no program should write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from mcap.writer import Writer

from omniflow_graph.recording.manifest import Manifest, write_manifest
from omniflow_graph.recording.segment import KEY, NAME
from tests.operators.commands.rooms import STREAMS

MANIFEST = write_manifest(Manifest("room", 10**9, STREAMS, ordered=True), "a")
AUDIO = "/env-audio"


class Topic(NamedTuple):
    """Say what stands on a topic: a schema by name and encoding, the encoding of messages, and one payload for all."""

    name: str
    schema: str
    schema_encoding: str
    encoding: str
    payload: bytes


JSON = Topic("/chatter", "Chatter", "jsonschema", "json", b"{}")
ROS = Topic("/chatter", "std_msgs/msg/String", "ros2msg", "cdr", b"\0\1\0\0\2\0\0\0a\0")
PROTOBUF = Topic("/chatter", "a.Chatter", "protobuf", "protobuf", b"\x08\x01")
SILENCE = Topic(AUDIO, "foxglove.RawAudio", "protobuf", "protobuf", b"")


def mcap(path: Path, *topics: Topic, times: tuple[int, ...] = (0,), manifest: str | None = None) -> Path:
    """Write an MCAP file with messages on topics at times; with a manifest, as if it were a recording."""
    with open(path, "wb") as file:
        writer = Writer(file)
        writer.start(profile="", library="another")
        for topic in topics:
            schema = writer.register_schema(topic.schema, topic.schema_encoding, b"")
            channel = writer.register_channel(topic.name, topic.encoding, schema)
            for n, time in enumerate(times):
                writer.add_message(channel, time, topic.payload, time, n)
        if manifest is not None:
            writer.add_metadata(NAME, {KEY: manifest})
        writer.finish()
    return path


def png(width: int, height: int) -> bytes:
    """Make a picture of a thousand bytes that says it is this large."""

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", zlib.compress(bytes(1000))) + part(b"IEND", b"")
