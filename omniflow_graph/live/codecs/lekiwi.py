"""LeKiwi's host: its state and its cameras in one message, in two versions of LeRobot.

The first (0.4) is one part of JSON, where pictures are base64 beside the state. The second is JSON with the state and the
cameras' names under `_cams`, then a JPEG for each of them, empty if it failed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import Any

from omniflow_graph.live.codecs.record import Codec, CodecError, Record, Writer, checked_parts, checked_picture
from omniflow_graph.live.codecs.text import from_base64, read_json

WHOSE = "lekiwi"
MOST_CAMERAS = 16


def codec(stream: str, camera: str = "") -> Codec:
    """Read one camera, or without any the state: numbers by name."""
    if camera:
        return Codec("image", 1 + MOST_CAMERAS, partial(read, stream=stream, camera=camera), format="jpeg")
    return Codec("value", 1 + MOST_CAMERAS, partial(read, stream=stream, camera=""))


def writer(stream: str, camera: str = "") -> Writer:
    """Write one camera, or without any the state, numbers by name: each in a message of its own, of the second version."""
    if camera:
        return lambda record: [json.dumps({"_cams": [camera]}).encode(), bytes(record.data)]
    return lambda record: [json.dumps({**record.data, "_cams": []}).encode()]


def read(parts: Sequence[bytes], *, stream: str, camera: str) -> list[Record]:
    """Read a picture or a state, if there is one. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, *range(1, MOST_CAMERAS + 2))
    found = read_json(WHOSE, parts[0])
    names = found.pop("_cams", None)
    if names is not None and (type(names) is not list or any(type(name) is not str for name in names) or len(names) != len(parts) - 1):
        raise CodecError(f"{WHOSE}: wants _cams to name each of the {len(parts) - 1} pictures")
    if names is None and len(parts) > 1:
        raise CodecError(f"{WHOSE}: {len(parts) - 1} pictures without _cams")
    if not camera:
        state = {name: float(value) for name, value in found.items() if _is_number(value) and name.isprintable()}
        return [Record(stream, state)] if state else []
    if names is None:
        return _picture(stream, from_base64(WHOSE, found.get(camera, "")))
    return _picture(stream, parts[1 + names.index(camera)] if camera in names else b"")


def _picture(stream: str, data: bytes) -> list[Record]:
    """Return a picture; an empty one stands where a camera failed."""
    return [Record(stream, checked_picture(WHOSE, data))] if data else []


def _is_number(value: Any) -> bool:
    """Tell whether a float holds it: JSON knows NaN, and integers of any length."""
    return isfinite(value) if type(value) is float else type(value) is int and abs(value) < 1 << 63
