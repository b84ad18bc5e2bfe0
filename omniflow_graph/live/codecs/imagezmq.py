"""imagezmq 1.2: `[JSON {"msg": name}, JPEG]`, or `[JSON {"msg", "dtype": "uint8", "shape": [h, w, 3]}, BGR bytes]`."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import partial

from omniflow_graph.live.codecs.record import MOST_PIXELS, Codec, CodecError, Record, Writer, checked_parts, checked_picture
from omniflow_graph.live.codecs.text import read_json
from omniflow_graph.media.payloads import Jpeg

WHOSE = "imagezmq"
QUALITY = 95  # of what was sent without loss; recordings hold JPEG


def codec(stream: str, name: str = "") -> Codec:
    """Read pictures: of one sender, by its name, or without any of all."""
    return Codec("image", 2, partial(read, stream=stream, name=name), format="jpeg")


def writer(stream: str, name: str = "") -> Writer:
    """Write pictures as those of a sender, which is called as the stream is unless it is named."""
    head = json.dumps({"msg": name or stream}).encode()
    return lambda record: [head, bytes(record.data)]


def read(parts: Sequence[bytes], *, stream: str, name: str) -> list[Record]:
    """Read a picture, if it is of this sender. Raises CodecError, and nothing else."""
    checked_parts(WHOSE, parts, 2)
    head = read_json(WHOSE, parts[0])
    if name and head.get("msg") != name:
        return []
    if "shape" not in head:
        return [Record(stream, checked_picture(WHOSE, parts[1]))]
    shape = head["shape"]
    if head.get("dtype") != "uint8" or type(shape) is not list or len(shape) not in (2, 3) or any(type(n) is not int or n < 1 for n in shape):
        raise CodecError(f"{WHOSE}: wants uint8 of a shape [height, width, 3], got {str(head.get('dtype'))[:20]} of {str(shape)[:40]}")
    height, width, colours = (*shape, 1)[:3]
    if colours not in (1, 3) or height * width > MOST_PIXELS or height * width * colours != len(parts[1]):
        raise CodecError(f"{WHOSE}: {len(parts[1])} bytes for {height} x {width} x {colours}")
    return [Record(stream, _jpeg(parts[1], width, height, colours))]


def _jpeg(data: bytes, width: int, height: int, colours: int) -> Jpeg:
    from PIL import Image

    image = Image.frombytes("RGB", (width, height), data, "raw", "BGR") if colours == 3 else Image.frombytes("L", (width, height), data)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return Jpeg(out.getvalue())
