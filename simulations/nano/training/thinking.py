"""Compute nano's Qwen3 for many sessions at once, and its last layer only where something is chosen: a third of the work is saved."""

from __future__ import annotations

from typing import Any

import numpy as np

from operators.nano.config import Config


def hidden_at(llm: Any, config: Config, rows: Any, places: np.ndarray) -> Any:
    """Return the hidden states of sequences [n, longest, D] where `places`, bool [n, longest], says so: [places, D]."""
    import torch

    turning = _turning(config, rows.shape[1])
    *layers, last = llm.model.layers
    for layer in layers:
        query, key, value = _projected(layer, config, rows, turning)
        seen = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
        rows = rows + layer.self_attn.o_proj(seen.transpose(1, 2).flatten(2))
        rows = rows + layer.mlp(layer.post_attention_layernorm(rows))
    return llm.model.norm(_last(last, config, rows, turning, places))


def _last(layer: Any, config: Config, rows: Any, turning: tuple[Any, Any], places: np.ndarray) -> Any:
    """Compute a layer at some places only, which all before them are seen from."""
    import torch

    most, (sessions, at) = places.sum(1).max(), np.nonzero(places)
    index = np.zeros((len(places), most), np.int64)
    slot = np.concatenate([np.arange(n) for n in places.sum(1)])
    index[sessions, slot] = at
    where = torch.from_numpy(index)
    wanted = rows.gather(1, where[..., None].expand(-1, -1, rows.shape[2]))
    _, key, value = _projected(layer, config, rows, turning, query=False)
    query = _turned(
        _headed(layer.self_attn.q_norm, layer.self_attn.q_proj(layer.input_layernorm(wanted)), config), *(each[where][:, None] for each in turning)
    )
    mask = torch.arange(rows.shape[1])[None, None] <= where[..., None]
    seen = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None], enable_gqa=True)
    wanted = (wanted + layer.self_attn.o_proj(seen.transpose(1, 2).flatten(2)))[torch.from_numpy(sessions), torch.from_numpy(slot)]
    return wanted + layer.mlp(layer.post_attention_layernorm(wanted))


def _projected(layer: Any, config: Config, rows: Any, turning: tuple[Any, Any], query: bool = True) -> tuple[Any, Any, Any]:
    """Return queries, keys, values [n, head, longest, width]."""
    of, normed = layer.self_attn, layer.input_layernorm(rows)
    asked = _turned(_headed(of.q_norm, of.q_proj(normed), config), *turning) if query else None
    key = _turned(_headed(of.k_norm, of.k_proj(normed), config), *turning)
    return asked, key, of.v_proj(normed).unflatten(-1, (-1, config.width // config.heads)).transpose(1, 2)


def _headed(norm: Any, rows: Any, config: Config) -> Any:
    return norm(rows.unflatten(-1, (-1, config.width // config.heads))).transpose(1, 2)


def _turned(rows: Any, cos: Any, sin: Any) -> Any:
    import torch

    low, high = rows.chunk(2, dim=-1)
    return rows * cos + torch.cat((-high, low), dim=-1) * sin


def _turning(config: Config, count: int) -> tuple[Any, Any]:
    import torch

    width, theta = config.width // config.heads, config.language.rope_theta
    angles = torch.arange(count)[:, None].float() / theta ** (torch.arange(0, width, 2).float() / width)
    return tuple(torch.cat([each, each], dim=-1) for each in (angles.cos(), angles.sin()))  # type: ignore[return-value]
