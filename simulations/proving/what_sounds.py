"""What must be true of what sounds: nothing of an old epoch, one voice, only what was heard is taken for heard, nothing lags behind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.testing.violation import Violation, place
from operators.omni_flow.playback.sounding import FRAME_NS
from operators.scripted.mind import LOOK_AHEAD_NS
from operators.testing import sounds
from operators.turns import turns
from operators.words import WAVE_HZ


def nothing_old_sounds(trace: Trace, *, frame: int = FRAME_NS) -> list[Violation]:
    """After a flush nothing of its epoch, or an older one, sounds; a frame that was with the device may be played out."""
    spoken, found = sounds(trace), []
    for flush in (event for event in trace["decide"] if event.data.ends == "flush"):
        for sound in spoken:
            end = min(sound.end, trace.end)
            if sound.event.data.epoch <= flush.data.epoch and end > flush.time + frame and sound.end > sound.start:
                words = f"answer {sound.response} of epoch {sound.event.data.epoch} sounds until {end} ns, flushed at {flush.time} ns"
                found.append(Violation("nothing_old_sounds", end, words, place(sound.event)))
    return found


def one_voice(trace: Trace) -> list[Violation]:
    """What sounds of the assistant never overlaps, and each part of an answer sounds once, in its turn."""
    found, seen = [], set()
    for one, next in pairwise(sounds(trace)):
        if next.start < one.end:
            words = f"answer {next.response} begins to sound while answer {one.response} does, until {one.end} ns"
            found.append(Violation("one_voice", next.start, words, place(next.event)))
    for sound in sounds(trace):
        part = (sound.response, sound.event.data.part)
        if part in seen or any(response > part[0] or (response == part[0] and n > part[1]) for response, n in seen):
            words = f"part {part[1]} of answer {part[0]} sounds {'twice' if part in seen else 'after what should follow it'}"
            found.append(Violation("one_voice", sound.start, words, place(sound.event)))
        seen.add(part)
    return found


def heard_is_what_sounded(trace: Trace, *, frame: int = FRAME_NS) -> list[Violation]:
    """Nothing is acknowledged that had not sounded by then, give or take a frame; of an answer that was cut short, only heard words are kept."""
    found = [each for event in trace["heard"] for each in _acknowledged(trace, event, frame)]
    for response, time, kept in _taken_for_heard(trace):
        if kept != (wanted := _words(trace, response)):
            found.append(Violation("heard_is_what_sounded", time, f"of answer {response} {kept!r} is taken for heard, and {wanted!r} sounded"))
    return found


def _taken_for_heard(trace: Trace) -> Iterator[tuple[int, int, str]]:
    """List (answer, time, words) where somebody says what was heard: of turns that were cut short, and of what is remembered."""
    for turn in turns(trace):
        if turn.heard is not None:
            yield turn.response, turn.end, turn.heard
    for event in trace.edges.get("context", ()):
        for each in getattr(event.data, "settled", ()):
            if not each.assumed:
                yield each.response, event.time, each.heard


def _acknowledged(trace: Trace, event: Event[Any], frame: int) -> Iterator[Violation]:
    ack = event.data
    begun = [each for each in trace["play"] if hasattr(each.data, "samples") and each.data.response == ack.response and each.time <= event.time]
    most = sum(min(len(each.data.samples), (event.time + frame - each.time) * WAVE_HZ // SECOND) for each in begun)
    if ack.played_samples > most:
        words = f"{ack.played_samples} samples of answer {ack.response} are acknowledged, and {most} can have sounded"
        yield Violation("heard_is_what_sounded", event.time, words, place(event))


def _words(trace: Trace, response: int) -> str:
    """Return the words of an answer at least half of which had sounded when it was last acknowledged: told by the marks, one by one."""
    played = max((event.data.played_samples for event in trace["heard"] if event.data.response == response), default=0)
    parts = [event.data for event in trace["play"] if hasattr(event.data, "samples") and event.data.response == response]
    reached = begin = 0
    for sample, characters in (mark for part in parts for mark in part.marks):
        if played > 0 and played >= (begin + sample) / 2:
            reached = characters
        begin = sample
    return "".join(part.text for part in parts)[:reached]


def lead_is_bounded(trace: Trace, *, most: int | None = None) -> list[Violation]:
    """No wave waits longer than `most` ns in the player, by default a window and the look-ahead of words: what comes next can be changed."""
    limit, found = window_of(trace) + LOOK_AHEAD_NS if most is None else most, []
    waves = {(event.data.response, event.data.part): event for event in trace["wave"]}
    for sound in sounds(trace):
        wave = waves.get((sound.response, sound.event.data.part))
        if wave and sound.start - wave.time > limit:
            words = f"part {wave.data.part} of answer {sound.response} waited {sound.start - wave.time} ns to sound; wants at most {limit}"
            found.append(Violation("lead_is_bounded", sound.start, words, place(sound.event)))
    return found


def staleness_is_bounded(trace: Trace, *, most: int | None = None) -> list[Violation]:
    """Nothing sounds that was decided more than `most` ns ago, by default two windows and a second: the model had not seen what came since."""
    limit, found = soon(trace) if most is None else most, []
    decided = {(event.data.response, event.data.part): decided_on(trace, event) for event in trace["decide"] if event.data.text}
    for sound in sounds(trace):
        since = decided.get((sound.response, sound.event.data.part))
        if since is not None and sound.end - since > limit:
            words = f"part {sound.event.data.part} of answer {sound.response} sounds until {sound.end} ns, decided on what was known at {since} ns"
            found.append(Violation("staleness_is_bounded", sound.end, f"{words}; wants at most {limit} ns in between", place(sound.event)))
    return found


def decided_on(trace: Trace, event: Event[Any]) -> int:
    """Return the end of the window that a decision was made on."""
    return (event.data.k + 1) * window_of(trace)


def soon(trace: Trace) -> int:
    """Return how long something may take that is to be heard, decided and said: two windows and a second."""
    return 2 * window_of(trace) + SECOND


def window_of(trace: Trace) -> int:
    """Return how long the windows are that decisions are made on."""
    lengths = [node.length for node in trace.graph.nodes.values() if node.kind == "align"]
    if not lengths or not lengths[0]:
        raise ValueError(f"the graph of {trace.session!r} has no windows of a known length; give the bounds in ns")
    return lengths[0]
