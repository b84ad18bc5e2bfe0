"""Our own wire format gives back what was written; what is none of it is refused with a reason."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.live.codecs.omniflow1 import codec, encode
from omniflow_graph.live.codecs.record import CodecError, Record
from tests.omniflow_graph.live.codecs.pictures import JPEG, lying

STATE = {"elbow": 0.5, "raw": b"\x00", "more": [1, None]}
GOOD = {"v": 1, "seq": 3, "t_cap_ns": 9}
WHOLE = st.integers(0, 2**63 - 1)
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=200)


def mic(parts):
    return codec("env-audio").read(parts)


@given(NAMES, WHOLE, WHOLE, st.text(), NAMES, NAMES, WHOLE)
def test_a_record_comes_back_as_it_was_written(topic, seq, captured, text, session, clock, generation):
    parts = encode(topic, seq, captured, text.encode(), session=session, clk=clock, gen=generation)
    assert codec(topic, kind="text").read(parts) == [Record(topic, text, captured, seq, session, clock, generation)]


@pytest.mark.parametrize(
    ("header", "record"),
    [
        (GOOD, Record("env-audio", b"ab", 9, 3)),
        ({"v": 1}, Record("env-audio", b"ab")),
        ({"v": 1, "seq": None, "t_cap_ns": 0}, Record("env-audio", b"ab", 0)),
        ({**GOOD, "rate": 16_000, "unit": ["m", {"s": 1.5}]}, Record("env-audio", b"ab", 9, 3)),
    ],
)
def test_a_header_may_say_less_or_more(header, record):
    assert mic([b"env-audio", msgpack.packb(header), b"ab"]) == [record]


@pytest.mark.parametrize(
    ("stream", "kind", "payload", "data"),
    [
        ("env-audio/left", "audio", b"ab", b"ab"),
        ("env-visual/front", "image", JPEG, JPEG),
        ("messages", "text", "hé".encode(), "hé"),
        (
            "state/joints",
            "value",
            msgpack.packb({"elbow": 0.5, "raw": b"\x00", "more": [1, None]}),
            {"elbow": 0.5, "raw": b"\x00", "more": [1, None]},
        ),
    ],
)
def test_the_name_of_a_stream_tells_what_its_payloads_are(stream, kind, payload, data):
    made = codec(stream)
    assert (made.kind, made.read(encode(stream, 0, 0, payload))) == (kind, [Record(stream, data, 0, 0)])


def test_another_topic_is_left_to_others():
    assert mic([b"env-visual", b"not even a header", b""]) == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "wants 3 parts, got 0"),
        ([b"env-audio", msgpack.packb(GOOD)], "wants 3 parts, got 2"),
        ([b"env-audio", msgpack.packb(GOOD), b"", b""], "wants 3 parts, got 4"),
        ([b"env-audio", b"", b""], "msgpack cannot be read"),
        ([b"env-audio", msgpack.packb(GOOD) + b"\x00", b""], "msgpack cannot be read"),
        ([b"env-audio", msgpack.packb(GOOD)[:-1], b""], "msgpack cannot be read"),
        ([b"env-audio", msgpack.packb({**GOOD, "long": "x" * 5000}), b""], "msgpack cannot be read"),
        ([b"env-audio", msgpack.packb({**GOOD, 5: 1}), b""], "msgpack cannot be read"),
        ([b"env-audio", msgpack.packb({**GOOD, "more": msgpack.ExtType(5, b"x")}), b""], "msgpack cannot be read"),
        ([b"env-audio", bytes(70_000), b""], "msgpack of 70000 bytes"),
        ([b"env-audio", msgpack.packb([1, 3, 9]), b""], "wants a header {v: 1, ...}"),
        ([b"env-audio", msgpack.packb({"seq": 3}), b""], "wants a header {v: 1, ...}"),
        ([b"env-audio", msgpack.packb({**GOOD, "v": 2}), b""], "wants a header {v: 1, ...}"),
        ([b"env-audio", msgpack.packb({**GOOD, "seq": -1}), b""], "seq, t_cap_ns and gen are integers"),
        ([b"env-audio", msgpack.packb({**GOOD, "seq": True}), b""], "seq, t_cap_ns and gen are integers"),
        ([b"env-audio", msgpack.packb({**GOOD, "gen": 0.5}), b""], "seq, t_cap_ns and gen are integers"),
        ([b"env-audio", msgpack.packb({**GOOD, "t_cap_ns": 2**63}), b""], "seq, t_cap_ns and gen are integers, 0 or more, of 63 bits"),
        ([b"env-audio", msgpack.packb({**GOOD, "session": ""}), b""], "session and clk are texts"),
        ([b"env-audio", msgpack.packb({**GOOD, "session": "a\nb"}), b""], "session and clk are texts"),
        ([b"env-audio", msgpack.packb({**GOOD, "clk": 5}), b""], "session and clk are texts"),
        ([b"env-audio", msgpack.packb(GOOD), b"abc"], "3 bytes of 16-bit samples"),
    ],
)
def test_what_is_no_record_is_refused_with_a_reason(parts, words):
    with pytest.raises(CodecError) as caught:
        mic(parts)
    assert str(caught.value).startswith("omniflow/1: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("stream", "payload", "words"),
    [
        ("env-visual", b"GIF89a", "no JPEG or PNG"),
        ("env-visual", lying(60_000, 60_000), "a picture of 60000 x 60000"),
        ("messages", b"\xff", "text that is no UTF-8"),
        ("playback", b"\xc1", "msgpack cannot be read"),
        ("playback", b"\x91" * 40 + b"\x00", "a value more than 16 deep"),
        ("playback", b"\xd6\xff\x00\x00\x00\x00", "exceeds max_ext_len"),
    ],
)
def test_a_payload_is_what_its_kind_holds(stream, payload, words):
    with pytest.raises(CodecError, match=words):
        codec(stream).read(encode(stream, 0, 0, payload))
