"""The wire format gives back what was written, and any bytes are a record or a CodecError, never anything else."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omniflow_graph.live.feed import CodecError, decode, encode

GOOD = {"v": 1, "seq": 3, "t_cap_ns": 9}
WHOLE = st.integers(0, 2**63 - 1)


@given(st.text(), WHOLE, WHOLE, st.binary())
def test_a_record_comes_back_as_it_was_written(topic, seq, captured, payload):
    assert decode(encode(topic, seq, captured, payload)) == (topic, seq, captured, payload)


@pytest.mark.parametrize(
    ("header", "record"),
    [
        (GOOD, ("mic", 3, 9, b"x")),
        ({"v": 1}, ("mic", None, None, b"x")),
        ({"v": 1, "seq": None, "t_cap_ns": 0}, ("mic", None, 0, b"x")),
        ({**GOOD, "rate": 16_000, "unit": ["m", {"s": 1.5}]}, ("mic", 3, 9, b"x")),
    ],
)
def test_a_header_may_say_less_or_more(header, record):
    assert decode([b"mic", msgpack.packb(header), b"x"]) == record


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "wants 3 parts, got 0"),
        ([b"mic", msgpack.packb(GOOD)], "wants 3 parts, got 2"),
        ([b"mic", msgpack.packb(GOOD), b"", b""], "wants 3 parts, got 4"),
        ([b"\xff", msgpack.packb(GOOD), b""], "topic or header cannot be read"),
        ([b"mic", b"", b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb(GOOD) + b"\x00", b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb(GOOD)[:-1], b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb({**GOOD, "long": "x" * 5000}), b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb({**GOOD, 5: 1}), b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb({**GOOD, "more": msgpack.ExtType(5, b"x")}), b""], "topic or header cannot be read"),
        ([b"mic", msgpack.packb([1, 3, 9]), b""], "wants a header {v: 1, ...}"),
        ([b"mic", msgpack.packb({"seq": 3}), b""], "wants a header {v: 1, ...}"),
        ([b"mic", msgpack.packb({**GOOD, "v": 2}), b""], "wants a header {v: 1, ...}"),
        ([b"mic", msgpack.packb({**GOOD, "seq": -1}), b""], "seq and t_cap_ns are integers"),
        ([b"mic", msgpack.packb({**GOOD, "seq": True}), b""], "seq and t_cap_ns are integers"),
        ([b"mic", msgpack.packb({**GOOD, "t_cap_ns": 0.5}), b""], "seq and t_cap_ns are integers"),
        ([b"mic", msgpack.packb({**GOOD, "t_cap_ns": "now"}), b""], "seq and t_cap_ns are integers"),
        ([b"mic", msgpack.packb({**GOOD, "t_cap_ns": 2**63}), b""], "seq and t_cap_ns are integers, 0 or more, of 63 bits"),
    ],
)
def test_what_is_no_record_is_refused_with_a_reason(parts, words):
    with pytest.raises(CodecError) as caught:
        decode(parts)
    assert str(caught.value).startswith("omniflow/1: ")
    assert words in str(caught.value)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.sampled_from(["v", "seq", "t_cap_ns"]), inner, max_size=4),
)
HEADERS = st.fixed_dictionaries({"v": st.just(1)}, optional={"seq": VALUES, "t_cap_ns": VALUES, "more": VALUES})
PACKED = (HEADERS | VALUES).map(msgpack.packb)
TOPICS = st.just(b"mic") | st.binary(max_size=9)


@given(st.lists(st.binary(max_size=30), max_size=5) | st.tuples(TOPICS, PACKED | st.binary(), st.binary(max_size=9)))
@example([b"mic", b"\x91" * 5000 + b"\x00", b""])  # as deep as it is long
@example([b"mic", b"\xdd\xff\xff\xff\xff", b""])  # says that it holds four thousand million items
@example([b"mic", b"\xc6\xff\xff\xff\xff", b""])
@example([b"mic", b"\xc9\xff\xff\xff\xff\x01", b""])
@example([b"mic", b"\x81\x90\x01", b""])  # a list is the key
@example([b"mic", b"\x81\xa1\xff\x01", b""])  # text that is none
@example([b"mic", b"\xd6\xff\x00\x00\x00\x00", b""])  # a timestamp
@example([b"mic", b"\xc7\x00\xff", b""])  # and an empty one
@example([b"mic", b"\xc1", b""])  # what msgpack never uses
def test_any_bytes_are_a_record_or_refused(parts):
    """Fails when a header may be anything but a map, or when only some errors of msgpack are caught."""
    try:
        topic, seq, captured, payload = decode(parts)
    except CodecError:
        return
    assert (topic.encode(), payload) == (parts[0], parts[2])
    assert all(value is None or (type(value) is int and 0 <= value < 2**63) for value in (seq, captured))
