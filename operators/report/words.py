"""Find every word that the assistant said in a trace: when it was decided on, when it was heard."""

from __future__ import annotations

from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from operators.sounding import by_answer, sounds, words_of_answer
from operators.turns import SPOKEN, fences


class Spoken(NamedTuple):
    """Hold one word: its decision's place on the edge `decide`, when that was made, and from when to when it sounds, in ns."""

    text: str
    response: int
    decision: int
    decided: int
    heard: int
    until: int
    cut: bool  # less than half of it sounded


def spoken_words(trace: Trace) -> list[Spoken]:
    """Return the words of all answers in the order in which they sound; none of a graph in which nobody speaks."""
    if not trace.edges.keys() >= SPOKEN:
        return []
    decisions, silent = _decisions(trace), fences(trace)
    found = []
    for response, waves in by_answer(sounds(trace)).items():
        until = silent.get(response, waves[-1].end)
        for text, begin, start, end in words_of_answer([each.event for each in waves]):
            if text:
                place, decided = _decided(decisions.get(response, []), begin, start)
                found.append(Spoken(text, response, place, decided, start, min(end, max(until, start)), 2 * until < start + end))
    return sorted(found, key=lambda word: word.heard)


def _decisions(trace: Trace) -> dict[int, list[tuple[int, int, Event[Any]]]]:
    """Return for each answer where its words were decided on: (first character, place on the edge, event)."""
    found: dict[int, list[tuple[int, int, Event[Any]]]] = {}
    for place, event in enumerate(trace["decide"]):
        if event.data.choice == "speak" and (event.data.text or event.data.part == 0):
            found.setdefault(event.data.response, []).append((event.data.begin, place, event))
    return found


def _decided(of: list[tuple[int, int, Event[Any]]], character: int, heard: int) -> tuple[int, int]:
    """Return the place and the time of the decision that holds a character; an unknown one was made when it was heard."""
    held = [(place, event.time) for begin, place, event in of if begin <= character]
    return held[-1] if held else (-1, heard)
