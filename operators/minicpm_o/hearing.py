"""Hearing: mel frames through Whisper's encoder, projected and pooled to 10 embeddings a second. Whole clips, or a stream with a cache.

A stream is encoded second by second: what is new sees all of itself and what was heard before, for at most 29 s, after which the
encoder forgets. It knows no more positions. Source: spec 4.2, 4.4, 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.minicpm_o.attending import Grown
from operators.minicpm_o.cache import Cache, Layout, growing
from operators.minicpm_o.door import Module, Tensor, functional, torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import AROUND, FIRST, NEXT, Mode, Stream, clip_mels, heard

CHUNK = 50  # encoder frames, a second: in a clip, sound sees what came before its second's end
FILLED = 16_560  # samples: a stream that begins with less has silence put before it


def hear(weights: Weights, clips: Sequence[np.ndarray], *, mode: Mode = "dynamic", chunked: bool = True, together: bool = False) -> list[np.ndarray]:
    """Encode whole clips, float samples at 16 kHz. Returns the embeddings of each, float32 [n, D], 10 a second.

    `chunked`: no second sees later ones. `together` fills all clips up to the longest and lets them see some of what they were
    filled with, as the reference does: what comes out of a clip then depends on the others. Raises ValueError for what is no sound.
    """
    pieces = [list(clip_mels(clip, mode)) for clip in clips]
    whole = [mel for each in pieces for mel in each]
    batches = [whole] if together and whole else [[mel] for mel in whole]
    with torch().inference_mode():
        found = iter([tokens for batch in batches for tokens in _clips(weights, batch, chunked)])
    return [np.concatenate([next(found) for _ in each]) for each in pieces]


def clip_states(weights: Weights, mels: Sequence[np.ndarray], chunked: bool) -> Tensor:
    """Encode frames of clips [frames, 80], filled up to the longest: [clips, frames / 2, width], after the last norm."""
    longest = max(len(mel) for mel in mels)
    filled = np.stack([np.pad(mel, ((0, longest - len(mel)), (0, 0))) for mel in mels])
    rows = convolved(weights, filled)
    mask = _clip_mask([len(mel) for mel in mels], rows.shape[1], chunked)
    return encoded(weights, rows + positions(weights, 0, rows.shape[1]), mask)


def _clips(weights: Weights, mels: Sequence[np.ndarray], chunked: bool) -> list[np.ndarray]:
    tokens = projected(weights, clip_states(weights, mels, chunked))
    return [each[: _pooled((len(mel) - 1) // 2 + 1, weights.config.pool)] for each, mel in zip(tokens, mels)]


def _pooled(frames: int, pool: int) -> int:
    return max(0, (frames - pool) // pool + 1)


def _clip_mask(lengths: Sequence[int], frames: int, chunked: bool) -> Tensor | None:
    """Say which frames see which [clip, 1, frames, frames]; None if all do.

    What was filled up is seen up to the number of mel frames, of which there are twice as many: so it is in the reference.
    """
    t = torch()
    if not chunked and min(lengths) >= frames:
        return None
    place = t.arange(frames)
    mask = (place[None, :] < t.tensor(lengths)[:, None])[:, None, None, :].expand(-1, 1, frames, -1)
    if chunked:
        mask = mask & (place[None, :] < (place[:, None] // CHUNK + 1) * CHUNK)
    return mask


@dataclass(frozen=True)
class Heard:
    """Hold what a stream of sound has to remember: samples that wait to fill a second, the mel frames, the encoder's cache."""

    waiting: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    mel: Stream = field(default_factory=Stream)
    cache: Cache | None = None
    begun: bool = False

    @property
    def rows(self) -> int:
        """Return how many rows the encoder's cache has."""
        return self.cache.length if self.cache else 0


def hear_on(
    weights: Weights, state: Heard, samples: np.ndarray, *, told: Callable[[tuple[np.ndarray, int]], object] = lambda second: None
) -> tuple[Heard, np.ndarray]:
    """Take in about a second of a stream. Returns the embeddings of what is complete by then, float32 [10 n, D]; none if nothing is.

    `told` is told of each second its mel frames, and how many rows the encoder's cache has then.

    The first second wants 1030 ms; what is missing at the very beginning is silence put before it, 560 samples before a second.
    Raises ValueError for what is no sound; the state that was given is left as it is.
    """
    waiting = np.concatenate([state.waiting, np.asarray(samples)])
    if not state.begun and 0 < len(waiting) < FILLED:
        waiting = np.concatenate([np.zeros(FILLED - len(waiting), np.float32), waiting])
    state, found = replace(state, waiting=waiting, begun=state.begun or len(waiting) > 0), []
    while len(state.waiting) >= (taken := NEXT if state.mel.given else FIRST):
        mel, frames = heard(state.mel, state.waiting[:taken])
        state = replace(state, mel=mel, waiting=state.waiting[taken:].copy())
        if frames is not None:
            state, tokens = _hear_second(weights, state, frames)
            found.append(tokens)
            told((frames, state.rows))
    width = weights.config.language.hidden_size
    return state, np.concatenate(found) if found else np.zeros((0, width), np.float32)


def hear_piece(weights: Weights, state: Heard, samples: np.ndarray) -> tuple[Heard, np.ndarray]:
    """Take in a piece of an utterance in half-duplex mode: all at once, and with the frames around a second left in (spec 4.4.2).

    The cache grows by 51 rows with the first second and 52 with each later one. Raises ValueError for what is no sound.
    """
    mel, frames = heard(state.mel, samples)
    state = replace(state, mel=mel, begun=True)
    if frames is None:
        return state, np.zeros((0, weights.config.language.hidden_size), np.float32)
    return _hear_second(weights, state, frames, trimmed=False)


def _hear_second(weights: Weights, state: Heard, frames: np.ndarray, *, trimmed: bool = True) -> tuple[Heard, np.ndarray]:
    with torch().inference_mode():
        cache, states = second_states(weights, state.cache, frames, first=state.mel.given == 1, trimmed=trimmed)
        (tokens,) = projected(weights, states)
    return replace(state, cache=cache), tokens


def second_states(weights: Weights, cache: Cache | None, frames: np.ndarray, *, first: bool, trimmed: bool = True) -> tuple[Cache, Tensor]:
    """Encode a second's mel frames behind what the cache holds, with the frames around it cut off after the convolutions.

    Returns the cache with it, and [1, 50, width]. A cache without room for it is forgotten as a whole (quirk Q17).
    """
    of = weights.config.hearing
    new = (len(frames) - 1) // 2 + 1
    if cache is None or cache.length + new >= of.max_source_positions:
        width = of.d_model // of.encoder_attention_heads
        cache = Cache(Layout(of.encoder_layers, of.encoder_attention_heads, width, weights.dtype(), weights.device))
    rows = convolved(weights, frames[None])
    if trimmed:
        rows = rows[:, 0 if first else (AROUND + 1) // 2 : rows.shape[1] - (AROUND + 1) // 2]
    grown = growing(cache, rows.shape[1])
    states = encoded(weights, rows + positions(weights, cache.length, rows.shape[1]), None, grown)
    return grown.done(), states


def convolved(weights: Weights, mels: np.ndarray) -> Tensor:
    """Convolve mel frames [clips, frames, 80] to half as many rows [clips, frames / 2, width]."""
    t, of, gelu = torch(), weights.hearing, functional().gelu
    rows = t.from_numpy(np.ascontiguousarray(mels.transpose(0, 2, 1))).to(device=weights.device, dtype=weights.dtype())
    return gelu(of.conv2(gelu(of.conv1(rows)))).transpose(1, 2)


def positions(weights: Weights, start: int, count: int) -> Tensor:
    """Return the embeddings of positions."""
    return weights.hearing.embed_positions.weight[start : start + count]


def encoded(weights: Weights, rows: Tensor, mask: Tensor | None, grown: Grown | None = None) -> Tensor:
    """Let rows [clips, n, width] pass the layers; with a cache, of one clip, they also see what is in it."""
    for n, layer in enumerate(weights.hearing.layers):
        rows = rows + _attended(layer.self_attn, layer.self_attn_layer_norm(rows), mask, n, grown)
        rows = rows + layer.fc2(functional().gelu(layer.fc1(layer.final_layer_norm(rows))))
    return weights.hearing.layer_norm(rows)


def _attended(attention: Module, rows: Tensor, mask: Tensor | None, layer: int, grown: Grown | None) -> Tensor:
    heads = (*rows.shape[:2], attention.num_heads, -1)
    query, key, value = (each(rows).view(heads).transpose(1, 2) for each in (attention.q_proj, attention.k_proj, attention.v_proj))
    if grown is not None:
        key, value = (each[None] for each in grown.put(layer, key[0], value[0]))
    seen = functional().scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return attention.out_proj(seen.transpose(1, 2).flatten(2))


def projected(weights: Weights, states: Tensor) -> np.ndarray:
    """Project encoder states [clips, n, width] for the language model, and pool them by 5: float32 [clips, n / 5, D]."""
    return projected_rows(weights, states).float().cpu().numpy()


def projected_rows(weights: Weights, states: Tensor) -> Tensor:
    """Do the same with tensors."""
    f, of, pool = functional(), weights.projector, weights.config.pool
    tokens = of.linear2(f.relu(of.linear1(states)))
    return f.avg_pool1d(tokens.transpose(1, 2), pool, pool).transpose(1, 2)
