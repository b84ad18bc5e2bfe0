"""A stand-in for the model: it decides what the oracle says is right, or what a test makes of that."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial

import pytest

from omniflow_graph import Event, Graph, Jpeg, Pcm16, Window
from operators.duplex import assistant
from operators.models import Model
from operators.words import Decision
from simulations.nano.evaluation import say
from simulations.nano.sessions import Session
from simulations.nano.words import ANSWER_WORDS

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
Decisions = list[Decision]


def right_decisions(of: Session) -> Decisions:
    """Say in each window what is right."""
    found, response, part, epoch, speaking = [], 0, 0, 0, False
    begun = {turn.window for turn in of.turns}
    for k, told in enumerate(of.told):
        epoch += speaking and (told.listen or k in begun)  # what was being said is cut short
        if told.listen:
            found.append(Decision(k, "stop" if speaking else "listen", "", response, epoch=epoch, ends="flush" if speaking else ""))
            speaking = False
            continue
        response, part = (response + 1, 0) if k in begun else (response, part + 1)
        speaking = told.ends == "chunk"
        text = " ".join(ANSWER_WORDS[word] for word in told.said)
        found.append(Decision(k, "speak", "", response, part, not speaking, text, "", epoch=epoch))
    return found


def look_up(state: int, event: Event[Window], *, decisions: Decisions) -> tuple[int, list[Decision]]:
    return state, [decisions[event.data.k]]


def hear(state: int, event: Event[Pcm16]) -> tuple[int, list[tuple[int, Pcm16]]]:
    return state, [(event.time, event.data)]


def see(state: int, event: Event[Jpeg]) -> tuple[int, list[tuple[int, Jpeg]]]:
    return state, [(event.time, event.data)]


def standing_in(of: Session, change: Callable[[Decisions], Decisions] = list) -> Graph:
    """Build the pipeline with it."""
    costs = {"decide": 0, "speech": 0, "wave": 0}
    made = Model("oracle", see, 0, hear, 0, partial(look_up, decisions=change(right_decisions(of))), 0, say, costs)
    g = Graph("standing in")
    look = g.scan("look", g.source("env-visual", Jpeg), made.see, state=made.eyes)
    listen = g.scan("listen", g.source("env-audio", Pcm16), made.hear, state=made.ears)
    aligned = g.align("window", look, listen, length=of.window)
    g.feedback("playback", assistant(g, aligned, made), aligned)
    return g
