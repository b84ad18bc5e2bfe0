"""One byte form for every payload, and the digests built on it: when are two edges, or two runs, the same?

A record is canonical msgpack of `[time, seq, payload digest]`. An edge's digest is chained once per second of session
time that holds records, `d = sha256(d + records)` from 32 zero bytes, so neither ticks nor windows can show in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any

import msgpack
import numpy as np

from omniflow_graph.events import SECOND, Event, Window

_pack: Any = msgpack.Packer(use_bin_type=True).pack  # no `default` hook: nothing in Python runs inside, so threads may share it
_pack_header: Any = msgpack.Packer(use_bin_type=True).pack_array_header
_data = itemgetter(3)  # of an event
_PLAIN = frozenset((int, str, bool, float, bytes, type(None)))


def pack(value: Any) -> bytes:
    """Write a value as canonical msgpack: shortest forms, text keys in order, floats as 64-bit IEEE.

    Lists, tuples and NamedTuples become arrays, frozen dataclasses maps of their fields, NumPy arrays
    `[dtype, shape, little-endian bytes]`. Raises TypeError for anything else: no repr, set or pickle can get in.

    >>> pack({"b": 1, "a": None}).hex()
    '82a161c0a16201'
    """
    try:
        if type(value) in _PLAIN or (isinstance(value, tuple) and _PLAIN.issuperset(map(type, value))):
            return _pack(value)  # most payloads are a record of numbers and text
        return _pack(_ordered(value))
    except OverflowError:
        raise TypeError(f"no canonical form for {value!r}: integers have at most 64 bits") from None
    except (RecursionError, ValueError) as error:  # nested without end; text that UTF-8 cannot write
        raise TypeError(f"no canonical form for this {type(value).__name__}: {error}") from None


def _ordered(value: Any) -> Any:
    """Put every map in the order of its keys, all the way down."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (list, tuple)):
        return [item if type(item) in _PLAIN else _ordered(item) for item in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"no canonical form for a map with the keys {list(value)!r}: keys are text")
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):  # a longdouble stays one
        return _ordered(value.item())
    if is_dataclass(value) and not isinstance(value, type):
        return _ordered({field.name: getattr(value, field.name) for field in fields(value)})
    for kind in (int, str, float, bytes):  # a subclass, such as an IntEnum
        if isinstance(value, kind):
            return kind(value)  # type: ignore[arg-type]
    raise TypeError(f"no canonical form for {type(value).__name__}: use numbers, text, bytes, arrays, lists, maps")


def _array(value: np.ndarray) -> list[Any]:
    if value.dtype.hasobject or value.dtype.fields:
        raise TypeError(f"no canonical form for an array of {value.dtype}: use one array of numbers for each field")
    little = value.astype(value.dtype.newbyteorder("<"), copy=False)
    return [little.dtype.str, list(value.shape), little.tobytes("C")]


def payload_digest(data: Any) -> bytes:
    """Digest a payload: sha256 over a letter for its kind and its content, so that b"\\x01" and 1 differ."""
    return Digester()(data)


class Digester:
    """Digest payloads, each object once: what passes through ten operators unchanged is hashed one time.

    It keeps the objects it knows alive, so that an id cannot be used again, and forgets them all when they are many or
    large: more than what comes in of several sessions at a time, and what becomes of it.
    """

    MOST, MOST_BYTES = 1 << 14, 32 << 20

    def __init__(self) -> None:
        self._known: tuple[dict[int, bytes], list[Any]] = {}, []  # by id, and what has these ids; replaced as one: threads share it
        self._bytes = 0

    def __call__(self, data: Any) -> bytes:
        """Return the 32 bytes of the payload's digest."""
        return self._known[0].get(id(data)) or self._learn(data)

    def of(self, events: Iterable[Event[Any]]) -> list[bytes]:
        """Return the digests of the payloads of events."""
        return self.all(list(map(_data, events)))

    def all(self, payloads: Sequence[Any]) -> list[bytes]:
        """Return the digests of payloads."""
        digests: list[Any] = list(map(self._known[0].get, map(id, payloads)))
        if None in digests:
            return [digest or self._learn(data) for digest, data in zip(digests, payloads)]
        return digests

    def can(self, data: Any) -> bool:
        """Tell whether a payload has a digest."""
        try:
            return bool(self(data))
        except Exception:  # whatever keeps it from having one
            return False

    def _learn(self, data: Any) -> bytes:
        if type(data) is bytes:
            digest = sha256(b"b" + data).digest()
            self._bytes += len(data)
        else:
            digest = self._compute(data)
            if isinstance(data, (list, dict, bytearray)):  # may be another the next time
                return digest
            self._bytes += data.nbytes if isinstance(data, np.ndarray) else 0
        if len(self._known[0]) >= self.MOST or self._bytes > self.MOST_BYTES:
            self._known, self._bytes = ({}, []), 0
        known, alive = self._known
        alive.append(data)
        known[id(data)] = digest
        return digest

    def _compute(self, data: Any) -> bytes:
        if type(data) is Window:
            return sha256(b"w" + _pack((data.k, data.start, data.end, data.partial, self._records(data.events)))).digest()
        if isinstance(data, np.ndarray):
            form, shape, content = _array(data)
            return sha256(b"a" + _pack((form, shape)) + content).digest()
        return sha256(b"v" + pack(data)).digest()

    def _records(self, events: Sequence[Event[Any]]) -> list[tuple[str, int, int, bytes]]:
        """Return what a window's digest says of its events: stream, time, seq, digest of the payload."""
        if not events:
            return []
        times, streams, seqs, payloads, _, _ = zip(*events)
        return list(zip(streams, times, seqs, self.all(payloads)))


def record(time: int, seq: int, digest: bytes) -> bytes:
    """Write one record of an edge."""
    return _pack((time, seq, digest))


def records(rows: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Write records one after another: an array's content is that of its items, so one call packs them all.

    >>> records([(1, 0, b"a"), (2, 1, b"b")]) == record(1, 0, b"a") + record(2, 1, b"b")
    True
    """
    return _pack(rows)[len(_pack_header(len(rows))) :]


class EdgeDigest:
    """Chain the records of one edge, second by second of session time."""

    __slots__ = ("block", "chain", "count", "pending")

    def __init__(self) -> None:
        self.chain, self.block, self.count = bytes(32), -1, 0
        self.pending: list[bytes] = []  # the records of this second

    def add(self, time: int, seq: int, digest: bytes) -> None:
        """Add the next record of the edge; times must not decrease."""
        block = time // SECOND
        if block != self.block:
            self._close()
            self.block = block
        self.pending.append(record(time, seq, digest))
        self.count += 1

    def add_all(self, events: Sequence[Event[Any]], digests: Sequence[bytes]) -> None:
        """Add records of the edge, those of one second at a stroke."""
        if not events:
            return
        times, _, seqs, _, _, _ = zip(*events)
        rows, done = list(zip(times, seqs, digests)), 0
        while done < len(rows):
            block = times[done] // SECOND
            if block != self.block:
                self._close()
                self.block = block
            until = bisect_left(times, (block + 1) * SECOND, done)
            self.pending.append(records(rows[done:until]))
            done = until
        self.count += len(rows)

    def _close(self) -> None:
        if self.pending:
            self.chain = self.digest()
            self.pending = []

    def digest(self) -> bytes:
        """Return the digest of all records so far."""
        return sha256(self.chain + b"".join(self.pending)).digest() if self.pending else self.chain


def edge_digest(events: Iterable[Event[Any]]) -> bytes:
    """Digest a whole edge."""
    chain, events = EdgeDigest(), list(events)
    chain.add_all(events, Digester().of(events))
    return chain.digest()


def run_digest(edges: Mapping[str, bytes]) -> bytes:
    """Digest a run: sha256 over canonical msgpack of `{edge: digest}`."""
    return sha256(pack(dict(edges))).digest()
