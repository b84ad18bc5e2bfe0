"""Speech of a whole answer at once, as turn-based conversation has it. Source: spec 6.4."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from operators.minicpm_o.door import torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking.coding import WHOLE, Coding, Told, chosen, unheard
from operators.minicpm_o.speaking.decoder import begin, code_rows, conditions, feed, logits, mark, sizes
from operators.omni_flow.deciding.choosing import Draw
from operators.omni_flow.tokens.vocabulary import TTS_BOS, TTS_EOS

LEAST, MOST = 50, 2048  # codes


def spoken(ids: Sequence[int]) -> range | None:
    """Say which of an answer's tokens are spoken: what stands between the last `<|tts_bos|>` and the last `<|tts_eos|>`.

    None where either is missing, or where nothing follows `<|tts_eos|>`: the reference knows no state at the last token.

    >>> spoken([5, TTS_BOS, 6, 7, TTS_EOS, 9])
    range(2, 4)
    """
    places = [max((n for n, token in enumerate(ids) if token == mark), default=-1) for mark in (TTS_BOS, TTS_EOS)]
    return range(places[0] + 1, places[1]) if 0 <= places[0] < places[1] < len(ids) - 1 else None


def utter(
    weights: Weights,
    ids: Sequence[int],
    hidden: np.ndarray,
    *,
    draw: Draw | None = None,
    settings: Coding = WHOLE,
    least: int = LEAST,
    most: int = MOST,
    told: Told = unheard,
) -> tuple[int, ...]:
    """Say tokens, given the hidden states at them [n, D], until the end code, which may not come before `least` codes."""
    of, t = sizes(weights), torch()
    rows = t.cat([conditions(weights, ids, hidden), mark(weights, of.text_eos_token_id), mark(weights, of.audio_bos_token_id)])
    cache, codes = begin(weights), []
    while len(codes) < most:
        cache, state = feed(weights, cache, rows, cache.length)
        code = chosen(logits(weights, state), codes, settings, draw, end=of.end, may_end=len(codes) >= least, told=told)
        if code == of.end:
            break
        codes.append(code)
        rows = code_rows(weights, [code])
    return tuple(codes)
