"""The language model, Qwen3: rows in, hidden states out, and a cache that is a value. Several sessions go through in one pass.

The linear layers see the rows of all sessions at once; attention sees each session by itself, without padding, so that what comes out
does not depend on who else is there but for rounding. Rows are ids, or arrays [n, D] that stand for pictures and sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from operators.minicpm_o.attending import Grown, rotate, seen, turning
from operators.minicpm_o.cache import Cache, Layout, growing, joined
from operators.minicpm_o.door import Module, Tensor, torch
from operators.minicpm_o.loading import Weights
from operators.omni_flow.context.cache_plan import CachePlan, Rows

Piece = Sequence[int] | np.ndarray  # ids, or embeddings [n, D]


def begin(weights: Weights) -> Cache:
    """Return an empty cache."""
    of = weights.config.language
    return Cache(Layout(of.num_hidden_layers, of.num_key_value_heads, of.head_dim, weights.dtype(), weights.device))


def embedded(weights: Weights, pieces: Sequence[Piece]) -> Tensor:
    """Make rows [n, D] of ids and embeddings. Raises ValueError for ids that are none, embeddings of another width, and NaN."""
    t, of = torch(), weights.config.language
    rows = []
    for piece in pieces:
        if isinstance(piece, np.ndarray):
            if piece.ndim != 2 or piece.shape[1] != of.hidden_size or not np.isfinite(piece).all():
                raise ValueError(
                    f"thinking: wants finite embeddings [n, {of.hidden_size}], got {list(piece.shape)}, finite: {np.isfinite(piece).all()}"
                )
            rows.append(t.from_numpy(np.require(piece, np.float32, ["C", "W"])).to(device=weights.device, dtype=weights.dtype()))
            continue
        if any(not 0 <= token < of.vocab_size for token in piece):
            raise ValueError(f"thinking: wants ids of 0 to {of.vocab_size - 1}, got {min(piece)} to {max(piece)}")
        rows.append(weights.language.model.embed_tokens(t.tensor(list(piece), dtype=t.long, device=weights.device)))
    return t.cat(rows) if rows else t.empty((0, of.hidden_size), dtype=weights.dtype(), device=weights.device)


def feed(weights: Weights, cache: Cache, pieces: Sequence[Piece]) -> tuple[Cache, np.ndarray]:
    """Feed rows behind those of the cache. Returns the cache with them, and the hidden state at each [n, D], as float32.

    Hidden states are those after the last norm. The cache that was given stays as it is. Raises ValueError for rows that are none.
    """
    ((cache, hidden),) = feed_many(weights, [(cache, pieces)])
    return cache, hidden


def feed_many(weights: Weights, sessions: Sequence[tuple[Cache, Sequence[Piece]]]) -> list[tuple[Cache, np.ndarray]]:
    """Feed rows of several sessions in one pass. Returns for each its cache with them, and the hidden states, as `feed`."""
    with torch().inference_mode():
        rows = [embedded(weights, pieces) for _, pieces in sessions]
        counts = [len(each) for each in rows]
        grown = [growing(cache, count) for (cache, _), count in zip(sessions, counts)]
        out = states(weights, torch().cat(rows), grown).float().cpu().numpy()
    ends = np.cumsum(counts)
    return [(each.done(), out[end - count : end]) for each, end, count in zip(grown, ends, counts)]


def states(weights: Weights, rows: Tensor, grown: Sequence[Grown]) -> Tensor:
    """Let rows [n, D] of several sessions pass the layers, each behind what it grows on. Returns the states [n, D] after the last norm."""
    t, model = torch(), weights.language.model
    turns = _turning(weights, t.cat([t.arange(each.start, each.start + each.rows) for each in grown]))
    for n, layer in enumerate(model.layers):
        rows = rows + _attended(layer.self_attn, layer.input_layernorm(rows), n, grown, turns, weights)
        rows = rows + layer.mlp(layer.post_attention_layernorm(rows))
    return model.norm(rows)


def logits(weights: Weights, hidden: np.ndarray) -> np.ndarray:
    """Return the logits [..., vocabulary] at hidden states [..., D]: computed in the precision of the weights (Q13), given as float32."""
    t = torch()
    with t.inference_mode():
        rows = t.from_numpy(np.require(hidden, np.float32, ["C", "W"])).to(device=weights.device, dtype=weights.dtype())
        return weights.language.lm_head(rows).float().cpu().numpy()


def carry_out(weights: Weights, cache: Cache, plan: CachePlan, rows_of: Sequence[Sequence[Piece]] = ()) -> Cache:
    """Make the cache that a plan describes: rows that stay, rows whose keys are turned to where they move, rows that are fed anew.

    `rows_of` gives for each `Prefill` of the plan what is fed; by default its ids. Raises ValueError for a plan of another cache.
    """
    if plan.before != cache.length:
        raise ValueError(f"thinking: wants a plan for a cache of {cache.length} rows, got one for {plan.before}")
    if not plan.changes:
        return cache
    if len(plan.parts) == 1 and isinstance(part := plan.parts[0], Rows) and part.start == part.to == 0:
        return cache.truncated(part.end)
    new, anew = cache.truncated(0), iter(rows_of)
    waiting: list[Rows] = []
    for part in plan.parts:
        if isinstance(part, Rows):
            waiting.append(part)
            continue
        new = _moved(weights, cache, new, waiting)
        new, _ = feed(weights, new, next(anew, [part.ids]))
        waiting = []
    return _moved(weights, cache, new, waiting)


def _moved(weights: Weights, old: Cache, new: Cache, parts: list[Rows]) -> Cache:
    """Append rows of an old cache to a new one, their keys turned by their shift."""
    if not parts:
        return new
    with torch().inference_mode():
        turned = [_turned(weights, old, part) if part.shift else None for part in parts]
        moved = joined(old, parts, turned)
        if not new.length:
            return moved
        more = growing(new, moved.length)
        for layer in range(old.layout.layers):
            more.put(layer, moved.keys(layer), moved.values(layer))
    return more.done()


def _turned(weights: Weights, cache: Cache, part: Rows) -> Tensor:
    """Turn keys [layer, head, row, width] by a part's shift: R(to) R(start)^-1 is R(to - start), the same for all of its rows."""
    held = cache._held().keys[:, :, part.start : part.end]
    cos, sin = _turning(weights, torch().tensor([part.shift]))
    return rotate(held, cos, sin)


def _turning(weights: Weights, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Return cos and sin [n, width] at positions."""
    of = weights.config.language
    return turning(positions, of.head_dim, of.rope_theta, weights.dtype(), weights.device)


def _attended(attention: Module, rows: Tensor, layer: int, grown: Sequence[Grown], turns: tuple[Tensor, Tensor], weights: Weights) -> Tensor:
    """Let rows [n, D] of several sessions attend, each to the rows of its own session up to itself."""
    of = weights.config.language
    heads = (len(rows), -1, of.head_dim)
    query = rotate(attention.q_norm(attention.q_proj(rows).view(heads)).transpose(0, 1), *turns)
    key = rotate(attention.k_norm(attention.k_proj(rows).view(heads)).transpose(0, 1), *turns)
    value = attention.v_proj(rows).view(heads).transpose(0, 1)
    out, start = [], 0
    for each in grown:
        end = start + each.rows
        keys, values = each.put(layer, key[:, start:end], value[:, start:end])
        out.append(seen(query[:, start:end], keys, values))
        start = end
    return attention.o_proj(torch().cat(out, dim=1).transpose(0, 1).flatten(1))
