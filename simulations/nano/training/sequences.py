"""Write sessions as the sequences that the language model learns: prompt, and window after window what was perceived and what is right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from operators.nano.config import Config
from operators.nano.vocabulary import Vocabulary
from operators.omni_flow.tokens.groups import Answer, Form, Listen, Speak
from operators.omni_flow.tokens.layout import output
from operators.omni_flow.tokens.prompt import system_prompt
from operators.omni_flow.tokens.vocabulary import AUDIO, IMAGE, IMAGE_END, PLACEHOLDER, TTS_BOS, UNIT, UNIT_END
from simulations.nano.sessions import Session
from simulations.nano.words import ANSWER_WORDS, COLOURS, PHRASES, PROMPT_WORDS, PROMPTS, USER_WORDS, blocks_answer

FORM = Form()


def config_of(**sizes) -> Config:
    """Return what a model of this world is made of, of given sizes."""
    texts = tuple(sorted({*ANSWER_WORDS, *PROMPT_WORDS, "system"}))
    phrases = ("", *(phrase.text for phrase in PHRASES))
    scene = (
        tuple(f"{colour} lamp" for colour in COLOURS),
        tuple(blocks_answer(blocks).removeprefix("i see ") for blocks in range(6)),
        ("kettle off", "kettle boiling"),
    )
    return Config(texts, USER_WORDS, phrases, scene, tuple(prompt.text for prompt in PROMPTS), **sizes)


class Batch(NamedTuple):
    """Hold sequences side by side, filled up at their ends: [sessions, longest]."""

    rows: np.ndarray  # of the table of words; 0 where something perceived stands
    sound: np.ndarray  # bool: a token of sound stands there
    sight: np.ndarray  # bool: one of the four tokens of a picture
    chosen: np.ndarray  # bool: the model chooses what stands there


def batch(sessions: Sequence[Session], config: Config) -> Batch:
    """Write sessions, and fill them up to the longest."""
    written = [sequence(session, config) for session in sessions]
    longest = max(len(ids) for ids, _ in written)
    ids = np.array([np.pad(ids, (0, longest - len(ids)), constant_values=UNIT) for ids, _ in written])
    chosen = np.array([np.pad(each, (0, longest - len(each))) for _, each in written])
    return Batch(np.maximum(_vocabulary(config.texts).rows[ids], 0), ids == AUDIO, ids == PLACEHOLDER, chosen)


def sequence(session: Session, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of a session, and which of them the model chooses."""
    words = _vocabulary(config.texts)
    ids = [*system_prompt(words, PROMPTS[session.prompt].text).tokens]
    chosen = [False] * len(ids)
    begins, in_turn = {turn.window for turn in session.turns}, False
    for k, told in enumerate(session.told):
        given = [UNIT, *((IMAGE, *[PLACEHOLDER] * config.queries, IMAGE_END) if told.seen else ()), *[AUDIO] * len(told.heard)]
        answer = answer_of(told, words, in_turn, k in begins)
        said, in_turn = output(answer, FORM, in_turn=in_turn, k=k)
        ids += [*given, *said, UNIT_END]
        chosen += [False] * len(given) + [True] * len(said) + [False]
    return np.array(ids), np.array(chosen)


def answer_of(told, words: Vocabulary, in_turn: bool, begins: bool) -> Answer:
    """Return what is right in a window. Where another answer begins inside a turn, `<|tts_bos|>` stands before it."""
    if told.listen:
        return Listen(cuts=in_turn)
    said = words.encode(" ".join(ANSWER_WORDS[word] for word in told.said))
    ids = (*((TTS_BOS,) if in_turn and begins else ()), *said)
    return Speak(ids, (len(ids),) if told.ends == "turn" else ())


@lru_cache(maxsize=2)
def _vocabulary(texts: tuple[str, ...]) -> Vocabulary:
    return Vocabulary(texts)
