"""LeRobot's ZMQ camera server: JSON `{"timestamps": {camera: Unix seconds}, "images": {camera: base64 JPEG}}`, one part."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from functools import partial

from omniflow_graph.live.codecs.record import Codec, CodecError, Record, Writer, checked_parts, checked_picture, unix_ns
from omniflow_graph.live.codecs.text import from_base64, read_json

WHOSE = "lerobot"


def codec(stream: str, camera: str = "") -> Codec:
    """Read the pictures of one camera: the one named, else the last word of the stream's name, as in `env-visual/front`."""
    return Codec("image", 1, partial(read, stream=stream, camera=camera or stream.rpartition("/")[2]), format="jpeg")


def writer(stream: str, camera: str = "") -> Writer:
    """Write the pictures of one camera, called as in `codec`; with the time of those of which the Unix time is known."""
    name = camera or stream.rpartition("/")[2]

    def write(record: Record) -> list[bytes]:
        known = record.captured is not None and record.clock == "unix"
        stamps = {name: record.captured / 1e9} if known and record.captured is not None else {}
        return [json.dumps({"timestamps": stamps, "images": {name: b64encode(record.data).decode()}}).encode()]

    return write


def read(parts: Sequence[bytes], *, stream: str, camera: str) -> list[Record]:
    """Read a picture, if there is one of this camera: newer servers send those that are new. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, 1)
    found = read_json(WHOSE, parts[0])
    images, stamps = found.get("images"), found.get("timestamps", {})
    if type(images) is not dict or type(stamps) is not dict:
        raise CodecError(f"{WHOSE}: wants maps images and timestamps")
    if camera not in images:
        return []
    stamp = stamps.get(camera)
    captured = None if stamp is None else unix_ns(WHOSE, stamp)
    return [Record(stream, checked_picture(WHOSE, from_base64(WHOSE, images[camera])), captured, clock="unix")]
