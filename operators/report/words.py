"""Find every word that the assistant said in a trace: when it was decided on, when it was heard."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from operators.omni_flow.playback.marks import START
from operators.turns import SPOKEN, fences
from operators.words import duration


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
    """Return the words of all answers in the order in which they sound; none of a graph in which nobody speaks.

    A word is what lies between two marks of a wave. One of a wave without marks is the whole wave's text.
    """
    if not trace.edges.keys() >= SPOKEN:
        return []
    decisions, silent = _decisions(trace), fences(trace)
    found, done = [], {}  # of each answer: samples, characters
    for event in trace["play"]:
        of = event.data
        if hasattr(of, "samples"):
            samples, characters = done.get(of.response, (0, 0))
            for text, begin, start, end in _parts(event, samples, characters):
                place, decided = _decided(decisions.get(of.response, []), begin, event.time)
                until = silent.get(of.response, end)
                found.append(Spoken(text, of.response, place, decided, start, min(end, max(until, start)), 2 * until < start + end))
            done[of.response] = samples + len(of.samples), characters + len(of.text)
    return found


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


def _parts(event: Event[Any], samples: int, characters: int) -> Iterator[tuple[str, int, int, int]]:
    """Yield the words of one wave: text, first character in the answer, from and until when it sounds."""
    of = event.data
    if not of.marks:
        if of.text:
            yield of.text, characters, event.time, event.time + duration(len(of.samples))
        return
    first = (samples, characters) if (samples, characters) > START else tuple(START)
    for (start, begin), (end, upto) in pairwise([first, *map(tuple, of.marks)]):
        if upto > begin:
            text = of.text[begin - characters : upto - characters]
            yield text, begin, event.time + duration(start - samples), event.time + duration(end - samples)
