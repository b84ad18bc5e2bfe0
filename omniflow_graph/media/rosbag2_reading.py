"""Read a ROS 2 bag in MCAP: its files, its topics, and the messages of one topic by log time."""

from __future__ import annotations

import heapq
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, seconds
from omniflow_graph.files import whole
from omniflow_graph.media.decoding import LONGEST_GAP
from omniflow_graph.media.rosbag2_file import Channel, contents, messages
from omniflow_graph.recording.framing import Damaged

COMPRESSED, RAW, TEXT = "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image", "std_msgs/msg/String"
AUDIO_DATA, AUDIO_INFO = "audio_common_msgs/msg/AudioData", "audio_common_msgs/msg/AudioInfo"
FIELDS: dict[str, dict[str, type]] = {  # of the types that are read, those fields that are
    COMPRESSED: {"data": bytes},
    RAW: {"data": bytes, "height": int, "width": int, "step": int, "encoding": str},
    TEXT: {"data": str},
    AUDIO_DATA: {"data": bytes},
    AUDIO_INFO: {"channels": int, "sample_rate": int, "sample_format": str, "coding_format": str},
}
LONGEST_DESCRIPTION, MOST_FIELDS, MOST_TYPES = 64 << 10, 40, 3  # of a type: bytes, fields, other types in it
SAME_CLOCK = seconds(10.0)  # a stamp that is further from its log time is of another clock, such as a simulator's


class Topic(NamedTuple):
    """Hold what a bag says of one topic."""

    name: str
    type: str
    messages: int


class Message(NamedTuple):
    """Hold one decoded message. `captured` is None where its header has no stamp, or one of another clock."""

    time: int  # log time, on the bag's clock
    captured: int | None
    content: Any


def files_of(path: Path) -> list[Path]:
    """List the bag's files as its metadata names them. Raises RecordingError if one is missing, or not plain MCAP."""
    if path.is_file():
        return [path]
    import yaml

    try:
        about = yaml.safe_load(whole(path / "metadata.yaml"))["rosbag2_bagfile_information"]
        storage, names = about["storage_identifier"], about["relative_file_paths"]
        if not isinstance(storage, str) or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("wants a storage_identifier and a list of relative_file_paths, all texts")
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path / 'metadata.yaml'}: cannot be read ({error!r}); name the bag's .mcap file instead") from None
    if storage != "mcap" or not all(name.endswith(".mcap") for name in names):
        raise RecordingError(f"{path}: is stored as {storage} ({', '.join(names)}); wants plain .mcap: `ros2 bag convert` writes that")
    files = [path / name if (path / name).is_file() else path / Path(name).name for name in names]
    for file in files:
        if not file.is_file():
            raise RecordingError(f"{file}: is missing, and metadata.yaml names it; put it back, or name the .mcap files that there are")
    return files


def topics_of(path: Path) -> list[Topic]:
    """List the topics of one file, by its index. Raises RecordingError for a file that has none."""
    with _reading(path):
        found = contents(path)
        if found.counts is None:
            raise RecordingError(f"{path}: has no index; `mcap recover {path} WHOLE.mcap` makes one")
        named = [(channel.topic, channel.schema.name if channel.schema else "?", number) for number, channel in found.channels.items()]
        return [Topic(topic, _full(of), found.counts.get(number, 0)) for topic, of, number in named]


def _full(name: str) -> str:
    """Write a type's name as ROS 2 does now: older bags leave out the `msg`."""
    return name if name.count("/") != 1 else name.replace("/", "/msg/")


def messages_of(files: list[Path], topic: Topic, strange: dict[str, int]) -> Iterator[Message]:
    """Yield the messages of one topic by log time. Counts in `strange` the stamps of another clock."""
    before = None
    for time, content in heapq.merge(*(_decoded(file, topic) for file in files), key=lambda item: item[0]):
        if before is not None and time - before > LONGEST_GAP:
            raise RecordingError(f"{files[0]}: the clock jumps by {(time - before) / SECOND:.0f} s in {topic.name}; cut the bag where it does")
        before = time
        stamp = getattr(getattr(content, "header", None), "stamp", None)
        whole = type(getattr(stamp, "sec", None)) is type(getattr(stamp, "nanosec", None)) is int
        captured = stamp.sec * SECOND + stamp.nanosec if stamp is not None and whole else None
        if captured is not None and abs(captured - time) > SAME_CLOCK:
            strange[topic.name] = strange.get(topic.name, 0) + 1
            captured = None
        yield Message(time, captured, content)


def _decoded(path: Path, topic: Topic) -> Iterator[tuple[int, Any]]:
    decoders: dict[Channel, Callable[[bytes], Any]] = {}
    with _reading(path):
        for time, channel, content in messages(path, topic.name):
            if channel not in decoders:
                decoders[channel] = _decoder(path, topic, channel)
            try:
                decoded = decoders[channel](content)
                _check(decoded, FIELDS.get(topic.type, {}))
            except Exception as error:  # whatever a decoder comes to, by a description that somebody else wrote
                what = " ".join(f"{type(error).__name__}: {error}".split())
                raise RecordingError(f"{path}: topic {topic.name}, message at {time} ns: cannot be decoded ({what}); cut the bag before it") from None
            yield time, decoded


def _decoder(path: Path, topic: Topic, channel: Channel) -> Callable[[bytes], Any]:
    """Make the decoder of a channel's messages. Raises RecordingError where there is none, or the type is described by nonsense."""
    from mcap.records import Schema as McapSchema

    try:
        from mcap_ros2.decoder import DecoderFactory
    except ImportError:
        raise RecordingError(f"{path}: is a ROS 2 bag, which wants `pip install 'omniflow-graph[ros2]'`") from None
    schema = channel.schema
    try:
        if schema and schema.encoding == "ros2msg":
            _check_description(schema.data)
        found = DecoderFactory().decoder_for(channel.encoding, schema and McapSchema(1, schema.data, schema.encoding, schema.name))
    except Exception as error:
        what = " ".join(f"{error}".split())
        raise RecordingError(f"{path}: topic {topic.name} is described in a way that cannot be read ({what}); leave it out by --topic") from None
    if found is None:
        how = f"{channel.encoding} with {schema.encoding if schema else 'no schema'}"
        raise RecordingError(f"{path}: topic {topic.name} is written as {how}; wants cdr with ros2msg: `ros2 bag convert` writes that")
    return found


def _check_description(text: bytes) -> None:
    """Raise ValueError for a type that small messages could blow up: the types that are read have few fields, and arrays of bytes only."""
    lines = [line.split(b"#")[0].strip() for line in text[:LONGEST_DESCRIPTION].splitlines()]
    fields = [line for line in lines if line and b"=" not in line and not line.startswith(b"MSG:")]
    if len(text) > LONGEST_DESCRIPTION or len(fields) > MOST_FIELDS or text.count(b"MSG:") > MOST_TYPES:
        raise ValueError(f"wants up to {MOST_FIELDS} fields in up to {MOST_TYPES + 1} types")
    if arrays := [line for line in fields if b"[" in line and not re.match(rb"(uint8|byte)\[(<=)?\d*\]\s", line)]:
        raise ValueError(f"wants arrays of uint8, got {arrays[0].decode(errors='replace')!r}")


def _check(decoded: Any, fields: Mapping[str, type]) -> None:
    """Raise TypeError if a message has not the fields that its type's name promises."""
    for name, wanted in fields.items():
        if not isinstance(getattr(decoded, name, None), wanted):
            raise TypeError(f"wants {name!r} to be {wanted.__name__}, got {type(getattr(decoded, name, None)).__name__}")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except RecordingError:
        raise
    except (Damaged, struct.error, OSError, LookupError, UnicodeDecodeError) as error:
        words = str(error) or type(error).__name__
        raise RecordingError(f"{path}: is damaged ({words}); `mcap recover {path} WHOLE.mcap` saves what can be read") from None
