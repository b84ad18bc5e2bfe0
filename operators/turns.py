"""Read off a trace who said what when: the assistant's turns as they were heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.trace import NOT_KEPT
from operators.omni_flow.playback.marks import Mark, heard_text
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
    heard: str | None = None  # of one that was, the words of which at least half sounded


def turns(trace: Trace) -> list[Turn]:
    """Return the assistant's turns in order. A turn ends with the last sample that was heard.

    Raises ValueError if the trace did not keep what the turns are read off, or holds something else there.
    """
    for edge in ("decide", "play", "heard"):
        if any(event.data is NOT_KEPT or event.data is None for event in trace[edge]):
            raise ValueError(f"turns: the trace of {trace.session!r} did not keep {edge!r}; run with keep=None, or name decide, play and heard")
    try:
        return _turns(trace)
    except (AttributeError, TypeError) as error:  # a stored trace may hold whatever somebody wrote into it
        words = f"the trace of {trace.session!r} holds on decide, play or heard what no assistant leaves there ({error})"
        raise ValueError(f"turns: {words}; `omniflow replay REC --out DIR` writes another one") from error


def _turns(trace: Trace) -> list[Turn]:
    decisions = {event.data.response: event.data for event in trace["decide"] if event.data.choice == "speak" and event.data.part == 0}
    silent, heard = fences(trace), heard_samples(trace)
    return [
        _turn(response, sounds, decisions.get(response), silent.get(response), heard.get(response, 0)) for response, sounds in _sounds(trace).items()
    ]


def told(trace: Trace) -> Turns:
    """Return the turns as they are printed and kept, times in seconds; none of a graph in which nobody speaks.

    One that was cut short is marked: `stopped`, and `heard`, the words of which at least half sounded. Where answers have no sound,
    they are told as they were decided, and marked `written`.
    """
    return [_told(turn) for turn in turns(trace)] if trace.edges.keys() >= SPOKEN else [_told(turn) | {"written": True} for turn in written(trace)]


def decides(trace: Trace) -> bool:
    """Tell whether a trace has decisions that say something, and kept them."""
    return "decide" in trace.edges and all(hasattr(event.data, "choice") and hasattr(event.data, "response") for event in trace["decide"])


def written(trace: Trace) -> list[Turn]:
    """Return the answers that were decided, in order, of a graph that gives them no sound: from the first words to the last."""
    found: dict[int, list[Event[Any]]] = {}
    stops = {event.data.response for event in trace["decide"] if event.data.choice == "stop"} if decides(trace) else set()
    for event in trace["decide"] if decides(trace) else ():
        if event.data.choice == "speak" and event.data.text:
            found.setdefault(event.data.response, []).append(event)
    return [_written(response, events, response in stops) for response, events in found.items()]


def _written(response: int, events: list[Event[Any]], stopped: bool) -> Turn:
    text = "".join(event.data.text for event in events)
    return Turn(events[0].time, events[-1].time, text, events[0].data.cause, response, stopped, text if stopped else None)


def _told(turn: Turn) -> dict[str, Any]:
    marks = {"stopped": True, "heard": turn.heard} if turn.stopped else {}
    return {"start_s": turn.start / SECOND, "end_s": turn.end / SECOND, "text": turn.text, "cause": turn.cause, **marks}


def said(turn: dict[str, Any]) -> str:
    """Return the words of a turn for people, marked if they were cut short."""
    return f"{turn['text']} [cut short]" if turn.get("stopped") else turn["text"]


def unvoiced(trace: Trace) -> list[tuple[int, int]]:
    """Name the parts that were to be said and have no sound, as (answer, part): the stage that voices them gave none."""
    if not {"speech", "wave"} <= trace.edges.keys():
        return []
    voiced = {seq for event in trace["wave"] for of, first, last in event.made_of if of == "speech" for seq in range(first, last + 1)}
    tried = {seq for step in trace.stages.get("wave", ()) for seq in {*step.taken} - {*step.dropped}}
    return [(e.data.response, e.data.part) for e in trace["speech"] if e.seq in tried - voiced]


def heard_samples(trace: Trace) -> dict[int, int]:
    """Return how many samples of each answer were heard, as last acknowledged."""
    return {event.data.response: event.data.played_samples for event in trace["heard"]}


def fences(trace: Trace) -> dict[int, int]:
    """Return when each answer that was cut short fell silent: by a decision to stop, or any other that flushes."""
    stops = {event.data.response for event in trace["decide"] if event.data.choice == "stop" or getattr(event.data, "ends", "") == "flush"}
    return {event.data.response: event.time for event in trace["heard"] if event.data.final and event.data.response in stops}


def _sounds(trace: Trace) -> dict[int, list[Event[Any]]]:
    found: dict[int, list[Event[Any]]] = {}
    for event in trace["play"]:
        if hasattr(event.data, "samples"):
            found.setdefault(event.data.response, []).append(event)
    return found


def _turn(response: int, sounds: list[Event[Any]], first: Any, silent: int | None, heard: int) -> Turn:
    """Sum up an answer. It was cut short if it fell silent, because it was stopped, before all that was to be said had sounded."""
    end = sounds[-1].time + duration(len(sounds[-1].data.samples))
    whole = sum(len(event.data.samples) for event in sounds)
    stopped = silent is not None and (heard < whole or not sounds[-1].data.last)
    text = "".join(event.data.text for event in sounds)
    marks = [Mark(*mark) for event in sounds for mark in event.data.marks]
    done = heard_text(text, marks, heard) if stopped else None
    end = end if silent is None else min(end, silent)
    return Turn(sounds[0].time, end, text, first.cause if first else "", response, stopped, done)
