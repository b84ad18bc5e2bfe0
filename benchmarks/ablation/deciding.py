"""Let a trained model talk in closed loop: window by window it perceives what an imperfect oracle does, and reads its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from benchmarks.ablation.writing import NEXT, PAD, given, prompt, row, words_of
from operators.nano.config import Config
from operators.nano.vocabulary import MARKS
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.vocabulary import AUDIO, CHUNK_EOS, LISTEN, PLACEHOLDER, SPEAK, TTS_BOS, TURN_EOS, UNIT_END
from simulations.nano.judging import Said
from simulations.nano.sessions import Session

MOST = 12  # words in a window
NEVER = tuple(row(mark) for mark in MARKS if mark not in (LISTEN, SPEAK, TURN_EOS, CHUNK_EOS, TTS_BOS, NEXT, PAD))


class Feeds(Protocol):
    """Take in tokens, and score what comes next, by row."""

    def __call__(self, ids: Sequence[int]) -> np.ndarray:
        """Return the scores [rows]."""
        ...


class Mind:
    """Feed a trained model, with a cache; what it perceives comes from the tokens of sound and of pictures, in their order."""

    def __init__(self, root: Any, config: Config, sound: Any, pictures: Any) -> None:
        """Begin a session."""
        from transformers import DynamicCache

        self.root, self.config, self.cache = root, config, DynamicCache()
        self.perceived = {AUDIO: sound, PLACEHOLDER: pictures}

    def __call__(self, ids: Sequence[int]) -> np.ndarray:
        """Return the scores of what comes next, by row."""
        import torch

        given = np.array(ids)
        with torch.no_grad():
            rows = self.root.llm.model.embed_tokens.weight[torch.from_numpy(np.maximum(words_of(self.config).rows[given], 0))]
            for kind, tokens in self.perceived.items():
                count = int((given == kind).sum())
                rows[torch.from_numpy(given == kind)] = tokens[:count]
                self.perceived[kind] = tokens[count:]
            hidden = self.root.llm.model(inputs_embeds=rows[None], past_key_values=self.cache, use_cache=True).last_hidden_state[0, -1]
            return (hidden @ self.root.llm.lm_head.weight.T).numpy()


@dataclass
class _Talk:
    """Remember the turns that were taken, and whether one goes on."""

    feed: Feeds
    config: Config
    form: Form
    turns: list[tuple[dict[int, tuple[str, ...]], bool]] = field(default_factory=list)
    in_turn: bool = False


def talk(feed: Feeds, config: Config, form: Form, session: Session) -> list[Said]:
    """Play a session; return the turns that the model takes."""
    of = _Talk(feed, config, form)
    feed(prompt(session, config))
    for k, told in enumerate(session.told):
        _answer(of, k, feed(given(told, config, form)))
    return [Said(words, last) for words, last in of.turns]


def _answer(of: _Talk, k: int, scores: np.ndarray) -> None:
    """Choose what is said in a window, token by token, and feed it."""
    ls, explicit = of.form.control == "LS", of.form.explicit
    ends = [TURN_EOS] if of.in_turn else []
    choice = _best(scores, only=[LISTEN, SPEAK, *ends]) if ls else _best(scores, without=[CHUNK_EOS, NEXT, SPEAK, *({TURN_EOS} - {*ends})])
    if choice in (LISTEN, TURN_EOS):
        of.feed([*ends, LISTEN, *([UNIT_END] if explicit else [])])
        of.in_turn = False
        return
    if not of.in_turn:
        of.turns.append(({k: ()}, False))
        of.in_turn = True
    of.turns[-1][0].setdefault(k, ())
    if ls:
        choice = _best(of.feed([SPEAK]), without=[LISTEN, SPEAK])
    for _ in range(MOST):
        if choice in (CHUNK_EOS, NEXT):
            break
        _take(of, k, choice)
        choice = _best(of.feed([choice]), without=[LISTEN, SPEAK])
    if explicit:
        of.feed([CHUNK_EOS, UNIT_END])


def _take(of: _Talk, k: int, token: int) -> None:
    """Put down a token of a turn: a word, its end, or that another one begins in its place."""
    words = of.turns[-1][0]
    if token == TURN_EOS:
        of.turns[-1], of.in_turn = (words, True), False
    elif token == TTS_BOS:
        of.turns.append(({k: ()}, False))
        of.in_turn = True
    else:
        text = () if token == PAD else (words_of(of.config).decode([token]),)
        words[k] = (*words.get(k, ()), *text)
        of.in_turn = True


def _best(scores: np.ndarray, *, only: list[int] | None = None, without: Sequence[int] = ()) -> int:
    """Return the id that scores best, of some marks, or of all that can be chosen but some."""
    wanted = np.full(len(scores), only is None)
    wanted[[*NEVER, *map(row, without)]] = False
    wanted[[row(mark) for mark in only or ()]] = True
    best = int(np.where(wanted, scores, -np.inf).argmax())
    return MARKS[best] if best < len(MARKS) else best - len(MARKS)
