"""Speech in half-duplex mode: some ten tokens of text, then codes until the end code, then the next ten; codes go out by 25.

What is remembered of earlier groups is one of four: all of it; the last rows; the group before, computed anew; the first group and the
one before, moved up to it. Source: spec 6.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from operators.minicpm_o.attending import rotate, turning
from operators.minicpm_o.cache import Cache, joined
from operators.minicpm_o.door import Tensor, torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking.coding import WHOLE, Coding, Told, chosen, unheard
from operators.minicpm_o.speaking.decoder import begin, code_rows, conditions, feed, logits, mark, sizes
from operators.minicpm_o.speaking.units import SECOND
from operators.omni_flow.deciding.choosing import Draw

MOST = 500  # codes of a group
KEPT = 2  # groups of "reindex"


class Group(NamedTuple):
    """Hold what a group was made of: tokens, the hidden states at them, whether the text ended, codes."""

    ids: tuple[int, ...]
    hidden: np.ndarray
    over: bool
    codes: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Return how many positions it took: the tokens, the marks, the codes."""
        return len(self.ids) + self.over + 1 + len(self.codes)


@dataclass(frozen=True)
class Answer:
    """Hold an answer that is spoken: the cache, the position of the next row, groups that may be needed again, all codes so far.

    `waiting`: codes that are too few to go out.
    """

    cache: Cache
    position: int = 0
    groups: tuple[Group, ...] = field(default=(), repr=False)
    codes: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


class Piece(NamedTuple):
    """Hold codes that go out: 25, or at the end as many as are left."""

    codes: tuple[int, ...]
    last: bool


def silent(weights: Weights) -> Answer:
    """Return the state before an answer. Raises ValueError for a model that cannot speak."""
    return Answer(begin(weights))


def say(
    weights: Weights,
    answer: Answer,
    ids: Sequence[int],
    hidden: np.ndarray,
    *,
    over: bool,
    draw: Draw | None = None,
    settings: Coding = WHOLE,
    most: int = MOST,
    told: Told = unheard,
) -> tuple[Answer, list[Piece]]:
    """Say a group of tokens, given the hidden states at them [n, D]. `over`: the text ends here, and what is left goes out.

    A group that comes to `most` codes stops there, and nothing goes out for its sake. Raises ValueError for ids and states that are none;
    the answer stays.
    """
    of = sizes(weights)
    group = Group(tuple(ids), hidden, over, ())
    answer, rows = _ready(weights, answer, _rows(weights, group), of.attention_type)
    window = of.streaming_sliding_window_audio_window_size if of.attention_type == "sliding_window" else None
    cache, position, codes, ended = answer.cache, answer.position, list(answer.codes), False
    for _ in range(most):
        cache, state = feed(weights, cache, rows, position)
        cache, position = _last(cache, window), position + len(rows)
        code = chosen(logits(weights, state), codes, settings, draw, end=of.end, told=told)
        if ended := code == of.end:
            break
        codes.append(code)
        rows = code_rows(weights, [code])
    new = tuple(codes[len(answer.codes) :])
    waiting, pieces = _cut((*answer.waiting, *new), flush=ended and over)
    position += not ended  # the place of the last code, which was not fed
    return Answer(cache, position, (*answer.groups, group._replace(codes=new)), tuple(codes), waiting), pieces


def _rows(weights: Weights, group: Group) -> Tensor:
    """Make the rows that stand before a group's codes."""
    of = sizes(weights)
    marks = [mark(weights, token) for token in (*([of.text_eos_token_id] if group.over else []), of.audio_bos_token_id)]
    return torch().cat([conditions(weights, group.ids, group.hidden), *marks])


def _cut(codes: tuple[int, ...], *, flush: bool) -> tuple[tuple[int, ...], list[Piece]]:
    """Cut codes into pieces of 25; return what waits, and the pieces.

    >>> _cut(tuple(range(27)), flush=True)[1][-1]
    Piece(codes=(25, 26), last=True)
    """
    whole = len(codes) - len(codes) % SECOND
    pieces = [Piece(codes[n : n + SECOND], False) for n in range(0, whole, SECOND)]
    return ((), [*pieces, Piece(codes[whole:], True)]) if flush else (codes[whole:], pieces)


def _ready(weights: Weights, answer: Answer, rows: Tensor, kind: str) -> tuple[Answer, Tensor]:
    """Forget what the next group is not to see. Returns the answer, and the rows to feed."""
    if kind == "sliding_recompute" and answer.groups:
        before = answer.groups[-1]
        again = torch().cat([_rows(weights, before), code_rows(weights, before.codes), rows])
        return replace(answer, cache=begin(weights), position=0, groups=(before,)), again
    if kind == "reindex" and len(answer.groups) > KEPT:
        return _moved_up(weights, answer), rows
    return answer, rows


def _moved_up(weights: Weights, answer: Answer) -> Answer:
    """Keep the first group and the last one, whose keys are turned as the reference does: each by its new place less the first's old one.

    So the last group's rows stand twice as far apart as they did.
    """
    first, last = answer.groups[0], answer.groups[-1]
    cache, of = answer.cache, sizes(weights)
    start = cache.length - last.rows
    shifts = torch().arange(last.rows) + first.rows - start
    turns = turning(shifts, of.head_dim, of.rope_theta, weights.dtype(), weights.device)
    with torch().inference_mode():
        turned = rotate(cache._held().keys[:, :, start : cache.length], *turns)
        kept = joined(cache, [(0, first.rows, 0), (start, cache.length, first.rows)], [None, turned])
    return replace(answer, cache=kept, position=kept.length, groups=(first, last))


def _last(cache: Cache, rows: int | None) -> Cache:
    """Keep a cache's last rows."""
    if rows is None or cache.length <= rows:
        return cache
    with torch().inference_mode():
        return joined(cache, [(cache.length - rows, cache.length, 0)], [None])
