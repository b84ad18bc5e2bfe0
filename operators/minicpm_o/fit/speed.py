"""How fast a rounded language model goes, beside the time that its memory takes: each token has to read each weight once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

from omniflow_graph.clock import wall_seconds
from operators.minicpm_o import thinking
from operators.minicpm_o.cache import Cache
from operators.minicpm_o.door import torch
from operators.minicpm_o.fit.memory import _of, few_bit_layers
from operators.minicpm_o.loading import Weights

Clock = Callable[[], float]

PREFILL = 75  # rows of a window that sees and hears
ROUNDS = 9


@dataclass(frozen=True)
class Speed:
    """Hold medians: seconds of a prefill and of a token, bytes that a token reads, bytes a second that this machine read meanwhile.

    `share`: of the speed that memory allows, how much a token has; the median of rounds, each beside its own reading.
    """

    prefill_s: float
    token_s: float
    bytes_per_token: int
    bytes_per_s: float
    share: float

    @property
    def tokens_per_s(self) -> float:
        """Return tokens a second."""
        return 1 / self.token_s


def speed(weights: Weights, cache: Cache, rounds: int = ROUNDS, seed: int = 0, clock: Clock = wall_seconds) -> Speed:
    """Measure on top of a cache: prefill 75 rows, then read memory and decode a token, in turns.

    `clock` reads seconds: the wall's, or the process's own where others are busy and there is one thread.
    """
    rng, known = np.random.default_rng(seed), weights.config.language.vocab_size
    rows = rng.integers(0, known, PREFILL).tolist()
    prefill = median(_taken(lambda: thinking.feed(weights, cache, [rows]), clock) for _ in range(3))
    many = weights.language.model.embed_tokens.weight.view(torch().float32)
    read = sum(layer.bytes for layer in few_bit_layers(weights.language)) + _cached(cache)
    tokens, rates = [], []
    for _ in range(rounds):  # each behind the last one: a token behind an old cache would copy it
        before = _taken(many.sum, clock)
        began = clock()
        cache = _token(weights, cache, rows[0])
        tokens.append(clock() - began)
        rates.append(2 * _of(many) / (before + _taken(many.sum, clock)))
    share = median(read / rate / token for rate, token in zip(rates, tokens))
    return Speed(prefill, median(tokens), read, median(rates), share)


def _token(weights: Weights, cache: Cache, token: int) -> Cache:
    cache, hidden = thinking.feed(weights, cache, [[token]])
    thinking.logits(weights, hidden[-1])
    return cache


def _cached(cache: Cache) -> int:
    of = cache.layout
    return 2 * of.layers * of.heads * of.width * cache.length * 2


def _taken(work: Callable[[], object], clock: Clock) -> float:
    began = clock()
    work()
    return clock() - began
