"""A duplex session with the model: prepare, then window after window take in what was seen and heard, answer, close.

What a session remembers is one value; every step returns a new one and leaves the old as it was, so a step that fails changes nothing.
A window is encoded before anything of it is fed: none stays open where sound is missing (quirk Q9). Source: spec 5.2 to 5.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from operators.minicpm_o.cache import Cache
from operators.minicpm_o.hearing import Heard, hear, hear_on
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import Mode
from operators.minicpm_o.seeing import see
from operators.minicpm_o.thinking import Piece
from operators.omni_flow.context.cache_plan import CachePlan, Prefill
from operators.omni_flow.context.sliding import Context, Evicted, Policy, begin_context, enter, refill
from operators.omni_flow.context.token_log import unit_of
from operators.omni_flow.deciding.choosing import Choosing, Draw, choose, remembered
from operators.omni_flow.deciding.generating import generate_unit
from operators.omni_flow.deciding.outcome import Force, Outcome
from operators.omni_flow.deciding.steps import Generating, Talk, TextOf
from operators.omni_flow.tokens.vocabulary import AUDIO, IMAGE, IMAGE_END, PLACEHOLDER, SLICE, SLICE_END, UNIT

POLICY = Policy()


class Taken(NamedTuple):
    """Hold what a window took in: the ids of its rows, the embeddings among them in order, the hidden state at the last."""

    ids: tuple[int, ...]
    embeddings: tuple[np.ndarray, ...]
    hidden: np.ndarray


@dataclass(frozen=True)
class Session:
    """Hold what a duplex session remembers. `taken`: a window that waits for its answer; `answered`: one that waits to be closed.

    `shown` are the embeddings of the units in the cache, in order: what no ids can say when rows have to be fed anew.
    """

    cache: Cache
    context: Context
    talk: Talk = field(default_factory=Talk)
    history: tuple[int, ...] = ()
    heard: Heard = field(default_factory=Heard)
    taken: Taken | None = None
    answered: Outcome | None = None
    shown: tuple[tuple[np.ndarray, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Deciding:
    """Say how windows are answered: steps, the choice of a token, ids that are never chosen, and how ids read as text."""

    text_of: TextOf
    generating: Generating = field(default_factory=Generating)
    choosing: Choosing = field(default_factory=Choosing)
    bad: np.ndarray = field(default_factory=lambda: np.zeros(0, np.intp), repr=False)


def prepare(
    weights: Weights,
    prefix: Sequence[int],
    suffix: Sequence[int] = (),
    *,
    reference: np.ndarray | None = None,
    policy: Policy = POLICY,
    mode: Mode = "dynamic",
) -> Session:
    """Begin a session: feed the prompt's prefix, the sound of the voice to speak in, the suffix.

    `reference`: samples at 16 kHz. `mode`: how quiet is cut off in it; the reference takes what the last session left (Q7). The
    audio encoder begins anew, which the reference forgets (Q6). Raises ValueError for a prompt that leaves no room.
    """
    voice = hear(weights, [reference], mode=mode) if reference is not None and len(reference) else []
    context = begin_context(policy, len(prefix) + sum(map(len, voice)), tuple(suffix))
    cache, _ = weights.thinking.feed(weights, weights.thinking.begin(weights), [tuple(prefix), *voice, tuple(suffix)])
    return Session(cache, context)


def take_in(
    weights: Weights, session: Session, *, sound: np.ndarray | None = None, pictures: Sequence[np.ndarray] = (), most: int | Sequence[int] = 1
) -> Session:
    """Take in what a window has seen and heard: pictures uint8 [h, w, 3], about a second of samples at 16 kHz.

    Where there are no pictures and not enough sound for embeddings, nothing is fed, and the sound waits for the next window.
    Raises ValueError for what is neither picture nor sound, and while a window is answered but not closed; the session stays.
    """
    seen = see(weights, pictures, most)
    heard, tokens = hear_on(weights, session.heard, sound) if sound is not None else (session.heard, np.zeros((0, 0), np.float32))
    return replace(fed(weights, session, seen, tokens), heard=heard)


def fed(weights: Weights, session: Session, seen: Sequence[np.ndarray], tokens: np.ndarray) -> Session:
    """Take in what was encoded: for each picture its looks [looks, 64, D], then sound [10 n, D]. Nothing of either opens no window.

    Raises ValueError while a window is answered but not closed; the session stays.
    """
    if session.answered is not None:
        raise ValueError("duplex: wants the last window closed before another is taken in; close() it")
    if not len(seen) and not len(tokens):
        return replace(session, taken=None)
    pieces = [(UNIT,), *(piece for looks in seen for piece in _shown(looks)), *([tokens] if len(tokens) else [])]
    cache, hidden = weights.thinking.feed(weights, session.cache, pieces)
    ids = [(AUDIO if piece is tokens else PLACEHOLDER,) * len(piece) if isinstance(piece, np.ndarray) else tuple(piece) for piece in pieces]
    embeddings = tuple(piece for piece in pieces if isinstance(piece, np.ndarray))
    return replace(session, cache=cache, taken=Taken(tuple(token for each in ids for token in each), embeddings, hidden[-1]))


def _shown(looks: np.ndarray) -> list[Piece]:
    """Put marks around a picture's looks: no number, no line break (spec 3.6)."""
    cells = [piece for cell in looks[1:] for piece in ((SLICE,), cell, (SLICE_END,))]
    return [(IMAGE,), looks[0], (IMAGE_END,), *cells]


def answer(
    weights: Weights, session: Session, deciding: Deciding, draw: Draw | None = None, *, forced: Force | None = None
) -> tuple[Session, Outcome, tuple[np.ndarray, ...]]:
    """Answer the window that was taken in: listen, or speak. Returns also the hidden states at what was fed of it so far.

    Hidden states belong to `outcome.fed` from its first token on; those of the last `unfed` come with `close`. Without `draw` the
    likeliest is chosen. Raises ValueError where logits are not finite; the session stays.
    """
    if session.answered is not None:
        raise ValueError("duplex: wants the last window closed before the next is answered; close() it")
    taken = session.taken
    if taken is None:
        talk, outcome = generate_unit(session.talk, None, deciding.generating, text_of=deciding.text_of, forced=forced)
        return replace(session, talk=talk), outcome, ()
    cache, hidden, said, states = session.cache, taken.hidden, list(session.history), []

    def next_token(fed: tuple[int, ...]):
        nonlocal cache, hidden
        if fed:
            cache, rows = weights.thinking.feed(weights, cache, [fed])
            hidden = rows[-1]
            states.extend(rows)
        choice = choose(weights.thinking.logits(weights, hidden), said, draw, deciding.choosing, bad=deciding.bad)
        if choice.recorded:
            said.append(choice.token)
        return choice

    talk, outcome = generate_unit(session.talk, next_token, deciding.generating, text_of=deciding.text_of, forced=forced)
    history = remembered(session.history, outcome.recorded, deciding.choosing)
    return replace(session, cache=cache, talk=talk, history=history, answered=outcome), outcome, tuple(states)


def close(weights: Weights, session: Session, text_of: TextOf) -> tuple[Session, list[Evicted], np.ndarray]:
    """Close the window that was answered: feed what is left of it, and forget what is too much.

    Returns what was forgotten, and the hidden states at what was fed, [unfed, D]. Without an answered window nothing happens (Q20).
    """
    outcome, taken = session.answered, session.taken
    if outcome is None or taken is None:
        return session, [], np.zeros((0, weights.config.language.hidden_size), np.float32)
    cache, hidden = weights.thinking.feed(weights, session.cache, [outcome.fed[len(outcome.fed) - outcome.unfed :]])
    context, evicted, plan = enter(session.context, unit_of(outcome, taken.ids), text_of=text_of)
    kept = (*session.shown, taken.embeddings)
    cache = weights.thinking.carry_out(weights, cache, plan, _anew(plan, [*(unit.id for unit in session.context.units), outcome.k], kept))
    shown = kept[len(kept) - len(context.units) :]
    return replace(session, cache=cache, context=context, taken=None, answered=None, shown=shown), evicted, hidden


def recalled(weights: Weights, session: Session, prefix: Sequence[int], *, reference: np.ndarray | None = None) -> Session:
    """Compute a session's cache anew from all else that it remembers, between windows: after a crash, a cache is not kept.

    `prefix` and `reference` are those of `prepare`. What was forgotten by then is not computed again: where windows were forgotten,
    the others no longer carry what was heard in them.
    """
    fresh = prepare(weights, prefix, (), reference=reference, policy=Policy("none", limit=None))
    plan = refill(session.context)
    cache = weights.thinking.carry_out(weights, fresh.cache, plan, _anew(plan, [unit.id for unit in session.context.units], session.shown))
    return replace(session, cache=cache)


def _anew(plan: CachePlan, units: Sequence[int], shown: Sequence[tuple[np.ndarray, ...]]) -> list[list[Piece]]:
    """Say what is fed where a plan has units fed anew: their ids, and the embeddings that stood in them."""
    return [_fed_again(part, dict(zip(units, shown))) for part in plan.parts if isinstance(part, Prefill)]


def _fed_again(part: Prefill, shown: dict[int, tuple[np.ndarray, ...]]) -> list[Piece]:
    arrays = iter([rows for unit, _, _ in part.made_of for rows in shown[unit]])
    pieces: list[Piece] = []
    at = 0
    while at < len(part.ids):
        if part.ids[at] in (PLACEHOLDER, AUDIO):
            rows = next(arrays)
            pieces.append(rows)
            at += len(rows)
        else:
            pieces.append((part.ids[at],))
            at += 1
    return pieces
