"""Give back what a recording holds of its assistant: from a trace its decisions and waves, from sound alone its sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Recording
from operators.words import Decision, Say, Wave, duration


@dataclass(frozen=True)
class Memory:
    """Hold the decisions of each window and the waves of each part. Its name in a graph's hash is the recording's."""

    name: str
    decisions: Mapping[int, list[Decision]] = field(compare=False)
    waves: Mapping[tuple[int, int], Wave] = field(compare=False)
    costs: dict[str, int] = field(compare=False)

    @staticmethod
    def of(recording: Recording, length: int) -> Memory:
        """Read a recording. Raises ValueError if it holds no assistant."""
        out = {name for name, info in recording.manifest.streams.items() if info.role == "out"}
        name = f"{recording.manifest.session}@{recording.manifest.graph_hash or ''}"
        if {"decide", "wave"} <= out:
            return _from_trace(recording, name, length)
        if "out-stream" in out:
            return _from_sound(recording, name, length)
        raise ValueError(f"{recording.path}: holds no assistant to give back; replay it with --model scripted")

    def decide(self, state: None, event: Event[Window]) -> tuple[None, list[Decision]]:
        """Answer a window with what was decided then."""
        return state, self.decisions.get(event.data.k) or [Decision(event.data.k, "listen", "the recording says nothing here")]

    def wave(self, state: None, event: Event[Say]) -> tuple[None, list[Wave]]:
        """Answer what is to be said with the wave that was recorded."""
        wanted = event.data
        if wanted.cut:
            return state, [Wave(wanted.response, 0, True, "", np.zeros(0, "<i2"), cut=True)]
        found = self.waves.get((wanted.response, wanted.part))
        if found is None:
            raise ValueError(f"recording {self.name!r}: holds no wave for answer {wanted.response}, part {wanted.part}")
        return state, [found]


def _from_trace(recording: Recording, name: str, length: int) -> Memory:
    """Take decisions by the number of their window, which means something only in windows of the same length."""
    recorded = next((e.data.end - e.data.start for e in recording.events({"window"} & set(recording.manifest.streams)) if e.data), length)
    if recorded != length:
        raise ValueError(
            f"{recording.path}: was decided in windows of {recorded / SECOND:g} s, got {length / SECOND:g} s; "
            f"replay with --window {recorded / SECOND:g}, or with another model"
        )
    decisions: dict[int, list[Decision]] = {}
    waves = {}
    for event in recording.events(["decide", "wave"]):
        data: Any = event.data
        if event.stream == "decide":
            decisions.setdefault(data.k, []).append(Decision(**data))
        elif not data.cut:
            waves[data.response, data.part] = Wave(**data)
    return Memory(name, decisions, waves, dict.fromkeys(("decide", "speech", "wave"), 0))


def _from_sound(recording: Recording, name: str, length: int) -> Memory:
    """Decide each piece in the last window that ended before it sounded, so that it sounds when it did."""
    decisions: dict[int, list[Decision]] = {}
    waves: dict[tuple[int, int], Wave] = {}
    answers = _answers(list(recording.events(["out-stream"])))
    lines = [event.data.get("text", "") for event in recording.events(["turns"])] if "turns" in recording.manifest.streams else []
    for response, pieces in enumerate(answers, 1):
        line = lines[response - 1] if response <= len(lines) else ""
        for part, piece in enumerate(pieces):
            k = max(piece.time // length - 1, 0)
            text = line if part == 0 else ""
            cause = f"the recording speaks at {piece.time / SECOND:.2f} s"
            decisions.setdefault(k, []).append(Decision(k, "speak", cause, response, part, len(pieces), text, line))
            samples = np.frombuffer(piece.data, "<i2")
            waves[response, part] = Wave(response, part, part + 1 == len(pieces), text, samples, at=piece.time)
    return Memory(name, decisions, waves, dict.fromkeys(("decide", "speech", "wave"), 0))


def _answers(pieces: list[Event[Any]]) -> list[list[Event[Any]]]:
    """Group pieces of sound into answers: a piece that begins where the last one ends goes on with it."""
    answers: list[list[Event[Any]]] = []
    end = -1
    for piece in pieces:
        if piece.time - end > 1_000_000 or not answers:
            answers.append([])
        answers[-1].append(piece)
        end = piece.time + duration(len(piece.data) // 2)
    return answers
