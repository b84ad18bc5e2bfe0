"""Reply in text, token by token, where the model is asked for an answer: the published rules of chat and of half-duplex mode.

Chance is handed in. The logits are in float32. Source: spec 7.3; the rule inside a duplex window is another, `omni_flow.deciding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from operators.minicpm_o import thinking
from operators.minicpm_o.cache import Cache
from operators.minicpm_o.loading import Weights
from operators.omni_flow.deciding.choosing import Draw
from operators.omni_flow.tokens.vocabulary import END_OF_TEXT, IM_END, PLACEHOLDER, TTS_EOS

END = 128_247  # </s>, an ordinary row that ends an answer, too
SIGNS = (25, 2, 31, 9, 7, 8, 58, 60, 5, 14, 3, PLACEHOLDER)  # : # @ * ( ) [ ] & / $, and what the list's other signs were read as


@dataclass(frozen=True)
class Replying:
    """Say how an answer is written. `window`: of how many last tokens none is likely again, None for the whole answer.

    `length_penalty` above 1 makes an end less likely. `ends` end the answer, and are no part of it. Raises ValueError.
    """

    mode: Literal["sampling", "greedy"] = "sampling"
    temperature: float = 0.7
    top_k: int = 100
    top_p: float = 0.8
    repetition: float = 1.02
    window: int | None = None
    length_penalty: float = 1.0
    ends: tuple[int, ...] = (IM_END, END_OF_TEXT)
    forbidden: tuple[int, ...] = field(default=(), repr=False)
    most: int = 256

    def __post_init__(self) -> None:
        """Check what was given."""
        for name in ("temperature", "top_p", "repetition", "length_penalty", "top_k", "most"):
            if not 0 < (value := getattr(self, name)) < float("inf"):
                raise ValueError(f"replying: wants {name} above 0, got {value!r}")
        if self.mode not in ("sampling", "greedy") or self.top_p > 1:
            raise ValueError(f"replying: wants mode sampling or greedy, and top_p up to 1, got {self.mode!r} and {self.top_p}")


CHAT = Replying()
HALF_DUPLEX = Replying(window=128, length_penalty=1.1, ends=(TTS_EOS, IM_END, END))


class Reply(NamedTuple):
    """Hold an answer: its ids without the end, the end if there was one, and the hidden state at each id that was fed [n, D]."""

    ids: tuple[int, ...]
    end: int | None
    states: np.ndarray


def processed(logits: np.ndarray, said: Sequence[int], settings: Replying) -> np.ndarray:
    """Return logits [vocabulary] after repetition, ends and what is forbidden; before chance."""
    ruled = logits.copy()
    ids = np.fromiter(set(said[-settings.window :] if settings.window else said), np.intp)
    ruled[ids] = _weaker(ruled[ids], settings.repetition)
    ends = np.asarray(settings.ends, np.intp)
    ruled[ends] = _weaker(ruled[ends], settings.length_penalty)
    ruled[np.asarray(settings.forbidden, np.intp)] = -np.inf
    return ruled


def _weaker(logits: np.ndarray, by: float) -> np.ndarray:
    return np.where(logits < 0, logits * np.float32(by), logits / np.float32(by))


def chosen(ruled: np.ndarray, draw: Draw | None, settings: Replying) -> int:
    """Choose of processed logits: the likeliest without a draw, else by temperature, top-k, then top-p. Raises ValueError for NaN."""
    if not np.isfinite(ruled.max()):
        raise ValueError(f"replying: wants finite logits, got {ruled.max()} as the greatest; look at what the model was fed")
    if draw is None or settings.mode == "greedy":
        return int(ruled.argmax())
    k = min(settings.top_k, len(ruled))
    ids = np.flatnonzero(ruled >= np.partition(ruled, len(ruled) - k)[len(ruled) - k])
    weights = np.exp((ruled[ids].astype(np.float64) - float(ruled.max())) / settings.temperature)
    weights /= weights.sum()
    order = np.argsort(-ruled[ids], kind="stable")
    kept = np.sort(order[: 1 + int(np.searchsorted(np.cumsum(weights[order])[:-1], settings.top_p))])
    sums = np.cumsum(weights[kept] / weights[kept].sum())
    return int(ids[kept[min(int(np.searchsorted(sums, draw(), "right")), len(kept) - 1)]])


def reply(weights: Weights, cache: Cache, hidden: np.ndarray, settings: Replying = CHAT, draw: Draw | None = None) -> tuple[Cache, Reply]:
    """Write an answer on what the cache holds; `hidden` is the state [D] at its last row. Returns the cache with the answer's ids.

    What ends the answer is not fed.
    """
    ids: list[int] = []
    states: list[np.ndarray] = []
    while len(ids) < settings.most:
        token = chosen(processed(thinking.logits(weights, hidden), ids, settings), draw, settings)
        if token in settings.ends:
            return cache, Reply(tuple(ids), token, _stacked(states, weights))
        ids.append(token)
        cache, rows = thinking.feed(weights, cache, [(token,)])
        hidden = rows[-1]
        states.append(hidden)
    return cache, Reply(tuple(ids), None, _stacked(states, weights))


def _stacked(states: list[np.ndarray], weights: Weights) -> np.ndarray:
    return np.stack(states) if states else np.zeros((0, weights.config.language.hidden_size), np.float32)


def cleaned(text: str, *, reference_compatible: bool = False) -> str:
    """Return an answer's text; as the reference, without any trailing letter that is in "<|tts_eos|>" (quirk Q12).

    >>> cleaned("This is a test", reference_compatible=True)
    'This is a '
    """
    return text.rstrip("".join(set("<|tts_eos|>"))) if reference_compatible else text
