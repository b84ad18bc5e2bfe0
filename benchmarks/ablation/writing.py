"""Write sessions as sequences in any form, and say where the model chooses what.

Without marks around windows nothing in the sequence ends what is said in one. There the model is asked, too, whether anything
is perceived next: a choice that ends the window and is not fed back, as the published runtime does it with `ls_mode` off.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from operators.nano.config import Config
from operators.nano.vocabulary import MARKS, Vocabulary
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.layout import output
from operators.omni_flow.tokens.prompt import system_prompt
from operators.omni_flow.tokens.vocabulary import AUDIO, AUDIO_START, IM_START, IMAGE, IMAGE_END, PLACEHOLDER, TTS_PAD, UNIT, UNIT_END
from simulations.nano.sessions import Session, Told
from simulations.nano.training.sequences import answer_of
from simulations.nano.words import PROMPTS

NEXT = AUDIO_START  # chosen, never fed: something is perceived next
PAD = IM_START  # its row stands for `<|tts_pad|>`, which nano has none for


class Written(NamedTuple):
    """Hold sequences side by side, filled up at their ends: [sessions, longest]."""

    rows: np.ndarray  # of the table of words; 0 where something perceived stands
    sound: np.ndarray  # bool: a token of sound stands there
    sight: np.ndarray  # bool: one of the tokens of a picture
    places: np.ndarray  # bool: what comes behind it is chosen
    right: np.ndarray  # rows, one for each place: what is right there


def written(sessions: Sequence[Session], config: Config, form: Form) -> Written:
    """Write sessions, and fill them up to the longest."""
    all_ = [_sequence(session, config, form) for session in sessions]
    longest = max(len(ids) for ids, _, _ in all_)
    ids = np.array([np.pad(ids, (0, longest - len(ids)), constant_values=UNIT) for ids, _, _ in all_])
    places = np.zeros(ids.shape, bool)
    for n, (_, where, _) in enumerate(all_):
        places[n, where] = True
    right = words_of(config).rows[np.concatenate([chosen for _, _, chosen in all_])]
    return Written(np.maximum(words_of(config).rows[ids], 0), ids == AUDIO, ids == PLACEHOLDER, places, np.maximum(right, 0))


def given(told: Told, config: Config, form: Form) -> list[int]:
    """Return what stands in a window before the model chooses."""
    seen = [IMAGE, *[PLACEHOLDER] * config.queries, IMAGE_END] if told.seen else []
    return [*([UNIT] if form.explicit else []), *seen, *[AUDIO] * len(told.heard)]


def prompt(session: Session, config: Config) -> list[int]:
    """Return what the model is told before a session."""
    return list(system_prompt(words_of(config), PROMPTS[session.prompt].text).tokens)


def _sequence(session: Session, config: Config, form: Form) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ids of a session, the places behind which the model chooses, and what is right there."""
    ids, places, right = prompt(session, config), [], []
    begins, in_turn = {turn.window for turn in session.turns}, False
    for k, told in enumerate(session.told):
        ids += given(told, config, form)
        said, in_turn = output(answer_of(told, words_of(config), in_turn, k in begins), form, in_turn=in_turn, k=k)
        said = [PAD if token == TTS_PAD else token for token in said]
        choices = said if form.explicit or told.listen else [*said, NEXT]
        places += range(len(ids) - 1, len(ids) - 1 + len(choices))
        right += choices
        ids += [*said, *([UNIT_END] if form.explicit else [])]
    return np.array(ids), np.array(places), np.array(right)


@lru_cache(maxsize=2)
def words_of(config: Config) -> Vocabulary:
    """Return the vocabulary of a model."""
    return Vocabulary(config.texts)


def row(mark: int) -> int:
    """Return the row of a mark.

    >>> row(MARKS[3])
    3
    """
    return MARKS.index(mark)
