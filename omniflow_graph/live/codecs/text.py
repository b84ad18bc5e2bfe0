"""Read JSON and msgpack that a stranger sent: total, and never larger in memory than some times what came in."""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

import msgpack

from omniflow_graph.live.codecs.record import CodecError

MOST_ITEMS = 4096  # in all; what is behind each may be long, such as a picture
MOST_HEADER = 64 << 10  # bytes
DEEPEST = 16
LIMITS: dict[str, Any] = {"max_array_len": 4096, "max_map_len": 256, "max_str_len": 4096, "max_bin_len": 64 << 10, "max_ext_len": 0}


def read_json(whose: str, part: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises CodecError for anything else, and for one of too many items."""
    if sum(map(part.count, (b"{", b"[", b",", b":"))) > MOST_ITEMS:  # an empty list of 2 bytes takes 64
        raise CodecError(f"{whose}: JSON of more than {MOST_ITEMS} items")
    try:
        found = json.loads(part.decode())
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{whose}: its JSON cannot be read: {_short(error)}") from None
    if type(found) is not dict:
        raise CodecError(f"{whose}: wants a JSON object")
    return found


def read_msgpack(whose: str, part: bytes) -> Any:
    """Read a value. Raises CodecError for what is none, too long, or too deep."""
    if len(part) > MOST_HEADER:
        raise CodecError(f"{whose}: msgpack of {len(part)} bytes; wants at most {MOST_HEADER}")
    try:
        found = msgpack.unpackb(part, raw=False, strict_map_key=True, **LIMITS)
    except (ValueError, TypeError, RecursionError) as error:  # TypeError: a list as key
        raise CodecError(f"{whose}: its msgpack cannot be read: {_short(error)}") from None
    return plain(whose, found)


def plain(whose: str, value: Any, depth: int = 0) -> Any:
    """Return a value that recordings hold exactly: numbers, text, bytes, lists and maps of them. Raises CodecError for another."""
    if depth > DEEPEST:
        raise CodecError(f"{whose}: a value more than {DEEPEST} deep")
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: plain(whose, item, depth + 1) for key, item in value.items()}
    if type(value) is list:
        return [plain(whose, item, depth + 1) for item in value]
    if value is None or type(value) in (str, bytes, bool, float) or (type(value) is int and -(1 << 63) <= value < 1 << 64):
        return value
    raise CodecError(f"{whose}: a value of type {type(value).__name__}; wants numbers, text, bytes, lists, maps with texts as keys")


def from_base64(whose: str, text: Any) -> bytes:
    """Read base64. Raises CodecError for what is none."""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError, TypeError) as error:
        raise CodecError(f"{whose}: its base64 cannot be read: {_short(error)}") from None


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
