"""Sessions written down by hand, in milliseconds: who spoke when."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Graph, Pcm16, Session, Trace
from omniflow_graph.engine.direct import run_direct
from operators.senses.ears import Hearing
from operators.senses.eyes import Glance
from operators.words import Ack, Decision, Sound
from simulations.metrics.parts import Part, Timed
from simulations.metrics.timeline import Answer, Timeline
from simulations.room.speech import Hush, Utterance, Word

MS = 1_000_000
FOUR = ("one", "two", "three", "four")


def part(kind: str, begin: int, end: int, text: str = "", who: str = "user") -> Part:
    return Part(kind, begin * MS, end * MS, text, (), who)


def answer(response: int, begin: int, end: int, *words: tuple[str, int, int], stopped: bool = False) -> Answer:
    """One that sounds without a gap; of four words, if none are named."""
    step = (end - begin) // 4
    said = words or tuple((name, begin + n * step, begin + (n + 1) * step) for n, name in enumerate(FOUR))
    spelled = tuple(Timed(text, a * MS, b * MS) for text, a, b in said)
    return Answer(response, begin * MS, end * MS, ((begin * MS, end * MS),), spelled, stopped, "")


def line(*said: Part | Answer, end: int = 20_000, cues: tuple[int, ...] | None = None) -> Timeline:
    parts = tuple(each for each in said if isinstance(each, Part))
    answers = tuple(each for each in said if isinstance(each, Answer))
    return Timeline("talk", end * MS, "user", parts, answers, None if cues is None else tuple(cue * MS for cue in cues))


# As a run leaves it


def utterance(n: int, kind: str, begin: int, *words: tuple[str, int, int], who: str = "user", loud: int = 1000) -> Utterance:
    """Words as (text, begin, end), in ms since the utterance began."""
    spelled = tuple(Word(text, a * MS, b * MS) for text, a, b in words)
    samples = np.full(words[-1][2] * 16, loud, "<i2")
    return Utterance(n, kind, "".join(text for text, *_ in words), spelled, begin * MS, samples, who)


def sound(response: int, part: int, text: str, ms: int, *, last: bool = False, marks: tuple[tuple[int, int], ...] = (), loud: int = 500) -> Sound:
    """Marks as (ms, characters)."""
    return Sound(response, part, text, np.full(ms * 24, loud, "<i2"), last, 0, tuple((at * 24, characters) for at, characters in marks))


def speak(response: int) -> Decision:
    return Decision(0, "speak", "asked", response)


def stop(response: int) -> Decision:
    return Decision(0, "stop", "talked over", response, ends="flush")


def heard(response: int, ms: int, *, final: bool = False) -> Ack:
    return Ack(response, ms * 24, final)


def cut(scene: int) -> Glance:
    return Glance(1000, scene, True)


PEOPLE = Utterance | Hush
TYPES = {"user": PEOPLE, "talker": PEOPLE, "listen": Hearing, "look": Glance, "decide": Decision, "play": Sound, "heard": Ack, "env-audio": Pcm16}


def ran(*, end: int = 10_000, name: str = "talk", keep: list[str] | None = None, **edges: list[tuple[int, object]]) -> Trace:
    """A trace with these events on its edges, as (ms, payload)."""
    g = Graph("hand")
    edges = {"decide": [], "play": [], "heard": [], **{edge.replace("_", "-"): events for edge, events in edges.items()}}
    g.sink("all", *(g.source(edge, TYPES[edge]) for edge in edges))
    session = Session(name, {edge: [(time * MS, data) for time, data in events] for edge, events in edges.items()}, end=end * MS)
    return run_direct(g, session, keep=keep)
