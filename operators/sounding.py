"""Read off a trace what sounded when: the waves of each answer, cut where it fell silent, and their words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.turns import fences
from operators.words import WAVE_HZ, duration


class Sounding(NamedTuple):
    """Say that a wave of an answer sounded in [start, end)."""

    start: int
    end: int
    response: int
    event: Event[Any]  # on the edge `play`


class Timed(NamedTuple):
    """Say when a word of an answer sounds, if that is not cut short. `text` is empty where a wave does not tell its words."""

    text: str
    character: int  # of the answer, at which it begins
    start: int
    end: int


def sounds(trace: Trace) -> list[Sounding]:
    """List the waves that began to sound, each to its end, or to when its answer fell silent."""
    silent = fences(trace)
    found = []
    for event in trace["play"]:
        if hasattr(event.data, "samples"):
            end = event.time + duration(len(event.data.samples))
            found.append(Sounding(event.time, max(event.time, min(end, silent.get(event.data.response, end))), event.data.response, event))
    return found


def by_answer(of: Sequence[Sounding]) -> dict[int, list[Sounding]]:
    """Sort what sounded by answer."""
    found: dict[int, list[Sounding]] = {}
    for each in of:
        found.setdefault(each.response, []).append(each)
    return found


def words_of_answer(waves: Sequence[Event[Any]]) -> Iterator[Timed]:
    """Yield the words of one answer, given its waves in order: each lies between two marks, also where these are in two waves.

    A wave with text and no marks has its words laid out evenly.
    """
    text, pieces, marks, before = "".join(event.data.text for event in waves), [], [], Mark(0, 0)
    for event in waves:
        of = event.data
        pieces.append(_Piece(before.sample, event.time, len(of.samples)))
        after = Mark(before.sample + len(of.samples), before.characters + len(of.text))
        marks += [Mark(*mark) for mark in of.marks] or list(even_marks(of.text, len(of.samples), before)) or [Mark(after.sample, -1)]
        before = after
    last = Mark(0, 0)
    for mark in marks:
        word = text[last.characters : max(mark.characters, last.characters)]
        if word.strip() or mark.characters < 0:
            yield Timed(word, last.characters, _begins(pieces, last.sample), _ends(pieces, mark.sample))
        last = Mark(mark.sample, max(mark.characters, last.characters))


class _Piece(NamedTuple):
    """Say where samples of an answer, counted from its beginning, lie in the session."""

    first: int
    time: int
    count: int


def _begins(pieces: list[_Piece], sample: int) -> int:
    """Return when a sample begins to sound: between two waves that is in the later one."""
    return _at(pieces[max(bisect_right([piece.first for piece in pieces], sample) - 1, 0)], sample)


def _ends(pieces: list[_Piece], sample: int) -> int:
    """Return when all samples before one have sounded: between two waves that is in the earlier one."""
    return _at(pieces[max(bisect_left([piece.first for piece in pieces], sample) - 1, 0)], sample)


def _at(piece: _Piece, sample: int) -> int:
    return piece.time + min(max(sample - piece.first, 0), piece.count) * SECOND // WAVE_HZ
