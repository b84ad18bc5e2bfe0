"""Import a ROS 2 bag in MCAP: one topic of pictures, one of sound, and what was said as text.

A message's time is its log time, since that is the order in which the robot's own nodes saw it; the stamp in its header
is kept as its capture time. A message's first sample stands at its log time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND, Event, Stamps
from omniflow_graph.files import whole
from omniflow_graph.media.decoding import LONGEST_GAP, Slots, jpeg, picture
from omniflow_graph.media.found import AUDIO, FPS, FRAME_NS, KINDS, VISUAL, Found, Wanted, audio_frames, counted
from omniflow_graph.media.rosbag2_file import written_by
from omniflow_graph.media.rosbag2_reading import AUDIO_DATA, AUDIO_INFO, COMPRESSED, RAW, TEXT, Topic, files_of, messages_of, topics_of
from omniflow_graph.media.rosbag2_sound import sound_of
from omniflow_graph.recording import StreamInfo
from omniflow_graph.recording.manifest import RESERVED

WHAT = "ROS 2 bag"
MODES = {"rgb8": ("RGB", "RGB", 3), "bgr8": ("RGB", "BGR", 3), "mono8": ("L", "L", 1)}  # what PIL calls them; bytes a pixel


def fits(path: Path) -> bool:
    """Tell whether it is a bag: an MCAP file that ROS 2 wrote, or a folder with the bag's metadata.yaml."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file() and b"rosbag2_bagfile_information" in whole(path / "metadata.yaml")
    return path.suffix == ".mcap" and path.is_file() and (written_by(path) or ("", ""))[0] == "ros2"


def what_else(path: Path) -> str:
    """Say what an MCAP file is that is no bag, and what to do with it."""
    written = written_by(path)
    if written is None:
        return "is no MCAP file, or damaged at its start; name another file"
    if written[1].startswith("omniflow"):
        return "is a recording already; replay it as it is"
    return f"is an MCAP file of another kind (profile {written[0]!r}, written by {written[1]!r}); wants one of ROS 2 (profile 'ros2')"


def find(path: Path, wanted: Wanted) -> Found:
    """Choose topics, and read them in the order of log times. Raises RecordingError where the choice is open."""
    files = files_of(path)
    topics = {topic.name: topic for file in files for topic in topics_of(file)}
    shown, heard, said = _choose(path, topics, wanted.topics)
    chosen = [topic for topic in (shown, heard, *said) if topic]
    slots = Slots(wanted.fps or FPS)
    streams = {VISUAL: KINDS[VISUAL]} if shown else {}
    streams |= {AUDIO: KINDS[AUDIO]} if heard else {}
    found = Found(streams | {topic.name.strip("/"): StreamInfo("text") for topic in said}, left_out=_others(topics, chosen))
    zero = _zero(path, files, chosen)
    strange: dict[str, int] = {}

    def pictures(topic: Topic) -> Iterator[Event[bytes]]:
        seq = 0
        for time, captured, content in messages_of(files, topic, strange):
            if slots.keep(time - zero):
                stamps = None if captured is None else Stamps(max(captured - zero, 0), time - zero)
                yield Event(time - zero, VISUAL, seq, _jpeg(topic, content, time, wanted, path), (), stamps)
                seq += 1

    def texts(topic: Topic) -> Iterator[Event[str]]:
        for seq, (time, _, content) in enumerate(messages_of(files, topic, strange)):
            yield Event(time - zero, topic.name.strip("/"), seq, content.data)

    def events() -> Iterator[Event[Any]]:
        parts = [pictures(shown)] if shown else []
        parts += [audio_frames(sound_of(path, files, topics, heard, wanted, found), zero)] if heard else []
        for event in heapq.merge(*parts, *map(texts, said), key=lambda event: event.time):
            yield event
            found.end = max(found.end, event.time + (FRAME_NS if event.stream == AUDIO else 1))
        found.leave_out_pictures(slots)
        found.left_out += [f"{counted(number, 'stamp')} of {name}: more than 10 s from the log time" for name, number in strange.items()]

    found.events = events()
    return found


def _choose(path: Path, topics: dict[str, Topic], named: tuple[str, ...]) -> tuple[Topic | None, Topic | None, list[Topic]]:
    """Choose one topic of pictures, one of sound, and those of text; of each kind those that are named, if any is."""
    for name in named:
        if name not in topics or topics[name].type not in (COMPRESSED, RAW, AUDIO_DATA, TEXT):
            known = ", ".join(sorted(topic.name for topic in topics.values() if topic.type in (COMPRESSED, RAW, AUDIO_DATA, TEXT)))
            raise RecordingError(f"{path}: has no topic {name!r} that can be imported; wants one of: {known or 'none'}")
    held = [topic for topic in topics.values() if topic.messages and not topic.name.endswith("/compressedDepth")]

    def of(*types: str) -> list[Topic]:
        found = [topic for topic in held if topic.type in types]
        return [topic for topic in found if topic.name in named] or found

    def only(kind: str, found: list[Topic]) -> Topic | None:
        if len(found) > 1:
            names = ", ".join(topic.name for topic in found)
            raise RecordingError(f"{path}: has {len(found)} topics of {kind} ({names}); choose one by --topic NAME")
        return found[0] if found else None

    twice = {topic.name.removesuffix("/compressed") for topic in of(COMPRESSED) if topic.name.endswith("/compressed")}  # the same pictures, raw
    shown = only("pictures", [topic for topic in of(COMPRESSED, RAW) if topic.name in named or topic.name not in twice])
    heard = only("sound", of(AUDIO_DATA))
    said = [topic for topic in of(TEXT) if topic.name.strip("/") not in (VISUAL, AUDIO) and not topic.name.strip("/").startswith(RESERVED)]
    if not (shown or heard or said):
        kinds = ", ".join(sorted({topic.type for topic in topics.values()})) or "nothing"
        raise RecordingError(f"{path}: holds {kinds}; wants {COMPRESSED}, {RAW}, {AUDIO_DATA} or {TEXT}")
    return shown, heard, said


def _others(topics: dict[str, Topic], chosen: list[Topic]) -> list[str]:
    """Name the topics that do not come in."""
    others = sorted(topic for topic in topics.values() if topic not in chosen and topic.type != AUDIO_INFO)
    return [f"topic {topic.name} ({topic.type}, {counted(topic.messages, 'message')})" for topic in others]


def _zero(path: Path, files: list[Path], chosen: list[Topic]) -> int:
    """Return when the session begins: when the first message that was logged was captured."""
    firsts = [message for topic in chosen for message in itertools.islice(messages_of(files, topic, {}), 1)]
    if not firsts:
        raise RecordingError(f"{path}: its index names messages that it does not hold; `mcap recover` makes it whole")
    first, last = (choose(firsts, key=lambda message: message.time) for choose in (min, max))
    if last.time - first.time > LONGEST_GAP:
        raise RecordingError(f"{path}: topics begin {(last.time - first.time) / SECOND:.0f} s apart; cut the bag where its clock jumps")
    return first.time if first.captured is None else min(first.time, first.captured)


def _jpeg(topic: Topic, content: Any, time: int, wanted: Wanted, path: Path) -> bytes:
    where = f"{path}: topic {topic.name}, message at {time} ns"
    if topic.type == COMPRESSED:
        return picture(bytes(content.data), wanted.look, where)
    if content.encoding not in MODES:
        raise RecordingError(f"{where}: is a picture of encoding {content.encoding!r}; wants {', '.join(MODES)}, or a CompressedImage topic")
    from PIL import Image

    mode, raw, pixel = MODES[content.encoding]
    wide, high, line = content.width, content.height, content.step
    if not (0 < wide * pixel <= line and high > 0 and line * high <= len(content.data)):
        what = f"{wide} x {high} {content.encoding}, {line} bytes a line"
        raise RecordingError(f"{where}: {len(content.data)} bytes do not make a picture of {what}; cut the bag before it")
    image = Image.frombytes(mode, (wide, high), bytes(content.data), "raw", raw, line)
    return jpeg(image, wanted.look)
