"""Tell whether a run held real time: deadlines missed, lead of the sound, staleness of words, how soon the user was answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from omniflow_graph.trace.deadlines import window_ends, window_length
from omniflow_graph.trace.trace import NOT_KEPT
from operators.turns import fences
from operators.words import Sound, duration
from simulations.room.speech import Utterance

ASKING = ("say", "repeat")  # kinds of what is said that want an answer
NEEDED = ("decide", "play", "heard", "wave", "user")  # edges whose payloads must have been kept


class Timing(NamedTuple):
    """Hold what a run took, in nanoseconds of the session.

    A window is `missed` if some of what it was answered with, a decision or its sound, came only after the window that
    follows had ended. `leads`: of each part of an answer but the first, how much of what came before it was still to
    sound when it came; what is below 0 was a silence in mid-answer. `stale`: of each word, when it was heard, how old the
    newest was that the decision for it had seen. `replies`: of each thing said to be answered, from its end to the next
    answer's first sound; those that the user went on talking without are counted as `unanswered`.
    """

    windows: int
    missed: int
    leads: tuple[int, ...]
    stale: tuple[int, ...]
    replies: tuple[int, ...]
    unanswered: int


def timing(trace: Trace) -> Timing:
    """Read the timing off a trace of the duplex pipeline in closed loop. Raises ValueError if it did not keep what that needs."""
    if lost := [edge for edge in NEEDED if any(event.data is NOT_KEPT for event in trace[edge])]:
        raise ValueError(f"timing: the trace of {trace.session!r} did not keep {', '.join(lost)}; run with keep=None, or name {', '.join(NEEDED)}")
    ends = window_ends(trace)
    sounds = [event for event in trace["play"] if isinstance(event.data, Sound)]
    replies = list(_replies([event.data for event in trace["user"] if isinstance(event.data, Utterance) and event.data.kind != "mhm"], sounds))
    windows = [name for name, node in trace.graph.nodes.items() if node.kind == "align"]
    return Timing(
        sum(len(trace[name]) for name in windows),
        _missed(trace, ends),
        tuple(_leads(trace["wave"], sounds)),
        tuple(_staleness(sounds, {event.data[:2]: ends["wave"].get(event.seq) for event in trace["wave"]}, fences(trace))),
        tuple(reply for reply in replies if reply is not None),
        replies.count(None),
    )


def _missed(trace: Trace, ends: dict[str, dict[int, int]]) -> int:
    """Count the windows of which some answer came too late, or which a stage dropped for want of time."""
    missed = set()
    for stage, steps in trace.stages.items():
        node = trace.graph.nodes[stage]
        missed |= {ends[stage][e.seq] for e in trace[stage] if e.seq in ends[stage] and e.time > ends[stage][e.seq] + window_length(trace)}
        if not node.fence:  # what a fence lets go of is not wanted any more
            taken = ends.get(node.forward[0], {})
            missed |= {taken[seq] for step in steps for seq in step.dropped if seq in taken}
    return len(missed)


def _leads(waves: Sequence[Event[Any]], sounds: Sequence[Event[Sound]]) -> Iterator[int]:
    sounding = {(event.data.response, event.data.part): event.time + duration(len(event.data.samples)) for event in sounds}
    for event in waves:
        before = sounding.get((event.data.response, event.data.part - 1))
        if before is not None:
            yield before - event.time


def _staleness(sounds: Sequence[Event[Sound]], seen: dict[tuple[int, int], int | None], silent: dict[int, int]) -> Iterator[int]:
    samples, answer = 0, 0
    for event in sounds:
        of = event.data
        samples, answer = samples if of.response == answer else 0, of.response
        end = seen.get((of.response, of.part))
        for sample, _ in of.marks:
            heard = event.time + duration(sample - samples)
            if end is not None and heard <= silent.get(of.response, heard):
                yield heard - end
        samples += len(of.samples)


def _replies(said: Sequence[Utterance], sounds: Iterable[Event[Sound]]) -> Iterator[int | None]:
    """Tell how long what was to be answered waited for that; None if the user said the next thing before, or nobody answered."""
    begins = [event.time for event in sounds if event.data.part == 0]
    for each, after in zip_longest(said, said[1:]):
        if each.kind in ASKING:
            yield next((time - each.end for time in begins if time >= each.end and (after is None or time < after.begin)), None)
