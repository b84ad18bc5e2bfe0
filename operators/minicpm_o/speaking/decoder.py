"""The speech decoder, a Llama: conditions and codes in, hidden states out, behind a cache that is a value.

Its layers hold transformers' own linear layers, norms and MLPs; the loop and the attention are ours, as those of the language model,
for a cache that can be forked and cut. Source: spec 6.1, 6.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from operators.minicpm_o.attending import Grown, rotate, seen, turning
from operators.minicpm_o.cache import Cache, Layout, growing
from operators.minicpm_o.config import Speech
from operators.minicpm_o.door import Module, Tensor, functional, torch
from operators.minicpm_o.loading import Weights


def sizes(weights: Weights) -> Speech:
    """Return the sizes of the speech decoder. Raises ValueError for a model without."""
    if weights.speech is None or weights.config.speech is None:
        raise ValueError("speaking: wants a checkpoint with a speech decoder, got one without tts.* weights; load another, or go without speech")
    return weights.config.speech


def begin(weights: Weights) -> Cache:
    """Return an empty cache."""
    of = sizes(weights)
    return Cache(Layout(of.num_hidden_layers, of.num_key_value_heads, of.head_dim, weights.dtype(), weights.device))


def projected(weights: Weights, hidden: Tensor) -> Tensor:
    """Project the language model's hidden states [n, D] to the speech decoder's width."""
    of = weights.speech.projector_semantic  # type: ignore[union-attr]
    return of.linear2(functional().relu(of.linear1(hidden)))


def merged(weights: Weights, ids: Tensor, hidden: Tensor) -> Tensor:
    """Make conditions [n, width] of token ids [n] and the language model's hidden states at them [n, D]: text, and where it points."""
    return weights.speech.emb_text(ids) + functional().normalize(projected(weights, hidden), dim=-1)  # type: ignore[union-attr]


def conditions(weights: Weights, ids: Sequence[int], hidden: np.ndarray) -> Tensor:
    """Make conditions [n, width]. Raises ValueError for ids that are none, and for states of another number or width, or not finite."""
    t, of = torch(), sizes(weights)
    if hidden.shape != (len(ids), of.llm_dim) or not np.isfinite(hidden).all():
        raise ValueError(f"speaking: wants finite hidden states [{len(ids)}, {of.llm_dim}], one for each token, got {list(hidden.shape)}")
    if any(not 0 <= token < of.num_text_tokens for token in ids):
        raise ValueError(f"speaking: wants ids of 0 to {of.num_text_tokens - 1}, got {min(ids)} to {max(ids)}")
    states = t.from_numpy(np.require(hidden, np.float32, ["C", "W"])).to(device=weights.device, dtype=weights.dtype())
    with t.inference_mode():
        return merged(weights, t.tensor(list(ids), dtype=t.long, device=weights.device), states)


def mark(weights: Weights, token: int) -> Tensor:
    """Return the row [1, width] of a mark in its own embedding of text: codes begin here, or the text is over."""
    with torch().inference_mode():
        return weights.speech.emb_text(torch().tensor([token], device=weights.device))  # type: ignore[union-attr]


def code_rows(weights: Weights, codes: Sequence[int]) -> Tensor:
    """Return the rows [n, width] of codes. Raises ValueError for codes that are none; the end is none."""
    t, of = torch(), sizes(weights)
    if any(not 0 <= code < of.end for code in codes):
        raise ValueError(f"speaking: wants codes of 0 to {of.end - 1}, got {min(codes)} to {max(codes)}")
    with t.inference_mode():
        return weights.speech.emb_code[0](t.tensor(list(codes), dtype=t.long, device=weights.device))  # type: ignore[union-attr]


def feed(weights: Weights, cache: Cache, rows: Tensor, position: int) -> tuple[Cache, Tensor]:
    """Feed rows [n, width], the first at a position, behind those of a cache. Returns the cache with them, and the last one's state [width]."""
    with torch().inference_mode():
        grown = growing(cache, len(rows))
        return grown.done(), states(weights, rows, grown, position)[-1]


def states(weights: Weights, rows: Tensor, grown: Grown, position: int) -> Tensor:
    """Let rows [n, width] pass the layers behind what they grow on. Returns the states [n, width] after the last norm."""
    of, model = sizes(weights), weights.speech.model  # type: ignore[union-attr]
    places = torch().arange(position, position + len(rows))
    turns = turning(places, of.head_dim, of.rope_theta, weights.dtype(), weights.device)
    for n, layer in enumerate(model.layers):
        rows = rows + _attended(layer.self_attn, layer.input_layernorm(rows), n, grown, turns, of.head_dim)
        rows = rows + layer.mlp(layer.post_attention_layernorm(rows))
    return model.norm(rows)


def _attended(attention: Module, rows: Tensor, layer: int, grown: Grown, turns: tuple[Tensor, Tensor], width: int) -> Tensor:
    query, key, value = (each(rows).view(len(rows), -1, width).transpose(0, 1) for each in (attention.q_proj, attention.k_proj, attention.v_proj))
    keys, values = grown.put(layer, rotate(key, *turns), value)
    return attention.o_proj(seen(rotate(query, *turns), keys, values).transpose(0, 1).flatten(1))


def logits(weights: Weights, state: Tensor) -> np.ndarray:
    """Return the logits of the next code [codes] at a state [width]: computed in the precision of the weights, given as float32."""
    with torch().inference_mode():
        return functional().linear(state, weights.code_head).float().cpu().numpy()
