"""The flow's estimator, a diffusion transformer: in which direction a mel should move at a time of the flow. At once, or in chunks.

Time comes in by adaptive norms, and attention knows no places. Source: spec 6.7; DiT, arXiv 2212.09748.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.part import Part

EPS = 1e-6
SINES, SLOWEST, SCALE = 256, 10_000, 1000  # how a time is written
KEPT = 2  # rows of a convolution that the next chunk needs


class Times(NamedTuple):
    """Hold what each time of a flow does to each block: [times, block, 1, 1, 9 width], and to the end: [times, 1, 1, 2 width]."""

    blocks: Tensor
    end: Tensor


@dataclass(frozen=True)
class Kept:
    """Hold what evaluations leave: rows of convolutions [block, 2, 2 width, 2], and keys with values [block, 2, head, row, 2 width of a head].

    The newest rows come first. Keys are in one piece or several, one behind the other.
    """

    rows: Tensor
    keys: tuple[Tensor, ...]


def timed(weights: Part, times: Tensor) -> Times:
    """Compute what times [n] do, once for all chunks."""
    t, f = torch(), functional()
    slower = t.exp(-math.log(SLOWEST) * t.arange(SINES // 2) / (SINES // 2)).to(times)
    angles = (times * SCALE)[:, None] * slower
    inner = f.silu(weights.linear("t_embedder.mlp.0", t.cat((angles.cos(), angles.sin()), -1)))
    said = f.silu(weights.linear("t_embedder.mlp.2", inner))[:, None, None]
    blocks = t.stack([block.linear("adaLN_modulation.1", said) for block in weights.parts("blocks")], 1)
    return Times(blocks, weights.linear("final_layer.adaLN_modulation.1", said))


def evaluate(weights: Part, rows: Tensor, blocks: Tensor, end: Tensor, before: Kept | None, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Evaluate rows [2, n, 4 x 80] at one time, whose `blocks` and `end` are of `timed`, behind what earlier chunks left.

    Returns directions [2, n, 80], and rows of convolutions for the next chunk. `keys` is room for all keys and is written.
    """
    rows, tails = weights.linear("in_proj", rows), []
    for n, (block, how) in enumerate(zip(weights.parts("blocks"), blocks)):
        attention, mlp, conv = (how.chunk(9, -1)[at : at + 3] for at in (0, 3, 6))  # each a shift, a scale, a gate
        old = [each[n] for each in before.keys] if before else []
        rows = rows + attention[2] * _attend(block.part("attn"), _normed(rows, *attention[:2]), old, keys[n])
        moved, tail = _convolve(block.part("conv.block"), _normed(rows, *conv[:2]), before.rows[n] if before else None)
        rows = rows + conv[2] * moved
        inner = functional().gelu(block.linear("mlp.fc1", _normed(rows, *mlp[:2])), approximate="tanh")
        rows = rows + mlp[2] * block.linear("mlp.fc2", inner)
        tails.append(tail)
    return weights.linear("final_layer.linear", _normed(rows, *end.chunk(2, -1))), torch().stack(tails)


def _normed(rows: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return functional().layer_norm(rows, rows.shape[-1:], eps=EPS) * (1 + scale) + shift


def _attend(weights: Part, rows: Tensor, before: list[Tensor], held: Tensor) -> Tensor:
    """Let rows [2, n, width] attend to themselves and to what was before, and write down all that they attend to."""
    width, at = len(weights["q_norm.weight"]), rows.shape[1]

    def split(each: Tensor) -> Tensor:
        return each.unflatten(-1, (-1, width)).transpose(1, 2)

    query = weights.norm("q_norm", split(weights.linear("to_q", rows)))
    held[:, :, :at, :width] = weights.norm("k_norm", split(weights.linear("to_k", rows)))
    held[:, :, :at, width:] = split(weights.linear("to_v", rows))
    for each in before:
        held[:, :, at : at + each.shape[2]] = each
        at += each.shape[2]
    seen = functional().scaled_dot_product_attention(query, held[..., :width], held[..., width:])
    return weights.linear("proj", seen.transpose(1, 2).flatten(2))


def _convolve(weights: Part, rows: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Convolve rows [2, n, width] twice with what came before them. Returns rows, and the last two that each saw."""
    t, f, width = torch(), functional(), rows.shape[2]
    behind = before if before is not None else rows.new_zeros((len(rows), 2 * width, KEPT))
    first = t.cat((behind[:, :width], rows.transpose(1, 2)), 2)
    inner = f.mish(weights.norm("3", weights.conv("1", first).transpose(1, 2)))
    second = t.cat((behind[:, width:], inner.transpose(1, 2)), 2)
    return weights.conv("6", second).transpose(1, 2), t.cat((first[:, :, -KEPT:], second[:, :, -KEPT:]), 1)
