"""Listen or speak: each window is taken in, answered, and closed by the same state machine as with the published model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from operators.minicpm_o import duplexing
from operators.minicpm_o.duplexing import Deciding, Session
from operators.minicpm_o.pipeline import Kept
from operators.nano.loading import Nano
from operators.omni_flow.context.sliding import Mode, Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.tokens.prompt import system_prompt
from operators.omni_flow.tokens.vocabulary import TTS_BOS
from operators.words import Decision

CHOOSING = Choosing(mode="greedy", repetition=1.0, length_penalty=1.0)
CHARACTERS = 64  # of a window: more than it ever says in one
ROWS = 460, 330  # of the cache: above the one the oldest windows go, down to the other. 20 windows take some 400
WINDOWS = 20  # that are remembered in mode "context"


@dataclass(frozen=True)
class Mind:
    """Hold what is remembered: a session, whose cache is apart; which answer is given, how far; the epoch."""

    session: Session | None = None
    cache: Kept = field(default_factory=Kept, compare=False)
    response: int = 0
    part: int = 0
    line: str = ""  # what was said of the answer so far
    epoch: int = 0


def policy(mode: Mode, marker: tuple[int, ...]) -> Policy:
    """Say how much is remembered: about as much as it was trained with."""
    high, low = ROWS
    return Policy(mode, high=high, low=low, max_units=WINDOWS, max_previous=40, limit=2 * high, marker=marker)


def decide(mind: Mind, event: Event[Window], *, model: Callable[[], Nano], prompt: str, force_listen: int, mode: Mode) -> tuple[Mind, list[Decision]]:
    """Answer a window. One decision, but where another answer takes the place of one that is being said: that is stopped first."""
    window = event.data
    nano: Any = model()  # for the session it is what weights are
    words = nano.vocabulary
    deciding = Deciding(words.decode, Generating(characters=CHARACTERS, force_listen=force_listen, listen_in_turn="stop"), CHOOSING)
    session = _session(mind, nano, prompt, mode)
    was_in_turn = session.talk.in_turn
    session = duplexing.fed(nano, session, _pictures(window), _sound(window, nano))
    session, outcome, _ = duplexing.answer(nano, session, deciding)
    session, _, _ = duplexing.close(nano, session, words.decode)
    kept = replace(mind, session=replace(session, cache=session.cache.forgotten()), cache=Kept(session.cache))
    return _told(kept, outcome, window, was_in_turn)


def _session(mind: Mind, nano: Any, prompt: str, mode: Mode) -> Session:
    """Go on where it was; after a crash, compute the cache anew."""
    given = system_prompt(nano.vocabulary, prompt)
    if mind.session is None:
        return duplexing.prepare(nano, given.prefix, given.suffix, policy=policy(mode, given.prefix[:1]))
    if mind.cache.value is None:
        return duplexing.recalled(nano, mind.session, given.prefix)
    return replace(mind.session, cache=mind.cache.value)


def _pictures(window: Window) -> list[np.ndarray]:
    """Return the tokens of the newest picture that could be decoded, as one look [1, 4, D]."""
    return [event.data.tokens[None] for event in window.of("look") if not event.data.broken][-1:]


def _sound(window: Window, nano: Any) -> np.ndarray:
    tokens = [event.data.token for event in window.of("listen")]
    return np.array(tokens, np.float32).reshape(len(tokens), nano.config.width)


def _told(mind: Mind, outcome: Outcome, window: Window, was_in_turn: bool) -> tuple[Mind, list[Decision]]:
    """Say what a window came to."""
    p_listen = round(1000 * outcome.p_listen) if outcome.p_listen is not None else 0
    because = cause(window, was_in_turn, outcome.choice == "speak")
    if outcome.choice == "listen":
        if outcome.ends is None:
            return mind, [Decision(window.k, "listen", because, epoch=mind.epoch, p_listen=p_listen, forced=outcome.reason if outcome.forced else "")]
        return replace(mind, epoch=mind.epoch + 1, line=""), [_stop(mind, window.k, because, p_listen)]
    replaced = was_in_turn and outcome.content[:1] == (TTS_BOS,)
    stops = [_stop(mind, window.k, because, p_listen)] if replaced else []
    if replaced or not was_in_turn:
        mind = replace(mind, response=mind.response + 1, part=0, line="", epoch=mind.epoch + replaced)
    text = " " * bool(mind.line and outcome.text) + outcome.text
    ends = "drain" if outcome.turn_ended else ""
    line, begin = mind.line + text, len(mind.line)
    said = Decision(window.k, "speak", because, mind.response, mind.part, outcome.turn_ended, text, line, begin, mind.epoch, p_listen, ends=ends)
    return replace(mind, part=mind.part + 1, line=line), [*stops, said]


def _stop(mind: Mind, k: int, because: str, p_listen: int) -> Decision:
    return Decision(k, "stop", because, mind.response, epoch=mind.epoch, p_listen=p_listen, ends="flush")


def cause(window: Window, was_in_turn: bool, speaks: bool = True) -> str:
    """Say what came before: the last phrase that ended in a window, or what was first seen in it, or that an answer goes on."""
    for event in reversed(window.of("listen")):
        if event.data.phrase:
            return f"heard {event.data.phrase!r}, by {event.time / SECOND:.1f} s"
    looks = window.of("look")
    for event in reversed(looks):
        if event.data.cut:
            return f"sees {event.data.shows}, since {event.time / SECOND:.1f} s"
    if was_in_turn:
        return "the answer goes on"
    return f"still sees {looks[-1].data.shows}" if speaks and looks else "nothing new"
