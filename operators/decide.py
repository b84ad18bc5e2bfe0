"""Listen or speak: one decision per window, each with its reason, as a pure function of what the window holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from operators.script import Rule, Script
from operators.words import Decision

BARGE_IN_NS = 600_000_000  # so much speech over the assistant's stops it; less is a back-channel ("mhm")


@dataclass(frozen=True)
class Listening:
    """Nothing is being said. `unheard` is the answer that still sounds, 0 if all is quiet."""

    unheard: int = 0


@dataclass(frozen=True)
class Speaking:
    """A line is being said, part by part."""

    response: int
    line: str
    part: int  # the last one given
    parts: int


@dataclass(frozen=True)
class Due:
    """A line waits for its turn."""

    text: str
    cause: str


@dataclass(frozen=True)
class Mind:
    """Remember what decides: whose turn it is, what is due, what was heard so far."""

    turn: Listening | Speaking = Listening()
    due: tuple[Due, ...] = ()
    responses: int = 0
    speeches: int = 0  # utterances that ended and were no back-channel
    talking: bool = False
    utterance: int = 0  # the current one, or the last
    spoken_ns: int = 0  # of it
    over: int = 0  # the utterance that began while the assistant was to be heard; 0 if none did
    talked_over: tuple[int, int] | None = None  # the one that was long enough to stop it, and how long it was by then


def decide(mind: Mind, event: Event[Window], *, script: Script, parts_of: Callable[[str], int]) -> tuple[Mind, list[Decision]]:
    """Answer a window with one decision. `parts_of` tells how many windows' worth of sound a line is.

    A line is due when its rule's trigger comes; it is said when nobody talks and nothing sounds. The assistant stops
    when 600 ms have been said over it.
    """
    window = event.data
    mind = perceive(mind, window, script)
    turn = mind.turn
    audible = turn.response if isinstance(turn, Speaking) else turn.unheard
    if audible and mind.talked_over:
        utterance, spoken_ns = mind.talked_over
        cause = f"talked over by utterance {utterance} for {spoken_ns / SECOND:.2f} s"
        return replace(mind, turn=Listening(), talked_over=None), [Decision(window.k, "stop", cause, response=audible)]
    if isinstance(turn, Speaking):
        return _go_on(mind, turn, window.k)
    if not mind.due:
        return mind, [Decision(window.k, "listen", "nothing to say")]
    if mind.talking or turn.unheard:
        who = "the user is talking" if mind.talking else "the last answer still sounds"
        return mind, [Decision(window.k, "listen", f"waits: {who}")]
    return _begin(mind, window, parts_of)


def perceive(mind: Mind, window: Window, script: Script) -> Mind:
    """Take in a window, event by event, and note which lines became due."""
    for rule in script:
        if rule.trigger == "at" and window.start <= rule.n < window.end:
            mind = _now_due(mind, rule, f"it is {rule.n / SECOND:g} s")
    for event in window.events:
        if event.stream == "listen":
            mind = _heard(mind, event, script)
        elif event.stream == "look":
            mind = _saw(mind, event, script)
        elif event.data.final and isinstance(mind.turn, Listening) and event.data.response == mind.turn.unheard:
            mind = replace(mind, turn=Listening())
    return mind


def _heard(mind: Mind, event: Event[Any], script: Script) -> Mind:
    hearing = event.data
    if hearing.talking and not mind.talking:
        audible = isinstance(mind.turn, Speaking) or bool(mind.turn.unheard)
        mind = replace(mind, over=hearing.utterance if audible else 0)
    if (mind.talking, mind.utterance, mind.spoken_ns) != (hearing.talking, hearing.utterance, hearing.spoken_ns):
        mind = replace(mind, talking=hearing.talking, utterance=hearing.utterance, spoken_ns=hearing.spoken_ns)
    if mind.over == hearing.utterance and mind.over and hearing.spoken_ns >= BARGE_IN_NS:  # another may begin in this window
        mind = replace(mind, talked_over=(hearing.utterance, hearing.spoken_ns))
    if not hearing.ended or (mind.over == hearing.utterance and hearing.spoken_ns < BARGE_IN_NS):
        return mind
    mind = replace(mind, speeches=mind.speeches + 1)
    return _triggered(mind, script, "speech_ends", mind.speeches, f"user speech {mind.speeches} ended at {event.time / SECOND:.2f} s")


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


def _begin(mind: Mind, window: Window, parts_of: Callable[[str], int]) -> tuple[Mind, list[Decision]]:
    due, response = mind.due[0], mind.responses + 1
    parts = parts_of(due.text)
    turn = Speaking(response, due.text, 0, parts) if parts > 1 else Listening(unheard=response)
    mind = replace(mind, turn=turn, due=mind.due[1:], responses=response, over=0, talked_over=None)
    return mind, [Decision(window.k, "speak", due.cause, response, 0, parts, words_of(due.text, 0, parts), due.text)]


def _go_on(mind: Mind, turn: Speaking, k: int) -> tuple[Mind, list[Decision]]:
    part = turn.part + 1
    last = part + 1 == turn.parts
    mind = replace(mind, turn=Listening(unheard=turn.response) if last else replace(turn, part=part))
    words = words_of(turn.line, part, turn.parts)
    return mind, [Decision(k, "speak", "the line goes on", turn.response, part, turn.parts, words, turn.line)]


def words_of(line: str, part: int, parts: int) -> str:
    """Return the words of one part of a line: all parts joined are the line.

    >>> [words_of("one two three", part, 2) for part in range(2)]
    ['one', 'two three']
    """
    words: Sequence[str] = line.split()
    return " ".join(words[len(words) * part // parts : len(words) * (part + 1) // parts])
