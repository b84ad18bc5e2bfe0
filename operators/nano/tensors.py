"""Read and write a file of tensors (safetensors) with numpy alone: eight bytes that say how long the head is, a head in JSON, the numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

TYPES = {"F16": "<f2", "F32": "<f4", "I64": "<i8", "U8": "|u1"}
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


def read_tensors(path: str | Path, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the tensors whose names begin with a prefix, without it. Raises ValueError for a file that is none, naming it."""
    data = Path(path).read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    try:
        head = json.loads(data[8:begin]).items()
        return {name.removeprefix(prefix): _read(data, begin, of) for name, of in head if name.startswith(prefix) and name != "__metadata__"}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"tensors {path}: wants a safetensors file of {', '.join(TYPES)}, got {len(data)} bytes of something else: {error}"
        ) from error


def write_tensors(path: str | Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write tensors, in the order of their names: the same tensors give the same bytes. Raises ValueError for a type that it cannot write."""
    head, parts, begin = {}, [], 0
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        if array.dtype not in NAMES:
            raise ValueError(f"tensor {name!r}: wants one of {', '.join(map(str, NAMES))}, got {array.dtype}")
        parts.append(array.tobytes())
        head[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, begin + len(parts[-1])]}
        begin += len(parts[-1])
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))


def _read(data: bytes, begin: int, of: Mapping[str, list[int]]) -> np.ndarray:
    start, end = of["data_offsets"]
    return np.frombuffer(data[begin + start : begin + end], np.dtype(TYPES[str(of["dtype"])])).reshape(of["shape"])
