"""Sight: a picture cut into looks, looks as patches, patches through SigLIP, each look resampled to 64 embeddings.

Looks of the same size go through together, at most 16 at a time, so none is padded: what comes out of a look depends on no other.
Source: spec 3.1 to 3.5; how a picture is cut is `omni_flow.turn_based.slicing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.loading import Weights
from operators.omni_flow.turn_based.slicing import PATCH, Size, slices

BATCH = 16  # looks, as in the reference
LIMIT = 178_956_970  # pixels of a picture: as many as Pillow opens without a warning


def looks(picture: np.ndarray, most: int = 1) -> list[np.ndarray]:
    """Cut a picture into looks, uint8 [h, w, 3]: an overview, then cells row by row, at most `most` of them.

    Raises ValueError for what is no picture: another shape or type, no pixels, too many.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not 0 < picture.size // 3 <= LIMIT:
        raise ValueError(f"sight: wants a picture as uint8 [height, width, 3], up to {LIMIT} pixels, got {picture.dtype} {list(picture.shape)}")
    height, width = picture.shape[:2]
    cut = slices(width, height, most)
    found = [_resized(picture, cut.overview)]
    if cut.cells:
        refined, (across, down) = _resized(picture, cut.refined), cut.cell
        columns, rows = cut.grid
        found += [refined[y * down : (y + 1) * down, x * across : (x + 1) * across] for y in range(rows) for x in range(columns)]
    return found


def _resized(picture: np.ndarray, size: Size) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def pixels(look: np.ndarray) -> np.ndarray:
    """Lay out a look for the encoder: float32 [3, 14, 14 L], its patches row by row beside one another, from -1 to 1 (spec 3.2)."""
    rows, columns = look.shape[0] // PATCH, look.shape[1] // PATCH
    scaled = (look.astype(np.float32) / np.float32(255) - np.float32(0.5)) / np.float32(0.5)
    patches = scaled.reshape(rows, PATCH, columns, PATCH, 3).transpose(4, 1, 0, 2, 3)  # [3, y, row, column, x]
    return np.ascontiguousarray(patches.reshape(3, PATCH, rows * columns * PATCH))


def see(weights: Weights, pictures: Sequence[np.ndarray], most: int | Sequence[int] = 1) -> list[np.ndarray]:
    """Encode pictures. Returns for each its embeddings, float32 [looks, 64, D]. `most`: cells of each picture, or one number for all.

    Raises ValueError for what is no picture, and for another number of limits than of pictures.
    """
    limits = [most] * len(pictures) if isinstance(most, int) else list(most)
    if len(limits) != len(pictures):
        raise ValueError(f"sight: wants a number of cells for each of {len(pictures)} pictures, got {len(limits)}")
    cut = [looks(picture, limit) for picture, limit in zip(pictures, limits)]
    encoded = iter(encode(weights, [look for each in cut for look in each]))
    return [np.stack([next(encoded) for _ in each]) for each in cut]


def encode(weights: Weights, cut: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Encode looks of whole patches. Returns the embeddings of each, float32 [64, D]."""
    found: dict[int, np.ndarray] = {}
    for numbers in _batches(cut):
        rows, columns = cut[numbers[0]].shape[0] // PATCH, cut[numbers[0]].shape[1] // PATCH
        with torch().inference_mode():
            states = patch_states(weights, [cut[n] for n in numbers])
            out = resampled(weights, states, rows, columns).float().cpu().numpy()
        found.update(zip(numbers, out))
    return [found[n] for n in range(len(cut))]


def _batches(cut: Sequence[np.ndarray]) -> list[list[int]]:
    """Put looks of the same size together."""
    sizes: dict[tuple[int, ...], list[int]] = {}
    for n, look in enumerate(cut):
        sizes.setdefault(look.shape[:2], []).append(n)
    return [numbers[start : start + BATCH] for numbers in sizes.values() for start in range(0, len(numbers), BATCH)]


def patch_states(weights: Weights, batch: Sequence[np.ndarray]) -> Tensor:
    """Encode looks of one size up to the last norm: [looks, patches, width]."""
    t, vpm = torch(), weights.sight
    rows, columns = batch[0].shape[0] // PATCH, batch[0].shape[1] // PATCH
    shown = t.from_numpy(np.stack([pixels(look) for look in batch])).to(device=weights.device, dtype=weights.dtype())
    places = t.from_numpy(position_ids(rows, columns, weights.config.sight.side)).to(weights.device)
    embeddings = patch_embeddings(weights, shown) + vpm.embeddings.position_embedding(places)
    return vpm.post_layernorm(vpm.encoder(inputs_embeds=embeddings).last_hidden_state)


def patch_embeddings(weights: Weights, shown: Tensor) -> Tensor:
    """Embed patches: [looks, 3, 14, 14 L] becomes [looks, L, width]. The convolution's steps are as wide as its patches: a product."""
    convolution = weights.sight.embeddings.patch_embedding
    patches = shown.unflatten(3, (-1, PATCH)).permute(0, 3, 1, 2, 4).flatten(2)
    return functional().linear(patches, convolution.weight.flatten(1), convolution.bias)


@lru_cache(maxsize=64)
def position_ids(rows: int, columns: int, side: int = 70) -> np.ndarray:
    """Return the position of each patch among side x side, row by row: the picture is stretched over all of them (spec 3.3).

    Where a patch begins at the border of two positions, rounding decides. 2 by 3 patches have 0, 23, 46, 2450, 2473, 2496.
    """
    return (_bucketed(rows, side)[:, None] * side + _bucketed(columns, side)[None, :]).ravel()


def _bucketed(count: int, side: int) -> np.ndarray:
    """Counted by torch itself: what numpy makes of the same numbers is another position where 49 or 58 patches begin at a border."""
    t = torch()
    begins = t.arange(0, 1 - 1e-6, float(np.float32(1) / np.float32(count)))
    return t.bucketize(begins, t.arange(1 / side, 1.0, 1 / side), right=True).numpy()


def resampled(weights: Weights, states: Tensor, rows: int, columns: int) -> Tensor:
    """Let 64 queries look at a look's patches: [looks, patches, width] becomes [looks, 64, D] (spec 3.5)."""
    t, of = torch(), weights.resampler
    places = t.from_numpy(places_of(weights.config.language.hidden_size, rows, columns)).to(device=weights.device, dtype=weights.dtype())
    values = of.ln_kv(of.kv_proj(states))
    query = of.ln_q(of.query).expand(len(states), -1, -1)
    seen, _ = of.attn(query, values + places, values, need_weights=False)
    return of.ln_post(seen) @ of.proj


@lru_cache(maxsize=16)
def places_of(width: int, rows: int, columns: int) -> np.ndarray:
    """Return what says where a patch is, float32 [rows x columns, width]: half by its column, half by its row, sines and cosines.

    >>> places_of(8, 1, 2).round(2)[1].tolist()
    [0.8399999737739563, 0.009999999776482582, 0.5400000214576721, 1.0, 0.0, 0.0, 1.0, 1.0]
    """
    frequencies = (1.0 / 10_000 ** (np.arange(width // 4, dtype=np.float32) / np.float32(width / 4))).astype(np.float32)

    def waves(count: int) -> np.ndarray:
        angles = np.arange(count, dtype=np.float32)[:, None] * frequencies
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)

    shape = (rows, columns, width // 2)
    across, down = np.broadcast_to(waves(columns)[None], shape), np.broadcast_to(waves(rows)[:, None], shape)
    return np.concatenate([across, down], axis=2).reshape(rows * columns, width)
