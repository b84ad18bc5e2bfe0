"""Cut an MCAP file into records, and chunks into what they hold. No length is believed before it is compared.

A file may say of any record, string or chunk that it is of any length; what is longer than what is left of the file,
or than `LARGEST`, is never allocated.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

MAGIC = b"\x89MCAP0\r\n"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, STATISTICS, METADATA, METADATA_INDEX = *range(1, 8), *range(0x0B, 0x0E)
LARGEST = 64 << 20  # bytes of one message; a picture or a minute of sound has less
MOST = LARGEST + (1 << 20)  # bytes of one chunk, unpacked or not: a message, and others that were already in it

RECORD = struct.Struct("<BQ")  # opcode, length
_FOOTER = struct.Struct("<BQQQI")  # opcode, length, where the summary starts, where its index does, checksum
_CHUNK = struct.Struct("<QQQII")  # first time, last time, size, checksum, length of the compression's name
_LENGTH, _SIZE, _IDS = struct.Struct("<I"), struct.Struct("<Q"), struct.Struct("<HH")


class Damaged(ValueError):
    """Say why the rest of a file cannot be read."""


def records(file: BinaryIO, wanted: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and content of the wanted kinds of records, from where the file stands to its end. Raises Damaged."""
    for opcode, length in heads(file):
        if opcode in wanted:
            yield opcode, read(file, length)


def heads(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield opcode and length of each record, from where the file stands to its end; at each it stands before the content."""
    at, size = file.tell(), os.fstat(file.fileno()).st_size
    while True:
        head = file.read(RECORD.size)
        if len(head) < RECORD.size:
            raise Damaged("it ends inside a record")
        opcode, length = RECORD.unpack(head)
        at += RECORD.size
        if not opcode:  # no record is called 0; a disk that was switched off leaves gigabytes of them
            raise Damaged("zeros stand where a record is to begin")
        if length > size - at:
            raise Damaged(f"a record of {length} bytes is announced where {size - at} are left")
        yield opcode, length
        at += length
        file.seek(at)
        if opcode == FOOTER:
            if file.read(len(MAGIC)) != MAGIC:
                raise Damaged("it does not end as it should")
            return


def read(file: BinaryIO, length: int) -> bytes:
    """Read a record's content. Raises Damaged if it is too long to be held."""
    if length > MOST:
        raise Damaged(f"a record of {length} bytes is announced, more than {MOST}")
    return file.read(length)


def indexed(file: BinaryIO, name: str) -> dict[str, str] | None:
    """Return the newest metadata of a name, by the index at the file's end. None without one that fits. Raises Damaged."""
    size = os.fstat(file.fileno()).st_size
    if size < _FOOTER.size + 2 * len(MAGIC):
        return None
    file.seek(size - len(MAGIC) - _FOOTER.size)
    opcode, _, summary, _, _ = _FOOTER.unpack(file.read(_FOOTER.size))
    if opcode != FOOTER or file.read(len(MAGIC)) != MAGIC or not 0 < summary < size:
        return None
    file.seek(summary)
    found = [content for _, content in records(file, (METADATA_INDEX,)) if text(content, 2 * _SIZE.size)[0] == name]
    if not found:
        return None
    (offset,) = _SIZE.unpack_from(found[-1])
    if offset >= size:
        return None
    file.seek(offset)
    opcode, held = next(records(file, (METADATA,)), (0, b""))
    return metadata(held).get(name) if file.tell() == offset + RECORD.size + len(held) else None


def metadata(content: bytes) -> dict[str, dict[str, str]]:
    """Read a metadata record: its name, and what is kept under it."""
    name, at = text(content, 0)
    (length,) = _LENGTH.unpack_from(content, at)
    at += _LENGTH.size
    end, found = at + length, {}
    while at < end:
        key, at = text(content, at)
        found[key], at = text(content, at)
    return {name: found}


def schema(content: bytes) -> tuple[int, str]:
    """Read number and name of a schema record."""
    return _IDS.unpack_from(content)[0], text(content, 2)[0]


def channel(content: bytes) -> tuple[int, int, str, str]:
    """Read a channel record: its number, its schema's, its topic, how its messages are encoded."""
    number, of = _IDS.unpack_from(content)
    topic, at = text(content, _IDS.size)
    return number, of, topic, text(content, at)[0]


def counts(content: bytes) -> tuple[int, int]:
    """Read from a statistics record how many messages and how many chunks there are."""
    messages, _, _, _, _, chunks = struct.unpack_from("<QHIIII", content)
    return messages, chunks


def unpacked(chunk: bytes) -> bytes:
    """Return what a chunk holds, checked. Raises Damaged."""
    _, _, size, checksum, length = _CHUNK.unpack_from(chunk)
    if size > MOST:
        raise Damaged(f"a chunk of {size} bytes is announced, more than {MOST}")
    start = _CHUNK.size + length + _SIZE.size
    if start > len(chunk):
        raise Damaged("a chunk is shorter than its own head")
    (packed,) = _SIZE.unpack_from(chunk, start - _SIZE.size)
    if packed > len(chunk) - start:
        raise Damaged(f"{packed} packed bytes are announced in a chunk of {len(chunk)}")
    content = _decompressed(chunk[_CHUNK.size : _CHUNK.size + length], memoryview(chunk)[start : start + packed], size)
    if len(content) != size:
        raise Damaged(f"a chunk of {size} bytes is announced, and holds {len(content)}")
    if checksum and zlib.crc32(content) != checksum:  # 0 stands for none
        raise Damaged("crc validation failed in a chunk")
    return content


def text(content: bytes, at: int) -> tuple[str, int]:
    """Read a string with its length before it, and where it ends. Raises Damaged."""
    (length,) = _LENGTH.unpack_from(content, at)
    start = at + _LENGTH.size
    if length > len(content) - start:
        raise Damaged(f"a text of {length} bytes is announced where {len(content) - start} are left")
    return content[start : start + length].decode(), start + length


def _decompressed(how: bytes, packed: memoryview, size: int) -> bytes:
    if how == b"zstd":
        import zstandard

        try:
            announced = zstandard.get_frame_parameters(packed).content_size
            if announced not in (size, zstandard.CONTENTSIZE_UNKNOWN):
                raise Damaged(f"a chunk of {size} bytes is announced, and {announced} are packed in it")
            return _zstd().decompress(packed, max_output_size=size) if size else b""
        except zstandard.ZstdError as error:
            raise Damaged(str(error)) from None
    if how == b"lz4":
        import lz4.frame  # comes with mcap

        try:
            return lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=size)
        except RuntimeError as error:
            raise Damaged(str(error)) from None
    if how:
        raise Damaged(f"a chunk is packed by {how.decode(errors='replace')!r}, wants zstd or lz4")
    return bytes(packed)


_OF_THREAD = threading.local()  # a decompressor serves one thread at a time, and the workers of an engine are threads


def _zstd() -> Any:
    """Return this thread's decompressor. It refuses windows, which it allocates, larger than any chunk."""
    if not hasattr(_OF_THREAD, "zstd"):
        import zstandard

        _OF_THREAD.zstd = zstandard.ZstdDecompressor(max_window_size=LARGEST)
    return _OF_THREAD.zstd
