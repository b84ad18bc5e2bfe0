"""Say how busy the stages of a run are, each with a processor of its own or all on one, and whether that holds real time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from operators.words import Sound, duration
from simulations.real_time.deadlines import Work, shared, work


@dataclass(frozen=True)
class Load:
    """Say how busy a processor is, in ns: with all its steps, and with what belongs to the window that takes most."""

    name: str
    steps: int
    busy: int
    most: int
    late: int  # steps done later than the end of the window that follows theirs

    def factor(self, length: int) -> float:
        """Return the real-time factor of a session of so many ns: 1 is always busy."""
        return self.busy / length if length else 0.0


@dataclass(frozen=True)
class Holding:
    """Hold what a run of `length` ns asks of its processors: of one for each stage, as it ran, and of one for them all.

    `silent` is for how long answers would have been silent, in the middle, on one.
    """

    session: str
    length: int
    stages: tuple[Load, ...]
    one: Load
    silent: int

    @property
    def holds(self) -> str:
        """Judge one processor: "yes", if no step is late; "no", if most are, or answers fall silent for it; else "late"."""
        if self.silent or 2 * self.one.late > self.one.steps:
            return "no"
        return "late" if self.one.late else "yes"


def holding(trace: Trace) -> Holding:
    """Measure a run of a graph whose stages cost something. The trace must have kept `play` and `wave`, if it has them."""
    done = work(trace)
    alone = shared(done)
    stages = tuple(_load(name, [each for each in done if each.stage == name]) for name in trace.stages)
    return Holding(trace.session, trace.end, stages, _load("all", alone), sum(silences(trace, alone)))


def _load(name: str, done: Sequence[Work]) -> Load:
    took: dict[int | None, int] = {}
    for each in done:
        took[each.window] = took.get(each.window, 0) + each.cost
    return Load(name, len(done), sum(took.values()), max(took.values(), default=0), sum(each.late for each in done))


def silences(trace: Trace, done: Sequence[Work]) -> list[int]:
    """Return for how long each answer would be silent between its parts, in ns, if its waves were there when this work is done."""
    if not {"play", "wave"} <= trace.edges.keys():
        return []
    ends = {each.seq: each.done for each in done if each.stage == "wave"}
    there = {(e.data.response, e.data.part): ends.get(e.made_of[-1][2], e.time) for e in trace["wave"] if e.made_of}
    answers: dict[int, list[Sound]] = {}
    for event in trace["play"]:
        if isinstance(event.data, Sound):
            answers.setdefault(event.data.response, []).append(event.data)
    return [_silence(parts, there) for parts in answers.values()]


def _silence(parts: Sequence[Sound], there: Mapping[tuple[int, int], int]) -> int:
    over, silent = None, 0
    for part in parts:
        begins = there.get((part.response, part.part), over or 0)
        silent += max(0, begins - over) if over is not None else 0
        over = max(begins, over or 0) + duration(len(part.samples))
    return silent


def plain(of: Holding) -> dict[str, Any]:
    """Return it as one JSON object, times in seconds."""
    loads = {load.name: _plain(load, of.length) for load in of.stages}
    return {"holds": of.holds, "stages": loads, "one_processor": _plain(of.one, of.length), "silent_s": of.silent / SECOND}


def _plain(load: Load, length: int) -> dict[str, Any]:
    return {"steps": load.steps, "rtf": round(load.factor(length), 4), "most_s": load.most / SECOND, "late": load.late}
