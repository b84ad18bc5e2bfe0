"""The flow's encoder: speech codes in, 50 rows a second out, two for each code. At once, or in chunks with a cache.

Six blocks at 25 rows a second behind a look at the next three codes, then each row twice, and four blocks more. Attention knows
how far rows are apart (Transformer-XL, arXiv 1901.02860, section 3.3). Source: spec 6.7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.part import Part

AHEAD = 3  # codes that it looks ahead
LAST = 2  # rows of the look ahead that are kept for the next chunk
UP = 2  # rows of a code
EPS = 1e-12


@dataclass(frozen=True)
class Encoded:
    """Hold what the encoder remembers.

    `rows`: of its convolutions [1, width, 2 + 4]. `keys`: keys and values [blocks, 1, heads, 50 a second, 2 x width of a head];
    blocks with 25 rows a second hold theirs twice, one behind the other, and only the first half is read.
    """

    rows: Tensor = field(repr=False)
    keys: Tensor = field(repr=False)


def encode(weights: Part, codes: Tensor) -> Tensor:
    """Encode an utterance at once: embedded codes [1, n, width] to [1, 2 n, width]. What is ahead of the last one is nothing."""
    f = functional()
    rows, _ = _ahead(weights, f.pad(_embed(weights.part("embed"), codes), (0, 0, 0, AHEAD)), None)
    rows, _ = _blocks(weights.parts("encoders"), rows, None)
    rows, _ = _twice(weights, rows, None)
    rows, _ = _blocks(weights.parts("up_encoders"), _embed(weights.part("up_embed"), rows), None)
    return weights.norm("after_norm", rows)


def encode_on(weights: Part, codes: Tensor, before: Encoded | None, *, last: bool) -> tuple[Tensor, Encoded]:
    """Encode a chunk behind what came before: embedded codes [1, n, width], of which 3 are only looked at unless it is the last.

    Returns rows [1, 2 (n - 3), width], or 2 n, and what is remembered.
    """
    t, f = torch(), functional()
    first, second = weights.parts("encoders"), weights.parts("up_encoders")
    rows = _embed(weights.part("embed"), codes)
    if last:
        rows = f.pad(rows, (0, 0, 0, AHEAD))
    rows, kept = _ahead(weights, rows, before.rows[:, :, :LAST] if before else None)
    rows, slow = _blocks(first, rows, before.keys[: len(first), :, :, : before.keys.shape[3] // UP] if before else None)
    rows, kept_up = _twice(weights, rows, before.rows[:, :, LAST:] if before else None)
    rows, fast = _blocks(second, _embed(weights.part("up_embed"), rows), before.keys[len(first) :] if before else None)
    return weights.norm("after_norm", rows), Encoded(t.cat((kept, kept_up), 2), t.cat((slow.repeat(1, 1, 1, UP, 1), fast)))


def _embed(weights: Part, rows: Tensor) -> Tensor:
    rows = weights.norm("out.1", weights.linear("out.0", rows))
    return rows * math.sqrt(rows.shape[-1])


def _ahead(weights: Part, rows: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Let each row see the three after it; those three are used up. Returns the rows, and the last two for the next chunk."""
    f, part = functional(), weights.part("pre_lookahead_layer")
    seen = f.leaky_relu(part.conv("conv1", rows.transpose(1, 2)))
    behind = before if before is not None else seen.new_zeros((*seen.shape[:2], LAST))
    out = part.conv("conv2", torch().cat((behind, seen), 2)).transpose(1, 2)
    return out + rows[:, : out.shape[1]], seen[:, :, -LAST:]


def _twice(weights: Part, rows: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Make two rows of each, and let each see those of two rows before it."""
    twice = rows.transpose(1, 2).repeat_interleave(UP, dim=2)
    seen = torch().cat((before if before is not None else twice.new_zeros((*twice.shape[:2], 2 * UP)), twice), 2)
    return weights.part("up_layer").conv("conv", seen).transpose(1, 2), seen[:, :, -2 * UP :]


def _blocks(blocks: list[Part], rows: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Send rows [1, n, width] through blocks. Returns them, and keys and values [block, 1, head, all, 2 x width]."""
    f, held = functional(), []
    past = before.shape[3] if before is not None else 0
    places = _places(past + rows.shape[1], rows.shape[2]).to(rows)
    for n, block in enumerate(blocks):
        seen, keys = _attend(block.part("self_attn"), block.norm("norm_mha", rows, EPS), places, before[n] if before is not None else None)
        held.append(keys)
        rows = rows + seen
        inner = block.part("feed_forward").linear("w_1", block.norm("norm_ff", rows, EPS))
        rows = rows + block.part("feed_forward").linear("w_2", f.silu(inner))
    return rows, torch().stack(held)


def _attend(weights: Part, rows: Tensor, places: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Let rows attend to all rows up to now, and among themselves both ways. Returns rows, and keys with values."""
    t = torch()
    heads, width = weights["pos_bias_u"].shape

    def split(each: Tensor) -> Tensor:
        return each.view(1, -1, heads, width).transpose(1, 2)

    query, key, value = (split(weights.linear(f"linear_{name}", rows)) for name in "qkv")
    if before is not None:
        key, value = t.cat((before[..., :width], key), 2), t.cat((before[..., width:], value), 2)
    near = (query + weights["pos_bias_v"][:, None]) @ split(weights.linear("linear_pos", places)).transpose(2, 3)
    what = (query + weights["pos_bias_u"][:, None]) @ key.transpose(2, 3)
    scores = (what + _shifted(near, key.shape[2])) / math.sqrt(width)
    seen = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
    return weights.linear("linear_out", seen), t.cat((key, value), -1)


def _shifted(near: Tensor, count: int) -> Tensor:
    """Turn scores by distance [1, head, n, 2 count - 1] into scores by key [1, head, n, count]: row i stands at place count - n + i."""
    near = near.contiguous()
    one, head, rows, columns = near.shape
    strides = (near.stride(0), near.stride(1), columns - 1, 1)  # each row begins one distance earlier than the one before it
    return near.as_strided((one, head, rows, count), strides, near.storage_offset() + rows - 1)


@lru_cache(maxsize=8)
def _places(count: int, width: int) -> Tensor:
    """Return the sines of all distances from count - 1 down to 1 - count [1, 2 count - 1, width]."""
    t = torch()
    apart = t.arange(count - 1, -count, -1, dtype=t.float32)[:, None]
    angles = apart * t.exp(t.arange(0, width, 2, dtype=t.float32) * -(math.log(10_000.0) / width))
    return t.stack((angles.sin(), angles.cos()), -1).flatten(1)[None]
