"""A payload has one byte form, whatever it is held in; a digest is of that, chained second by second."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from hashlib import sha256
from typing import Any, NamedTuple

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph import Event, Window, seconds
from omniflow_graph.canonical import Digester, EdgeDigest, edge_digest, pack, payload_digest, record, run_digest


class Ack(NamedTuple):
    response: int
    final: bool


class Level(IntEnum):
    LOW = 1


class Plain(Enum):
    LOW = 1


@dataclass(frozen=True)
class Turn:
    start: int
    text: str


# The byte form

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(st.characters(exclude_categories=["Cs"])) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def shuffled(value: Any) -> Any:
    """Turn lists into tuples, and maps into the order of their keys backwards."""
    if isinstance(value, list):
        return tuple(map(shuffled, value))
    if isinstance(value, dict):
        return OrderedDict((key, shuffled(value[key])) for key in sorted(value, reverse=True))
    return value


@given(VALUES)
def test_a_value_has_one_form_and_comes_back_from_it(value):
    packed = pack(value)
    assert pack(shuffled(value)) == packed
    assert pack(msgpack.unpackb(packed)) == packed


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Ack(1, True), [1, True]),
        (Turn(5, "a"), {"start": 5, "text": "a"}),
        ({"b": 1, "a": {"d": 2, "c": 3}}, {"a": {"c": 3, "d": 2}, "b": 1}),
        (Level.LOW, 1),
        (np.int16(5), 5),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (-0.0, -0.0),
        (np.arange(3, dtype="<i2"), ["<i2", [3], b"\0\0\1\0\2\0"]),
        (np.arange(3, dtype=">i2"), ["<i2", [3], b"\0\0\1\0\2\0"]),
        (np.arange(6, dtype="u1").reshape(2, 3).T, ["|u1", [3, 2], b"\0\3\1\4\2\5"]),
        (np.array(True), ["|b1", [], b"\1"]),
        ([np.zeros((0, 4), "<f4")], [["<f4", [0, 4], b""]]),
        ({"a": (np.zeros(1, "<c8"), Ack(0, False))}, {"a": [["<c8", [1], bytes(8)], [0, False]]}),
    ],
)
def test_what_stands_for_the_same_has_the_same_form(value, form):
    assert pack(value) == msgpack.packb(form)


def test_what_differs_by_so_little_has_another_form():
    values = [None, False, 0, 0.0, -0.0, "", b"", [], {}, 1, True, 1.0, "1", b"1", [1], {"1": 1}, float("inf"), float("nan")]
    values += [np.zeros(2), np.zeros((2, 1)), np.zeros(2, "<f4"), np.zeros(2, "<i8")]
    assert len({pack(value) for value in values}) == len(values)


def endless() -> list:
    value: list = []
    value.append(value)
    return value


def deep() -> list:
    value: list = []
    for _ in range(600):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "no canonical form for object: use numbers, text, bytes, arrays, lists, maps"),
        ({1}, "no canonical form for set: use numbers"),
        ([bytearray(1)], "no canonical form for bytearray: use numbers"),
        ({"a": 1 + 2j}, "no canonical form for complex: use numbers"),
        (Decimal(1), "no canonical form for Decimal: use numbers"),
        (date(2020, 1, 1), "no canonical form for date: use numbers"),
        (Plain.LOW, "no canonical form for Plain: use numbers"),
        (Turn, "no canonical form for type: use numbers"),
        (len, "no canonical form for builtin_function_or_method: use numbers"),
        (np.longdouble(1), "no canonical form for longdouble: use numbers"),
        (2**64, "no canonical form for 18446744073709551616: integers have at most 64 bits"),
        ([-(2**63) - 1], "no canonical form for [-9223372036854775809]: integers have at most 64 bits"),
        ({1: 2}, "no canonical form for a map with the keys [1]: keys are text"),
        ({"a": {"b": 1, None: 2}}, "no canonical form for a map with the keys ['b', None]: keys are text"),
        (np.array([None]), "no canonical form for an array of object: use one array of numbers for each field"),
        (np.zeros(1, [("x", "<i2"), ("y", "<i2")]), "no canonical form for an array of [('x', '<i2'), ('y', '<i2')]: use one array of numbers"),
        ("\ud800", "no canonical form for this str: 'utf-8' codec can't encode"),
        (endless(), "no canonical form for this list: "),
        (deep(), "no canonical form for this list: "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_form_is_refused(value, words):
    with pytest.raises(TypeError) as refused:
        pack(value)
    assert words in str(refused.value)


# Digests of payloads


def hashed(letter: bytes, *parts: bytes) -> bytes:
    return sha256(letter + b"".join(parts)).digest()


WINDOW = Window(2, 20, 30, 37, True, (Event(20, "mic", 4, b"x", (("eye", 0, 1),)), Event(25, "eye", 0, [1])))


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"\1", hashed(b"b", b"\1")),
        (1, hashed(b"v", msgpack.packb(1))),
        (None, hashed(b"v", msgpack.packb(None))),
        (Ack(1, True), hashed(b"v", msgpack.packb([1, True]))),
        (np.arange(2, dtype="<i2"), hashed(b"a", msgpack.packb(["<i2", [2]]), b"\0\0\1\0")),
        (np.float64(0.5), hashed(b"v", msgpack.packb(0.5))),
        (
            WINDOW,
            hashed(
                b"w",
                msgpack.packb([2, 20, 30, True, [["mic", 20, 4, hashed(b"b", b"x")], ["eye", 25, 0, hashed(b"v", msgpack.packb([1]))]]]),
            ),
        ),
    ],
    ids=lambda data: type(data).__name__,
)
def test_a_payload_is_digested_by_its_kind_and_its_content(data, digest):
    assert payload_digest(data) == digest


def test_an_allowance_and_causes_are_not_in_the_digest_of_a_window():
    (first, second) = WINDOW.events
    assert payload_digest(WINDOW._replace(ready=30, events=(first._replace(made_of=()), second))) == payload_digest(WINDOW)
    assert payload_digest(WINDOW._replace(partial=False)) != payload_digest(WINDOW)
    assert payload_digest(WINDOW._replace(events=(first,))) != payload_digest(WINDOW)


def test_a_digester_hashes_an_object_once_and_is_not_mistaken_about_another():
    digest_of = Digester()
    for n in range(10_000):  # each is gone at once, so that its id could be used again
        assert digest_of([n]) == payload_digest([n])
    kept = np.zeros(4)
    assert digest_of(kept) is digest_of(kept)


def test_a_digester_keeps_no_day_of_pictures_alive():
    import gc
    import weakref

    digest_of, alive = Digester(), []
    for _ in range(300):
        picture = np.zeros(1 << 20, "u1")
        alive.append(weakref.ref(picture))
        digest_of(picture)
    del picture
    gc.collect()
    assert sum(ref() is not None for ref in alive) < 100


# Digests of edges and runs


def chained(*blocks: list[tuple]) -> bytes:
    chain = bytes(32)
    for block in blocks:
        chain = sha256(chain + b"".join(msgpack.packb([time, seq, payload_digest(data)]) for time, seq, data in block)).digest()
    return chain


def events(*rows: tuple) -> list[Event]:
    return [Event(time, "mic", seq, data) for time, seq, data in rows]


def test_an_edge_is_chained_once_for_each_second_that_holds_events():
    first, second, ninth = [(0, 0, "a"), (seconds(1) - 1, 1, "b")], [(seconds(1), 2, b"c")], [(seconds(9), 3, None), (seconds(9.9), 7, 1.0)]
    assert edge_digest(events(*first, *second, *ninth)) == chained(first, second, ninth)
    assert edge_digest(events(*first[:1])) == chained(first[:1])
    assert edge_digest([]) == bytes(32)


@given(st.lists(st.integers(0, 40)), st.integers(1, 7))
def test_an_edge_can_be_digested_record_by_record_or_many_at_a_time(tenths, at_a_time):
    edge = events(*((seconds(tenth / 10), seq, tenth) for seq, tenth in enumerate(sorted(tenths))))
    one, many, digest_of = EdgeDigest(), EdgeDigest(), Digester()
    for event in edge:
        one.add(event.time, event.seq, digest_of(event.data))
        assert one.digest() == one.digest()  # looking changes nothing
    for start in range(0, len(edge), at_a_time):
        some = edge[start : start + at_a_time]
        many.add_all(some, digest_of.of(some))
    assert one.digest() == many.digest() == edge_digest(edge)
    assert one.count == many.count == len(edge)


def test_a_time_a_number_and_a_payload_count_and_where_an_event_came_from_does_not():
    row = (5, 0, "a")
    others = [(6, 0, "a"), (5, 1, "a"), (5, 0, "b"), (5, 0, b"a")]
    assert edge_digest(events(row)) not in [edge_digest(events(other)) for other in others]
    assert edge_digest([Event(5, "eye", 0, "a", (("mic", 0, 9),))]) == edge_digest(events(row))
    assert record(*row[:2], bytes(32)) == msgpack.packb([5, 0, bytes(32)])


def test_a_run_is_its_edges_by_name():
    assert run_digest({"b": b"2", "a": b"1"}) == run_digest({"a": b"1", "b": b"2"}) == sha256(msgpack.packb({"a": b"1", "b": b"2"})).digest()
    assert run_digest({"a": b"2", "b": b"1"}) != run_digest({"a": b"1", "b": b"2"})
