"""Write ROS 2 bags in MCAP: what a robot's recorder leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BEGAN = 1_700_000_000_000_000_000  # the log time of the first messages, in nanoseconds since 1970
RULE = "=" * 80
HEADER = (
    f"{RULE}\nMSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n{RULE}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec"
)
TYPES = {
    "sensor_msgs/msg/CompressedImage": f"std_msgs/Header header\nstring format\nuint8[] data\n{HEADER}",
    "sensor_msgs/msg/Image": (
        f"std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data\n{HEADER}"
    ),
    "audio_common_msgs/msg/AudioData": "uint8[] data",
    "audio_common_msgs/msg/AudioInfo": "uint8 channels\nuint32 sample_rate\nstring sample_format\nuint32 bitrate\nstring coding_format",
    "std_msgs/msg/String": "string data",
    "std_msgs/msg/Int32": "int32 data",
}


def bag(path: Path, *messages: tuple[int, str, str, dict[str, Any]], **options: Any) -> Path:
    """Write a bag of messages: (log time since BEGAN, topic, short name of the type, content)."""
    writer = pytest.importorskip("mcap_ros2.writer", reason="wants the extra ros2")
    types = {name.rpartition("/")[2]: name for name in TYPES}
    with open(path, "wb") as file, writer.Writer(file, **options) as out:
        schemas = {short: out.register_msgdef(name, TYPES[name]) for short, name in types.items()}
        for time, topic, short, content in messages:
            out.write_message(topic, schemas[short], content, log_time=BEGAN + time)
    return path


def header(captured: int) -> dict[str, Any]:
    """Make a header with a stamp since BEGAN."""
    sec, nanosec = divmod(BEGAN + captured, 1_000_000_000)
    return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": "camera"}


def compressed(captured: int, data: bytes, form: str = "jpeg") -> dict[str, Any]:
    """Make a CompressedImage."""
    return {"header": header(captured), "format": form, "data": data}


def raw(captured: int, data: bytes, width: int, height: int, encoding: str = "rgb8", step: int | None = None) -> dict[str, Any]:
    """Make an Image."""
    step = len(data) // height if step is None else step
    return {"header": header(captured), "height": height, "width": width, "encoding": encoding, "is_bigendian": 0, "step": step, "data": data}
