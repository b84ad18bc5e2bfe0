"""Hear as it comes: a scan that makes a token of sound of every 100 ms, however they are cut into frames, and says what it took it for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from omniflow_graph import Event, Pcm16, Wake
from operators.nano.config import Config
from operators.nano.loading import Nano
from operators.nano.mel import BEHIND, HOP, log_mel
from operators.senses.ears import OFF, ON, Talk, follow, samples_of

TOKEN = 10 * HOP  # samples
TOKEN_NS = 100_000_000
SURE = 0.5  # a phrase that is likelier than this has been heard


class Heard(NamedTuple):
    """Say what is heard in 100 ms: the token that the language model is given, and what other ears tell, too."""

    permille: int  # probability that somebody speaks
    talking: bool
    utterance: int
    spoken_ns: int
    ended: bool
    word: str  # the likeliest; empty for none
    phrase: str  # the one that has just ended, if there is one
    token: np.ndarray  # float32 [D]


class Ears(NamedTuple):
    """Remember samples that wait for the rest of their 100 ms, with the 240 before them; what each layer saw; the utterance."""

    waiting: bytes
    past: tuple[np.ndarray, ...]
    talk: Talk


def quiet(config: Config) -> Ears:
    """Begin a session in silence."""
    past = [(2, config.bands), *((2 * dilation, config.ears) for dilation in config.dilations)]
    return Ears(bytes(2 * BEHIND), tuple(np.zeros((1, *shape), np.float32) for shape in past), Talk())


def hear(ears: Ears, cause: Event[Pcm16] | Wake, *, model: Callable[[], Nano]) -> tuple[Ears, list[tuple[int, Heard] | Wake]]:
    """Answer each full 100 ms with what is heard. Takes 16 kHz mono; a frame may have any length."""
    if isinstance(cause, Wake):
        return ears, []
    waiting, past, talk = ears.waiting + samples_of(cause), ears.past, ears.talk
    found: list[tuple[int, Heard] | Wake] = []
    while len(waiting) >= 2 * (BEHIND + TOKEN):
        mel = log_mel(np.frombuffer(waiting[: 2 * (BEHIND + TOKEN)], "<i2"))
        waiting = waiting[2 * TOKEN :]
        token, words, phrases, past = encode(model(), mel, past)
        talk, heard = _told(model().config, token, words, phrases, talk)
        found.append((cause.time, heard))
    return Ears(waiting, past, talk), found


def encode(nano: Nano, mel: np.ndarray, past: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Encode 10 frames [10, 64] behind what layers saw: a token [D], probabilities of words and of phrases, and what layers saw then."""
    token, words, phrases, *after = nano.hears.run(None, {"mel": mel[None], **{f"before_{n}": each for n, each in enumerate(past)}})
    return token[0, 0], words[0, 0], phrases[0, 0], tuple(after)


def _told(config: Config, token: np.ndarray, words: np.ndarray, phrases: np.ndarray, talk: Talk) -> tuple[Talk, Heard]:
    permille, phrase = round(1000 * (1 - float(words[0]))), int(phrases.argmax())
    talk, hearing = follow(talk, permille, permille >= (OFF if talk.talking else ON), TOKEN_NS)
    return talk, Heard(*hearing, config.heard[int(words.argmax())], config.phrases[phrase] if phrases[phrase] > SURE else "", token)
