"""Read off a trace who said what when: the assistant's turns as they were heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.trace import NOT_KEPT
from operators.words import duration

SPOKEN = {"decide", "play", "heard"}  # the edges that turns are read off

Turns = list[dict[str, Any]]  # as they are told: start_s, end_s, text, cause


@dataclass(frozen=True)
class Turn:
    """Hold one answer as heard: times in ns of the session, the words that began to sound, why it was said."""

    start: int
    end: int
    text: str
    cause: str
    response: int
    stopped: bool  # it was cut short


def turns(trace: Trace) -> list[Turn]:
    """Return the assistant's turns in order. A turn ends with the last sample that was heard.

    Raises ValueError if the trace did not keep what the turns are read off.
    """
    for edge in ("decide", "play", "heard"):
        if any(event.data is NOT_KEPT or event.data is None for event in trace[edge]):
            raise ValueError(f"turns: the trace of {trace.session!r} did not keep {edge!r}; run with keep=None, or name decide, play and heard")
    decisions = {event.data.response: event.data for event in trace["decide"] if event.data.choice == "speak" and event.data.part == 0}
    stops = {event.data.response for event in trace["decide"] if event.data.choice == "stop"}
    return [_turn(response, sounds, trace, decisions, response in stops) for response, sounds in _sounds(trace).items()]


def told(trace: Trace) -> Turns:
    """Return the turns as they are printed and kept, times in seconds; none of a graph in which nobody speaks."""
    found = turns(trace) if trace.edges.keys() >= SPOKEN else []
    return [{"start_s": turn.start / SECOND, "end_s": turn.end / SECOND, "text": turn.text, "cause": turn.cause} for turn in found]


def heard_samples(trace: Trace) -> dict[int, int]:
    """Return how many samples of each answer were heard, as last acknowledged."""
    return {event.data.response: event.data.played_samples for event in trace["heard"]}


def fences(trace: Trace) -> dict[int, int]:
    """Return when each answer that was cut short fell silent."""
    stops = {event.data.response for event in trace["decide"] if event.data.choice == "stop"}
    return {event.data.response: event.time for event in trace["heard"] if event.data.final and event.data.response in stops}


def _sounds(trace: Trace) -> dict[int, list[Event[Any]]]:
    found: dict[int, list[Event[Any]]] = {}
    for event in trace["play"]:
        if hasattr(event.data, "samples"):
            found.setdefault(event.data.response, []).append(event)
    return found


def _turn(response: int, sounds: list[Event[Any]], trace: Trace, decisions: dict[int, Any], stopped: bool) -> Turn:
    last = sounds[-1]
    end = last.time + duration(len(last.data.samples))
    end = min(end, fences(trace).get(response, end))
    cause = decisions[response].cause if response in decisions else ""
    text = " ".join(event.data.text for event in sounds if event.data.text)
    return Turn(sounds[0].time, end, text, cause, response, stopped)
