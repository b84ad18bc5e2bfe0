"""Write payloads as messages that other viewers open, and read them back: one codec per kind of stream.

Sound, pictures and text are Foxglove's own protobuf messages; values are `omniflow.Value`: readable JSON beside the
exact msgpack. What comes back has the same digest: arrays as arrays, tuples as lists, NamedTuples as `Row`, dataclasses
and maps as `Fields`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import msgpack
import numpy as np

from omniflow_graph.events import SECOND, Window

ARRAY = 1  # msgpack extension type: [dtype, shape, little-endian bytes]
ROW = 2  # msgpack extension type: [names, values]
DEEPEST = 32  # records in records; each takes 40 KB of stack to read
PLAIN = frozenset((int, str, float, bool, type(None)))  # what msgpack and JSON both have a form for

ODD = "{} bytes of 16-bit samples, of which each has two"

_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes a new encoder at each call
_pack: Any = msgpack.Packer(use_bin_type=True).pack


class Fields(dict):
    """Hold a map whose keys read as attributes, too: what a map or a dataclass comes back as."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}; there are {', '.join(map(str, self))}") from None


class Row(tuple):
    """Hold a tuple whose items have names: what a NamedTuple comes back as, and equal to it.

    >>> row = Row(("x", "y"), (1, 2))
    >>> row.y, row == (1, 2), dict(**row)
    (2, True, {'x': 1, 'y': 2})
    """

    _fields: tuple[str, ...]

    def __new__(cls, names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
        row = super().__new__(cls, values)
        row._fields = tuple(names)
        return row

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._fields:
            raise AttributeError(f"no field {name!r}; there are {', '.join(self._fields)}")
        return tuple.__getitem__(self, self._fields.index(name))

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)

    def keys(self) -> tuple[str, ...]:
        """Return the names, so that `Ack(**row)` makes the record that it was."""
        return self._fields

    def __reduce__(self) -> tuple[Any, ...]:
        return Row, (self._fields, tuple(self))


class Codec(NamedTuple):
    """Say how one kind of stream is written. `schema` is (name, encoding, descriptor bytes)."""

    schema: tuple[str, str, bytes]
    write: Callable[[int, Any, int | None, str | None], bytes]  # time, payload, rate, format
    read: Callable[[bytes], Any]


@lru_cache(maxsize=1)
def codecs() -> dict[str, Codec]:
    """Return the codec of each kind: audio, image, text, value."""
    from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
    from foxglove_schemas_protobuf.Log_pb2 import Log
    from foxglove_schemas_protobuf.RawAudio_pb2 import RawAudio
    from google.protobuf.timestamp_pb2 import Timestamp

    value = _value_class()

    def stamp(time: int) -> Any:
        return Timestamp(seconds=time // SECOND, nanos=time % SECOND)

    def audio(time: int, data: bytes, rate: int | None, form: str | None) -> bytes:
        if len(data) % 2 and form in (None, "pcm-s16"):
            raise ValueError(ODD.format(len(data)))
        message = RawAudio(timestamp=stamp(time), data=data, format=form or "pcm-s16", sample_rate=rate or 0, number_of_channels=1)
        return message.SerializeToString()

    def image(time: int, data: bytes, rate: int | None, form: str | None) -> bytes:
        return CompressedImage(timestamp=stamp(time), data=data, format=form or "jpeg").SerializeToString()

    def text(time: int, data: str, rate: int | None, form: str | None) -> bytes:
        if not isinstance(data, str):  # protobuf would take bytes for text
            raise TypeError(f"expected str, {type(data).__name__} found")
        return Log(timestamp=stamp(time), level=Log.INFO, message=data).SerializeToString()

    def plain(time: int, data: Any, rate: int | None, form: str | None) -> bytes:
        message = value(json=_json(readable(data)), msgpack=pack_value(data))
        message.timestamp.seconds, message.timestamp.nanos = divmod(time, SECOND)  # its pool is its own
        return message.SerializeToString()

    def heard(content: bytes, rate: int | None = None, form: str | None = None) -> bytes:
        message = RawAudio.FromString(content)
        data, got = message.data, (message.sample_rate, message.number_of_channels, message.format)  # what is not said is 0 or ""
        if got != (rate, 1, form) and any(known and said and known != said for known, said in zip((rate, 1, form), got)):
            raise ValueError(f"sound at {got[0]} Hz, {got[1]} channels, {got[2]!r}; wants {rate or 'any'} Hz, 1 channel, {form!r}")
        if len(data) % 2 and (got[2] or form) == "pcm-s16":
            raise ValueError(ODD.format(len(data)))
        return data

    return {
        "audio": Codec(_schema(RawAudio), audio, heard),
        "image": Codec(_schema(CompressedImage), image, lambda data: CompressedImage.FromString(data).data),
        "text": Codec(_schema(Log), text, lambda data: Log.FromString(data).message),
        "value": Codec(_schema(value), plain, lambda data: unpack_value(value.FromString(data).msgpack)),
    }


def reading(kind: str, rate: int | None, form: str | None) -> Callable[[bytes], Any]:
    """Return what reads the messages of a stream, and raises ValueError for sound that is not as its manifest says."""
    read: Any = codecs()[kind].read
    return partial(read, rate=rate, form=form or "pcm-s16") if kind == "audio" else read


def pack_value(value: Any) -> bytes:
    """Write any payload exactly, arrays included. Of a window only what it is, not its events, which are elsewhere.

    >>> unpack_value(pack_value({"a": (1, None), "b": np.arange(3, dtype="<i2")}))
    {'a': [1, None], 'b': array([0, 1, 2], dtype=int16)}
    """
    return _pack(_simple(value, 0))


def unpack_value(content: bytes) -> Any:
    """Read a payload back. Raises ValueError if it is not one."""
    return _unpack(content, 0)


def readable(value: Any) -> Any:
    """Turn a payload into what JSON can say, for people: sound, pictures and arrays by their size."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes"
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, Window):
        return _about(value)
    if hasattr(value, "_fields"):
        return {name: item if type(item) in PLAIN else readable(item) for name, item in zip(value._fields, value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: readable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _simple(value: Any, depth: int) -> Any:
    """Turn a payload into what msgpack has a form for. `depth` counts the rows around it, each packed on its own."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        if little.dtype.hasobject:
            raise TypeError("an array of Python objects; use arrays of numbers")
        return msgpack.ExtType(ARRAY, pack_value([little.dtype.str, list(value.shape), little.tobytes("C")]))
    if isinstance(value, Window):
        return _about(value)
    if hasattr(value, "_fields"):
        if depth == DEEPEST:
            raise ValueError(f"records more than {DEEPEST} deep in records")
        items = [item if type(item) in PLAIN else _simple(item, depth + 1) for item in value]
        return msgpack.ExtType(ROW, _row_of(tuple(value._fields)) + _pack(items))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _simple(getattr(value, field.name), depth) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _simple(item, depth) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simple(item, depth) for item in value]
    return value.item() if isinstance(value, np.generic) else value


@lru_cache(maxsize=256)
def _row_of(names: tuple[str, ...]) -> bytes:
    """Write the beginning of a row: a pair, and its first half, the names."""
    return b"\x92" + pack_value(list(names))


def _about(window: Window) -> dict[str, Any]:
    return {"k": window.k, "start": window.start, "end": window.end, "ready": window.ready, "partial": window.partial}


def _unpack(content: bytes, depth: int) -> Any:
    return msgpack.unpackb(content, raw=False, ext_hook=_EXTENSIONS[depth], object_pairs_hook=Fields)


def _extension(depth: int, code: int, content: bytes) -> Any:
    if code == ARRAY:
        dtype, shape, data = msgpack.unpackb(content)
        return np.frombuffer(data, _dtype(dtype)).reshape(shape)
    if code == ROW:
        if depth == DEEPEST:
            raise ValueError(f"records more than {DEEPEST} deep in records")
        names, values = _unpack(content, depth + 1)
        if type(values) is not list or len(names) != len(values) or not all(type(name) is str for name in names):
            raise ValueError("a record whose fields do not fit their names")
        return Row(tuple(names), tuple(values))
    raise ValueError(f"unknown msgpack extension {code}")


_EXTENSIONS = [partial(_extension, depth) for depth in range(DEEPEST + 1)]


@lru_cache(maxsize=256)
def _dtype(name: str) -> np.dtype:
    """Make the type of an array: of numbers, texts or times, by a name such as "<i2"; NumPy would take programs, too."""
    if not re.fullmatch(r"[<>|=]?[biufcmMSUV]\d+(\[\d*\w+\])?", name):
        raise ValueError(f"an array of {name!r}")
    return np.dtype(name)


def _schema(message: Any) -> tuple[str, str, bytes]:
    """Describe a message with all it is made of, as MCAP wants it."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    files = FileDescriptorSet()
    seen: set[str] = set()

    def visit(file: Any) -> None:
        if file.name not in seen:
            seen.add(file.name)
            for dependency in file.dependencies:
                visit(dependency)
            file.CopyToProto(files.file.add())

    visit(message.DESCRIPTOR.file)
    return message.DESCRIPTOR.full_name, "protobuf", files.SerializeToString()


@lru_cache(maxsize=1)
def _value_class() -> Any:
    """Build the class of `omniflow.Value {Timestamp timestamp = 1; string json = 2; bytes msgpack = 3;}`."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="omniflow/value.proto", package="omniflow", syntax="proto3", dependency=[TIMESTAMP.name])
    message = file.message_type.add(name="Value")
    rows = (
        ("timestamp", kinds.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
        ("json", kinds.TYPE_STRING, None),
        ("msgpack", kinds.TYPE_BYTES, None),
    )
    for number, (name, kind, of) in enumerate(rows, 1):
        message.field.add(name=name, number=number, type=kind, type_name=of, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(TIMESTAMP.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("omniflow.Value"))
