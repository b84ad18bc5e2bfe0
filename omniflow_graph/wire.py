"""Write payloads as messages that other viewers open, and read them back: one codec per kind of stream.

Sound, pictures and text are Foxglove's own protobuf messages; values are `omniflow.Value`: readable JSON beside the
exact msgpack. Maps and records with named fields come back as `Fields`, arrays as arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import msgpack
import numpy as np

from omniflow_graph.events import SECOND, Window

ARRAY = 1  # msgpack extension type: [dtype, shape, little-endian bytes]


class Fields(dict):
    """Hold a map whose keys read as attributes, too: what a record with named fields comes back as."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}; there are {', '.join(map(str, self))}") from None


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

    value = _value_class()

    def audio(time: int, data: Any, rate: int | None, form: str | None) -> bytes:
        content = data if isinstance(data, bytes) else np.ascontiguousarray(data, "<i2").tobytes()
        return RawAudio(
            timestamp=_stamp(time), data=content, format=form or "pcm-s16", sample_rate=rate or 0, number_of_channels=1
        ).SerializeToString()

    def image(time: int, data: bytes, rate: int | None, form: str | None) -> bytes:
        return CompressedImage(timestamp=_stamp(time), data=data, format=form or "jpeg").SerializeToString()

    def text(time: int, data: str, rate: int | None, form: str | None) -> bytes:
        return Log(timestamp=_stamp(time), level="INFO", message=data).SerializeToString()

    def plain(time: int, data: Any, rate: int | None, form: str | None) -> bytes:
        simple = _simple(data)
        message = value(json=json.dumps(simple, default=shown, ensure_ascii=False), msgpack=pack_value(simple))
        message.timestamp.seconds, message.timestamp.nanos = divmod(time, SECOND)
        return message.SerializeToString()

    return {
        "audio": Codec(_schema(RawAudio), audio, lambda data: RawAudio.FromString(data).data),
        "image": Codec(_schema(CompressedImage), image, lambda data: CompressedImage.FromString(data).data),
        "text": Codec(_schema(Log), text, lambda data: Log.FromString(data).message),
        "value": Codec(_schema(value), plain, lambda data: unpack_value(value.FromString(data).msgpack)),
    }


def pack_value(value: Any) -> bytes:
    """Write any payload exactly, arrays included."""
    return msgpack.packb(_simple(value), use_bin_type=True, default=_extension)


def unpack_value(content: bytes) -> Any:
    """Read a payload back. Raises ValueError if it is not one."""
    return msgpack.unpackb(content, raw=False, ext_hook=_array, object_pairs_hook=Fields)


def _simple(value: Any) -> Any:
    """Turn records with named fields into maps."""
    if isinstance(value, Window):
        return {"k": value.k, "start": value.start, "end": value.end, "ready": value.ready, "partial": value.partial}
    if hasattr(value, "_fields"):
        return {name: _simple(getattr(value, name)) for name in value._fields}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _simple(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _simple(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simple(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _extension(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        little = value.astype(value.dtype.newbyteorder("<"), copy=False)
        return msgpack.ExtType(ARRAY, msgpack.packb([little.dtype.str, list(value.shape), little.tobytes("C")]))
    raise TypeError(f"cannot record a {type(value).__name__}: use numbers, text, bytes, arrays, lists, maps")


def _array(code: int, content: bytes) -> Any:
    if code != ARRAY:
        raise ValueError(f"unknown msgpack extension {code}")
    dtype, shape, data = msgpack.unpackb(content)
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape)


def shown(value: Any) -> str:
    """Write for people what JSON has no form for."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else str(value)


def _stamp(time: int) -> Any:
    from google.protobuf.timestamp_pb2 import Timestamp

    return Timestamp(seconds=time // SECOND, nanos=time % SECOND)


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
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="omniflow/value.proto", package="omniflow", syntax="proto3", dependency=[TIMESTAMP.name])
    message = file.message_type.add(name="Value")
    for number, (name, kind, of) in enumerate(
        (("timestamp", kinds.TYPE_MESSAGE, ".google.protobuf.Timestamp"), ("json", kinds.TYPE_STRING, None), ("msgpack", kinds.TYPE_BYTES, None)), 1
    ):
        message.field.add(name=name, number=number, type=kind, type_name=of, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(TIMESTAMP.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("omniflow.Value"))
