"""A bag describes its own types; what such a description can do to a reader is bounded, and what does not fit it is said."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from mcap.writer import Writer

from omniflow_graph.errors import RecordingError
from omniflow_graph.media.importing import import_media
from omniflow_graph.media.rosbag2_reading import MOST_FIELDS, Topic, topics_of
from tests.omniflow_graph.media.bags import HEADER

pytest.importorskip("mcap_ros2", reason="wants the extra ros2")

STRING, AUDIO, IMAGE = "std_msgs/msg/String", "audio_common_msgs/msg/AudioData", "sensor_msgs/msg/Image"
CDR = b"\0\1\0\0"


def described(path: Path, of: str, description: str, content: bytes, encoding: str = "cdr", schema: str = "ros2msg") -> Path:
    """Write a bag of one message on /it, of a type that is described so."""
    with open(path, "wb") as file:
        writer = Writer(file)
        writer.start(profile="ros2", library="another")
        channel = writer.register_channel("/it", encoding, writer.register_schema(of, schema, description.encode()))
        writer.add_message(channel, 7, CDR + content, 7)
        writer.finish()
    return path


TEXT = struct.pack("<I", 3) + b"hi\0"
FORGED = [
    (STRING, "int32 data", b"\1\0\0\0", "message at 7 ns: cannot be decoded (TypeError: wants 'data' to be str, got int); cut the bag before it"),
    (STRING, "string words", TEXT, "cannot be decoded (TypeError: wants 'data' to be str, got NoneType)"),
    (STRING, "string data", struct.pack("<I", 3) + b"\xff\xff\0", "cannot be decoded (UnicodeDecodeError: "),
    (STRING, "string data", b"", "cannot be decoded (error: unpack_from requires a buffer"),
    (AUDIO, "uint64 data", b"\0\0\0\0" + struct.pack("<Q", 2**40), "wants 'data' to be bytes, got int"),
    (AUDIO, "float64[] data", TEXT, "described in a way that cannot be read (wants arrays of uint8, got 'float64[] data'); leave it out by --topic"),
    (AUDIO, "std_msgs/Empty[] x\nuint8[] data\n===\nMSG: std_msgs/Empty\nuint8[0] none", b"\xff" * 4, "got 'std_msgs/Empty[] x'"),
    (AUDIO, "std_msgs/Self me\n===\nMSG: std_msgs/Self\nstd_msgs/Self me", b"\0" * 999, "cannot be decoded (RecursionError: "),
    (AUDIO, "uint8[] data\n" + "uint8 x\n" * MOST_FIELDS, b"", "(wants up to 40 fields in up to 4 types)"),
    (AUDIO, "uint8[] data\n#" + "x" * 70_000, b"", "(wants up to 40 fields in up to 4 types)"),
    (AUDIO, "uint8[] data" + "\n===\nMSG: a/B" * 9, b"", "(wants up to 40 fields in up to 4 types)"),
    (AUDIO, "uint8[] 9data", b"", "described in a way that cannot be read ("),
    (AUDIO, "uint8[] data", struct.pack("<I", 2**32 - 1), "holds neither sound nor pictures that can be decoded"),
    (IMAGE, f"std_msgs/Header header\nuint8[] data\n{HEADER}", b"\0" * 99, "wants 'height' to be int, got NoneType"),
]


@pytest.mark.parametrize(("of", "description", "content", "words"), FORGED)
def test_a_forged_type_is_refused_in_one_sentence(tmp_path, of, description, content, words):
    path = described(tmp_path / "a.mcap", of, description, content)
    with pytest.raises(RecordingError) as caught:
        import_media(path, tmp_path / "out.mcap")
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["a.mcap"]


@pytest.mark.parametrize(("encoding", "schema"), [("json", "ros2msg"), ("cdr", "omgidl")])
def test_what_is_written_otherwise_is_named(tmp_path, encoding, schema):
    path = described(tmp_path / "a.mcap", STRING, "string data", TEXT, encoding, schema)
    with pytest.raises(RecordingError, match=f"topic /it is written as {encoding} with {schema}; wants cdr with ros2msg"):
        import_media(path, tmp_path / "out.mcap")


def test_a_stamp_that_is_none_is_left_out(tmp_path):
    description = "std_msgs/Header header\nstring data\n===\nMSG: std_msgs/Header\nstring stamp"
    path = described(tmp_path / "a.mcap", STRING, description, struct.pack("<I", 1) + b"\0\0\0\0" + TEXT)
    assert import_media(path, tmp_path / "out.mcap").streams["it"].events == 1


def test_topics_are_counted_by_the_index_and_named_as_ros_2_does_now(tmp_path):
    assert topics_of(described(tmp_path / "a.mcap", "std_msgs/String", "string data", TEXT)) == [Topic("/it", STRING, 1)]
