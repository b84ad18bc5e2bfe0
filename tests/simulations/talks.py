"""Let a simulated user hear an assistant that is written down, and tell what they do, in milliseconds."""

from __future__ import annotations

from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np

from omniflow_graph import Graph, Session
from omniflow_graph.engine.direct import run_direct
from operators.words import Ack, Sound, words_of
from simulations.room.speech import Utterance
from simulations.room.users import User, behave
from simulations.scenario import MS, Act, Scenario

LETTER = 50  # ms that the written assistant takes for a letter


def scenario(*acts: Act, length: int = 60_000, **more: Any) -> Scenario:
    return Scenario("talk", length * MS, acts, **more)


def says(at: int, text: str, *, response: int = 1, part: int = 0, last: bool = True, start: int = 0) -> list[tuple[int, Any]]:
    """Begin to say a text at a time, 50 ms a letter, and, of the last part, acknowledge its end. `start` letters were said before."""
    ends = list(accumulate(map(len, words_of(text))))
    marks = tuple((24 * LETTER * (start + end), start + end) for end in ends)
    sound = Sound(response, part, text, np.zeros(24 * LETTER * len(text), "<i2"), last, marks=marks)
    over = at + LETTER * len(text)
    ack = [(over * MS, Ack(response, 24 * LETTER * (start + len(text)), True, time=over * MS))] if last else []
    return [(at * MS, sound), *ack]


def stops(at: int, response: int = 1) -> list[tuple[int, Any]]:
    """Fall silent at a time."""
    return [(at * MS, Ack(response, 0, True, time=at * MS))]


def does(of: Scenario, *heard: list[tuple[int, Any]], seed: int = 0, who: str = "user") -> list[tuple]:
    """Return what somebody does: (from, to, kind, text) of what they say, (time, "hush") where they break off."""
    g = Graph("user")
    around = g.merge("around", g.source("scenario"), g.source("says"))
    g.sink("out", g.scan("user", around, partial(behave, who=who), state=User()))
    given = {"scenario": [(0, of)], "says": sorted((entry for part in heard for entry in part), key=lambda entry: entry[0])}
    return [_brief(event) for event in run_direct(g, Session("talk", given, end=of.length), seed=seed)["user"]]


def _brief(event: Any) -> tuple:
    of = event.data
    return (of.begin / MS, of.end / MS, of.kind, of.text) if isinstance(of, Utterance) else (event.time / MS, "hush")
