"""Take in a window, event by event: which lines become due, who talks over whom, what was heard of what was said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from operators.omni_flow.playback.ledger import Heard, acknowledged, heard
from operators.omni_flow.playback.overlap import OverlapPolicy, step
from operators.omni_flow.playback.reading import read_ack
from operators.scripted.mind import Due, Listening, Mind, Speaking
from operators.scripted.script import Rule, Script
from operators.words import duration


def perceive(mind: Mind, window: Window, script: Script, policy: OverlapPolicy) -> Mind:
    """Take in a window. Raises RecordingError for a `playback` that does not say what was heard."""
    for rule in script:
        if rule.trigger == "at" and window.start <= rule.n < window.end:
            mind = _now_due(mind, rule, f"it is {rule.n / SECOND:g} s")
    for event in window.events:
        if event.stream == "listen":
            mind = _heard(mind, event, script, policy)
        elif event.stream == "look":
            mind = _saw(mind, event, script)
        else:
            mind = _was_heard(mind, event, window.end - window.start)
    return _assumed(mind, window.end, window.end - window.start)


def _was_heard(mind: Mind, event: Event[Any], length: int) -> Mind:
    """Take in what a player acknowledged; what is wrong with that is noticed."""
    ack = read_ack(event)
    ledger, notices = acknowledged(mind.ledger, ack, now=event.time)
    mind = replace(mind, ledger=ledger, notices=(*mind.notices, *notices))
    if ack.response != mind.audible or any(notice.done == "ignored" for notice in notices):
        return mind
    return _known(mind, heard(ledger, event.time, length, ack.response), event.time)


def _assumed(mind: Mind, now: int, length: int) -> Mind:
    """Take the schedule for what was heard where nobody has said so for two windows, until somebody does."""
    known = heard(mind.ledger, now, length, mind.audible)
    return _known(mind, known, now) if known.assumed or known.final else mind


def _known(mind: Mind, known: Heard, now: int) -> Mind:
    """Let the answer that is said go on from what was heard of it; one that only sounds is over when that was all."""
    if isinstance(mind.turn, Speaking):
        return replace(mind, turn=replace(mind.turn, progress=replace(mind.turn.progress, heard=duration(known.samples), reported=now)))
    return replace(mind, turn=Listening()) if known.final else mind


def _heard(mind: Mind, event: Event[Any], script: Script, policy: OverlapPolicy) -> Mind:
    """Take in what is heard of the user: over an answer it may stop that, else it may be answered when it ends."""
    hearing = event.data
    overlapping, choices = step(mind.overlapping, policy, hearing, mind.over(event.time))
    if overlapping is not mind.overlapping or choices or mind.talking != hearing.talking:
        mind = replace(mind, overlapping=overlapping, choices=(*mind.choices, *choices), talking=hearing.talking)
    if not hearing.ended or any(each.choice == "acknowledge" and each.utterance == hearing.utterance for each in choices):
        return mind
    mind = replace(mind, speeches=mind.speeches + 1)
    return _triggered(mind, script, "speech_ends", mind.speeches, f"user speech {mind.speeches} ended at {event.time / SECOND:.2f} s")


def typed(mind: Mind, script: Script, time: int) -> Mind:
    """Take in a text that the user wrote: it is answered as if it had been said."""
    mind = replace(mind, speeches=mind.speeches + 1)
    return _triggered(mind, script, "speech_ends", mind.speeches, f"user message {mind.speeches} came at {time / SECOND:.2f} s")


def _saw(mind: Mind, event: Event[Any], script: Script) -> Mind:
    glance = event.data
    return _triggered(mind, script, "scene", glance.scene, f"scene {glance.scene} began at {event.time / SECOND:.2f} s") if glance.cut else mind


def _triggered(mind: Mind, script: Script, trigger: str, n: int, cause: str) -> Mind:
    for rule in script:
        if rule.trigger == trigger and rule.n == n:
            mind = _now_due(mind, rule, cause)
    return mind


def _now_due(mind: Mind, rule: Rule, cause: str) -> Mind:
    return replace(mind, due=(*mind.due, Due(rule.text, cause)))
