"""Attention with positions that are turned into keys and queries, as Qwen3 and Llama have it: for rows behind a cache, and without padding."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from operators.minicpm_o.door import Tensor, functional, torch


class Grown(Protocol):
    """Take in a layer's new keys and values, and give back all of that layer's: a cache that grows, or what stands in for one."""

    @property
    def start(self) -> int:
        """Return how many rows there were before."""
        ...

    @property
    def rows(self) -> int:
        """Return how many rows are new."""
        ...

    def put(self, layer: int, keys: Tensor, values: Tensor, /) -> tuple[Tensor, Tensor]:
        """Take in keys and values [head, rows, width]; return all of the layer's."""
        ...


def turning(positions: Tensor, width: int, theta: float, dtype: object, device: str) -> tuple[Tensor, Tensor]:
    """Return cos and sin [n, width] at positions [n], computed in float32."""
    angles = positions[:, None].float() * _frequencies(width, theta)
    angles = torch().cat((angles, angles), dim=-1)
    return angles.cos().to(device=device, dtype=dtype), angles.sin().to(device=device, dtype=dtype)


@lru_cache(maxsize=8)
def _frequencies(width: int, theta: float) -> Tensor:
    t = torch()
    return 1.0 / (theta ** (t.arange(0, width, 2, dtype=t.float) / width))


def rotate(vectors: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn vectors [..., n, width], the first half of the width with the second."""
    a, b = vectors.chunk(2, dim=-1)
    return vectors * cos + torch().cat((-b, a), dim=-1) * sin


def seen(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attend: queries [head, n, width] belong to the last n of the keys; each sees those up to its own."""
    t, n, all_rows = torch(), query.shape[1], keys.shape[1]
    mask = None if n == 1 or n == all_rows else t.ones(n, all_rows, dtype=t.bool, device=query.device).tril(all_rows - n)
    attend = functional().scaled_dot_product_attention
    return attend(query[None], keys[None], values[None], attn_mask=mask, is_causal=n > 1 and n == all_rows, enable_gqa=True)[0]
