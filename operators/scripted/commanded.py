"""A scripted model that is told what to do between two windows: it falls silent at once, and listens when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from omniflow_graph.graph.nodes import Cost
from operators.controls import Command
from operators.omni_flow.playback.ledger import fenced
from operators.scripted.decide import CERTAIN
from operators.scripted.mind import Listening, Mind
from operators.scripted.perceive import typed
from operators.scripted.script import Script
from operators.words import Decision

NO_WINDOW = -1  # what was ordered belongs to none


@dataclass(frozen=True)
class Obeying:
    """Remember what decides, whether the next window is to be listened to, and whether all of them are until it goes on."""

    mind: Mind = field(default_factory=Mind)
    listen: bool = False
    paused: bool = False


def obey(state: Obeying, event: Event[Window | Command], *, decide: Callable[..., Any], script: Script) -> tuple[Obeying, list[Decision]]:
    """Answer a window as `decide` does, unless it is to be listened to; do what a command says."""
    data = event.data
    if isinstance(data, Command):
        return _told(state, data, event.time, script)
    forced = "paused" if state.paused else "told to listen" if state.listen else ""
    mind, found = decide(state.mind, event, forced=forced)
    return replace(state, mind=mind, listen=False), found


def _told(state: Obeying, told: Command, time: int, script: Script) -> tuple[Obeying, list[Decision]]:
    if told.do == "interrupt":
        mind, found = silenced(state.mind, time)
        return replace(state, mind=mind), found
    if told.do == "text":
        return replace(state, mind=typed(state.mind, script, time)), []
    if told.do == "force_listen":
        return replace(state, listen=True), []
    return replace(state, paused=told.do == "pause"), []


def silenced(mind: Mind, time: int) -> tuple[Mind, list[Decision]]:
    """Flush the answer that is being said or still sounds, if there is one; what was not said of it never is."""
    if not mind.audible:
        return mind, []
    stop = Decision(NO_WINDOW, "stop", f"interrupted at {time / SECOND:.2f} s", mind.audible, epoch=mind.ledger.epoch, p_listen=CERTAIN, ends="flush")
    return replace(mind, turn=Listening(), ledger=fenced(mind.ledger, time)), [stop]


def cost(event: Event[Any], *, each: Cost) -> int:
    """Return what the model needs for a window; an order needs no model, and costs nothing."""
    assert isinstance(each, int)
    return 0 if isinstance(event.data, Command) else each
