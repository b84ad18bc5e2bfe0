"""Read a ROS 2 bag in MCAP: its files, its topics, and the messages of one topic by log time."""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, seconds
from omniflow_graph.media.decoding import LONGEST_GAP

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
        about = yaml.safe_load((path / "metadata.yaml").read_text("utf-8"))["rosbag2_bagfile_information"]
        storage, names = about["storage_identifier"], list(about["relative_file_paths"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path / 'metadata.yaml'}: cannot be read ({error!r}); name the bag's .mcap file instead") from None
    if storage != "mcap" or not all(str(name).endswith(".mcap") for name in names):
        raise RecordingError(f"{path}: is stored as {storage} ({', '.join(map(str, names))}); wants plain .mcap: `ros2 bag convert` writes that")
    files = [path / name if (path / name).is_file() else path / Path(name).name for name in names]
    for file in files:
        if not file.is_file():
            raise RecordingError(f"{file}: is missing, and metadata.yaml names it; put it back, or name the .mcap files that there are")
    return files


def written_by(path: Path) -> tuple[str, str] | None:
    """Read an MCAP file's profile and the library that wrote it; None if it is no MCAP file."""
    from mcap.reader import make_reader

    try:
        with open(path, "rb") as file:
            header = make_reader(file).get_header()
            return header.profile, header.library
    except _unreadable():
        return None


def topics_of(path: Path) -> list[Topic]:
    """List the topics of one file, by its index. Raises RecordingError for a file that has none."""
    from mcap.reader import make_reader

    with _reading(path), open(path, "rb") as file:
        summary = make_reader(file).get_summary()
        if summary is None or summary.statistics is None:
            raise RecordingError(f"{path}: has no index; `mcap recover {path} WHOLE.mcap` makes one")
        counts = summary.statistics.channel_message_counts
        schemas = {number: schema.name for number, schema in summary.schemas.items()}
        return [Topic(c.topic, _full(schemas.get(c.schema_id, "?")), counts.get(c.id, 0)) for c in summary.channels.values()]


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
        captured = None if stamp is None else stamp.sec * SECOND + stamp.nanosec
        if captured is not None and abs(captured - time) > SAME_CLOCK:
            strange[topic.name] = strange.get(topic.name, 0) + 1
            captured = None
        yield Message(time, captured, content)


def _decoded(path: Path, topic: Topic) -> Iterator[tuple[int, Any]]:
    from mcap.reader import make_reader

    try:
        from mcap_ros2.decoder import DecoderFactory
    except ImportError:
        raise RecordingError(f"{path}: is a ROS 2 bag, which wants `pip install 'omniflow-graph[ros2]'`") from None
    with _reading(path), open(path, "rb") as file:
        decoders = DecoderFactory()
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages(topics=[topic.name]):
            decode = decoders.decoder_for(channel.message_encoding, schema)
            if decode is None:
                how = f"{channel.message_encoding} with {schema.encoding if schema else 'no schema'}"
                raise RecordingError(f"{path}: topic {topic.name} is written as {how}; wants cdr with ros2msg: `ros2 bag convert` writes that")
            yield message.log_time, decode(message.data)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except RecordingError:
        raise
    except _unreadable() as error:
        words = str(error) or type(error).__name__
        raise RecordingError(f"{path}: is damaged ({words}); `mcap recover {path} WHOLE.mcap` saves what can be read") from None


def _unreadable() -> tuple[type[BaseException], ...]:
    """Name what reading a damaged file raises; lz4 raises RuntimeError."""
    from mcap.exceptions import McapError
    from zstandard import ZstdError

    return McapError, ZstdError, struct.error, OSError, RuntimeError, ValueError, EOFError, LookupError, MemoryError, OverflowError
