"""The two paradigms that Omni-Flow is set against: blocked, which does not perceive while it speaks, and passive, which speaks only when asked.

Both are `scripted-fast` but for that: the same ears, eyes, lines and voice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from omniflow_graph import Event, Window
from operators.omni_flow.playback.overlap import Choice, Duration, OverlapPolicy
from operators.omni_flow.playback.reading import read_ack
from operators.scripted.mind import Mind
from operators.scripted.script import Script
from operators.words import Decision

NOT_PERCEIVED = "not perceived"  # what a choice about an utterance begins with that was missed

Decide = Callable[[Mind, Event[Window]], tuple[Mind, list[Decision]]]


@dataclass(frozen=True)
class Blocked:
    """Remember what decides, and which scene was seen last."""

    mind: Mind
    scene: int = 0


def decide_blocked(state: Blocked, event: Event[Window], *, decide: Decide, overlap: OverlapPolicy) -> tuple[Blocked, list[Decision]]:
    """Decide on a window from which all is taken that came while an answer was being said or sounded.

    Of what was said then nothing is left; each utterance that ended then is told on the edge `overlap`. What is shown is
    seen when the answer is over, if it still is there. The lines of a script stay those of the utterances that they are
    written for: one that was missed counts.
    """
    window, until = event.data, busy_until(state.mind, event.data)
    missed = [each for each in window.of("listen") if each.time < until]
    scene, seen = _seen(state.scene, [each for each in window.of("look") if each.time >= until])
    left = [each for each in window.events if each.time >= until or each.stream not in ("listen", "look")]
    response, ended = state.mind.audible, [each.data for each in missed if each.data.ended]
    asked = sum(hearing.spoken_ns >= _shortest(overlap) for hearing in ended)
    mind = replace(state.mind, speeches=state.mind.speeches + asked) if asked else state.mind
    mind, decisions = decide(mind, event._replace(data=window._replace(events=tuple(seen.get((each.stream, each.seq), each) for each in left))))
    told = tuple(_missed(hearing, response) for hearing in ended)
    return Blocked(mind, scene), [each._replace(overlap=(*each.overlap, *told)) if told else each for each in decisions]


def busy_until(mind: Mind, window: Window) -> int:
    """Return up to when a window holds what is not perceived: all of it while an answer is said or sounds, or until that is over."""
    if not mind.audible:
        return window.start
    acks = ((event.time, read_ack(event)) for event in window.events if event.stream not in ("listen", "look"))
    return next((time for time, ack in acks if ack.final and ack.response == mind.audible), window.end)


def _seen(scene: int, looks: list[Event[Any]]) -> tuple[int, dict[tuple[str, int], Event[Any]]]:
    """Let the first picture of another scene than was seen last begin that scene; return the scene, and the pictures that do."""
    found = {}
    for look in looks:
        if look.data.scene > max(scene, 1) and not look.data.cut:
            found[look.stream, look.seq] = look._replace(data=look.data._replace(cut=True))
        scene = max(scene, look.data.scene)
    return scene, found


def _shortest(overlap: OverlapPolicy) -> int:
    """Return how much speech is more than a short acknowledgement, in ns."""
    return overlap.short_ack if isinstance(overlap, Duration) else 0


def _missed(hearing: Any, response: int) -> Choice:
    reason = f"{NOT_PERCEIVED}: utterance {hearing.utterance} ended after {hearing.spoken_ns / 1e6:g} ms, while answer {response} was said"
    return Choice("continue", reason, response, hearing.utterance, hearing.spoken_ns, 0)


def when_asked(script: Script) -> Script:
    """Leave of a script what answers somebody: nothing at a new scene, nothing at a time."""
    return tuple(rule for rule in script if rule.trigger == "speech_ends")
