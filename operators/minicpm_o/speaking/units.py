"""Speech in a duplex session: for each window that speaks at most 25 codes, which is a second; the cache lasts as long as the turn.

Nothing holds text back: the decoder has seen all of it so far, and voices what it has not yet voiced in the next window, since in the
middle of a turn it may not end. Source: spec 6.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from operators.minicpm_o.cache import Cache
from operators.minicpm_o.door import torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking.coding import UNITS, Coding, Told, chosen, unheard
from operators.minicpm_o.speaking.decoder import begin, code_rows, conditions, feed, logits, mark, sizes
from operators.omni_flow.deciding.choosing import Draw

SECOND = 25  # codes


@dataclass(frozen=True)
class Turn:
    """Hold a turn that is spoken. `fed`: what the cache is made of, for each window its token ids, the states at them, its codes.

    The end of a turn leaves an empty one.
    """

    cache: Cache
    fed: tuple[tuple[tuple[int, ...], np.ndarray, tuple[int, ...]], ...] = field(default=(), repr=False)

    @property
    def position(self) -> int:
        """Return the position of the next row: so many conditions and codes came before."""
        return sum(len(ids) + 1 + len(codes) for ids, _, codes in self.fed)


def silent(weights: Weights) -> Turn:
    """Return the state before a turn. Raises ValueError for a model that cannot speak."""
    return Turn(begin(weights))


def speak(
    weights: Weights,
    turn: Turn,
    ids: Sequence[int],
    hidden: np.ndarray,
    *,
    ends: bool,
    draw: Draw | None = None,
    settings: Coding = UNITS,
    told: Told = unheard,
) -> tuple[Turn, tuple[int, ...]]:
    """Say a window's tokens, given the hidden states at them [n, D]; without any, go on with what is said. Returns its codes.

    `ends`: the turn ends here, so that fewer than 25 codes are enough, as in its first window. A code after the last is drawn, as
    the reference does, and thrown away. Raises ValueError for ids and states that are none; the turn stays.
    """
    of, t = sizes(weights), torch()
    rows = t.cat([conditions(weights, ids, hidden), mark(weights, of.audio_bos_token_id)])
    cache, position, codes = turn.cache, turn.position, []
    may_end = ends or not turn.fed
    while True:
        cache, state = feed(weights, cache, rows, position)
        code = chosen(logits(weights, state), codes, settings, draw, end=of.end, may_end=may_end, told=told)
        if code == of.end or len(codes) == SECOND:
            break
        codes.append(code)
        position, rows = position + len(rows), code_rows(weights, [code])
    said = tuple(codes)
    if ends:
        return Turn(cache.forgotten()), said
    return Turn(cache, (*turn.fed, (tuple(ids), hidden, said))), said


def recalled(weights: Weights, turn: Turn) -> Turn:
    """Compute a turn's cache anew from what it is made of: after a crash, a cache is not kept."""
    of, t = sizes(weights), torch()
    if not turn.fed:
        return silent(weights)
    parts = [
        part
        for ids, hidden, codes in turn.fed
        for part in (conditions(weights, ids, hidden), mark(weights, of.audio_bos_token_id), code_rows(weights, codes))
    ]
    cache, _ = feed(weights, begin(weights), t.cat(parts), 0)
    return replace(turn, cache=cache)
