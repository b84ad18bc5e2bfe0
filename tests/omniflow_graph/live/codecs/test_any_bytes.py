"""Whatever comes in, a codec gives records or a CodecError, and never makes much of little."""

from __future__ import annotations

import json
import struct
import tracemalloc
from collections.abc import Sequence

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.codecs.record import Codec, CodecError, Record
from omniflow_graph.live.codecs.registry import codec_of
from omniflow_graph.recording.wire import pack_value
from tests.omniflow_graph.live.codecs.pictures import JPEG

STREAMS = {
    "omniflow/1": "env-audio",
    "omniflow/1?kind=image": "env-audio",
    "omniflow/1?kind=value": "env-audio",
    "omniflow/1?kind=text": "env-audio",
    "raw-jpeg": "env-visual",
    "lerobot?camera=a": "env-visual",
    "lekiwi": "state/arm",
    "lekiwi?camera=a": "env-visual",
    "imagezmq": "env-visual",
    "raw-pcm?fmt=f32&rate=32000": "env-audio",
}
CODECS = {text: codec_of(text, stream) for text, stream in STREAMS.items()}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.sampled_from(["v", "seq", "gen", "clk"]), inner, max_size=4),
)
HEADERS = st.fixed_dictionaries({"v": st.just(1)}, optional={"seq": VALUES, "t_cap_ns": VALUES, "session": VALUES, "clk": VALUES})
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["", "AAAA", "uint8"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "images", "timestamps", "_cams", "shape", "dtype", "msg"]), inner, max_size=5)
    ),
)
SHAPES = st.fixed_dictionaries({"dtype": st.just("uint8"), "shape": st.lists(st.integers(-1, 3) | st.integers(), max_size=4)})
CUT = st.tuples(st.integers(0, len(JPEG)), st.binary(max_size=4), st.integers(0, len(JPEG))).map(lambda of: JPEG[: of[0]] + of[1] + JPEG[of[2] :])
STAMPED = st.tuples(st.floats(), st.integers(0, 2**32 - 1), CUT).map(lambda of: struct.pack("<dI", of[0], of[1]) + of[2])
PARTS = (
    st.binary(max_size=40)
    | st.just(b"env-audio")
    | (HEADERS | VALUES).map(msgpack.packb)
    | (SHAPES | TREES).map(lambda tree: json.dumps(tree).encode())
    | CUT
    | STAMPED
)
MESSAGES = st.lists(PARTS, max_size=4) | st.tuples(st.just(b"env-audio"), HEADERS.map(msgpack.packb), PARTS)


@given(MESSAGES)
def test_nothing_but_a_record_or_a_refusal_leaves_a_codec(parts):
    """Fails when only some errors of a parser are caught, or when a record holds what a recording cannot."""
    check(parts)


@pytest.mark.full
@given(MESSAGES)
@settings(max_examples=10_000)
def test_ten_thousand_messages_are_records_or_refused(parts):
    check(parts)


def check(parts: Sequence[bytes]) -> None:
    for codec in CODECS.values():
        for record in refused_or_read(codec, parts):
            pack_value(tuple(record))


def refused_or_read(codec: Codec, parts: Sequence[bytes]) -> list[Record]:
    try:
        return codec.read(parts)
    except CodecError:
        return []


DEEP, WIDE = b"\x91" * 60_000 + b"\x00", b"\xdc\xff\xff" + b"\x80" * 60_000
BOMBS = {
    "as deep as it is long": [b"env-audio", DEEP, b""],
    "sixty thousand maps": [b"env-audio", WIDE, b""],
    "four thousand million items": [b"env-audio", b"\xdd\xff\xff\xff\xff", b""],
    "four thousand million bytes": [b"env-audio", b"\xc6\xff\xff\xff\xff", b""],
    "an extension without end": [b"env-audio", b"\xc9\xff\xff\xff\xff\x01", b""],
    "a list as a key": [b"env-audio", b"\x81\x90\x01", b""],
    "text that is none": [b"env-audio", b"\x81\xa1\xff\x01", b""],
    "an empty timestamp": [b"env-audio", b"\xc7\x00\xff", b""],
    "a byte that msgpack never uses": [b"env-audio", b"\xc1", b""],
    "a deep value": encode("env-audio", 0, 0, DEEP),
    "a million lists": [b'{"a": [' + b"[]," * 1_000_000 + b"[]]}"],
    "lists in lists": [b'{"a": ' + b"[" * 500_000],
    "a number of a million digits": [b'{"a": ' + b"9" * 1_000_000 + b"}"],
    "a raw picture that is not there": [b'{"dtype": "uint8", "shape": [4096, 4096, 3]}', b"xyz"],
    "a picture of a terabyte": [b'{"dtype": "uint8", "shape": [999999, 999999, 1]}', b"xyz"],
    "twenty thousand parts": [b"x"] * 20_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_little_never_becomes_much(bomb):
    """Fails when lengths that a message claims are believed, or items are not counted before they are made."""
    parts = BOMBS[bomb]
    size = sum(map(len, parts))
    tracemalloc.start()
    try:
        assert [refused_or_read(codec, parts) for codec in CODECS.values()] == [[]] * len(CODECS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * size + 3_000_000
