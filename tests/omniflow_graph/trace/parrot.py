"""A small pipeline to look into: a parrot that hears numbers, and says after each second how many there were.

It has what a chain of causes can have: gaps in a stream, windows, a stage that takes time, a wake, feedback.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from omniflow_graph import Event, Graph, Pcm16, Session, Trace, Wake, Window, replay, seconds


class Word(NamedTuple):
    """Hold what the parrot says."""

    k: int
    text: str


def loudness(event: Event[Pcm16]) -> int | None:
    """Hear a number; silence is left out."""
    return int(np.frombuffer(event.data, "<i2").max()) or None


def think(said: int, event: Event[Window]) -> tuple[int, list[Word]]:
    """Say how many numbers a window holds, if any."""
    heard = event.data.of("loud")
    return said + 1, [Word(event.data.k, f"{len(heard)} up to {max(e.data for e in heard)}")] if heard else []


def squawk(event: Event[Word]) -> Pcm16:
    """Make the sound of a word."""
    return Pcm16(np.full(4, len(event.data.text), "<i2").tobytes())


def play(state: int, cause: Event[Pcm16] | Wake) -> tuple[int, list[tuple[int, str] | Wake]]:
    """Begin to sound, and say 0.3 s later that it was heard."""
    if isinstance(cause, Wake):
        return state, [(cause.time, "heard")]
    return state, [(cause.time, "begins"), Wake(cause.time + seconds(0.3))]


def parrot(think: Callable = think, *, fed_back: bool = True) -> Graph:
    """Build the pipeline: mic, loud, window, think, squawk, play, and what was played fed back."""
    g = Graph("parrot")
    window = g.align("window", g.map("loud", g.source("mic", Pcm16), loudness), length=seconds(1))
    thought = g.stage("think", window, think, state=0, cost=seconds(0.1))
    played = g.scan("play", g.map("squawk", thought, squawk), play)
    if fed_back:
        g.feedback("again", played, window)
    g.sink("out", thought, played)
    return g


def talk(*numbers: int, end: float = 3.0) -> Session:
    """Say a number every quarter of a second; 0 is silence."""
    return Session("talk", {"mic": [(seconds(0.25 * n), np.full(2, number, "<i2").tobytes()) for n, number in enumerate(numbers)]}, seconds(end))


NUMBERS = (0, 5, 7, 0, 0, 0, 0, 0, 9)  # two in the first second, none in the second, one in the third


def traced(*numbers: int, graph: Graph | None = None, **options) -> Trace:
    """Run the pipeline over numbers."""
    return replay(graph or parrot(), talk(*(numbers or NUMBERS)), engine="direct", **options)
