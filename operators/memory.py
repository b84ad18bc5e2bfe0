"""Give back what a recording holds of its assistant: from a trace its decisions and waves, from sound alone its sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin, get_type_hints

import numpy as np

from omniflow_graph import Event, RecordingError, Window
from omniflow_graph.events import SECOND
from omniflow_graph.graph.nodes import Cost
from omniflow_graph.recording import Recording
from omniflow_graph.trace.why import brief
from operators.words import WAVE_HZ, Decision, Say, Wave, duration

STAGES = ("decide", "speech", "wave")


@dataclass(frozen=True)
class Memory:
    """Hold the decisions of each window and the waves of each part. Its name in a graph's hash is the recording's."""

    name: str
    decisions: Mapping[int, list[Decision]] = field(compare=False)
    waves: Mapping[tuple[int, int], Wave] = field(compare=False)
    costs: Mapping[str, Cost] = field(compare=False)

    @staticmethod
    def of(recording: Recording, length: int) -> Memory:
        """Read a recording. Raises ValueError if it holds no assistant."""
        name = f"{recording.manifest.session}@{recording.manifest.graph_hash or ''}"
        if is_trace(recording):
            return _from_trace(recording, name, length)
        if holds_assistant(recording):
            return _from_sound(recording, name, length)
        raise ValueError(f"{recording.path}: holds no assistant to give back; replay it with --model scripted")

    def decide(self, state: None, event: Event[Window]) -> tuple[None, list[Decision]]:
        """Answer a window with what was decided then."""
        return state, self.decisions.get(event.data.k) or [Decision(event.data.k, "listen", "the recording says nothing here")]

    def wave(self, state: None, event: Event[Say]) -> tuple[None, list[Wave]]:
        """Answer what is to be said with the wave that was recorded; with silence where a recording was cut before it."""
        wanted = event.data
        found = self.waves.get((wanted.response, wanted.part))
        return state, [] if found is None else [found]


@dataclass(frozen=True)
class Spent:
    """Let a stage cost what it cost then; nothing where the recording does not say."""

    name: str
    stage: str
    costs: Mapping[int, int] = field(compare=False)

    def __call__(self, event: Event[Any]) -> int:
        """Return the cost of working on this event."""
        return self.costs.get(event.seq, 0)


def is_trace(recording: Recording) -> bool:
    """Tell whether a recording holds an assistant's decisions and waves, and not its sound alone."""
    return {"decide", "wave"} <= _out(recording)


def holds_assistant(recording: Recording) -> bool:
    """Tell whether there is an assistant to give back."""
    return is_trace(recording) or "out-stream" in _out(recording)


def window_of(recording: Recording) -> int | None:
    """Return how long the windows of a trace are; None of what has none."""
    for event in recording.events({"window"} & set(recording.manifest.streams)):
        if event.data:
            start, end = getattr(event.data, "start", None), getattr(event.data, "end", None)
            if type(start) is not int or type(end) is not int or not 0 <= start < end:
                raise _nonsense(recording, event, "it has no start and end")
            return end - start
    return None


def _out(recording: Recording) -> set[str]:
    return {name for name, info in recording.manifest.streams.items() if info.role == "out"}


def _from_trace(recording: Recording, name: str, length: int) -> Memory:
    """Take decisions by the number of their window, which means something only in windows of the same length."""
    recorded = window_of(recording) or length
    if recorded != length:
        raise ValueError(
            f"{recording.path}: was decided in windows of {recorded / SECOND:g} s, got {length / SECOND:g} s; "
            f"replay with --window {recorded / SECOND:g}, or with another model"
        )
    decisions: dict[int, list[Decision]] = {}
    waves = {}
    spent: dict[tuple[str, int], int] = {}
    for event, _ in recording.records(["decide", "wave"], spent, declared=True):
        if event.stream == "decide":
            decision = _read(Decision, recording, event)
            decisions.setdefault(decision.k, []).append(decision)
        else:
            wave = _read(Wave, recording, event)
            waves[wave.response, wave.part] = wave
    costs = {stage: Spent(name, stage, {seq: cost for (of, seq), cost in spent.items() if of == stage}) for stage in STAGES}
    return Memory(name, decisions, waves, costs)


def _from_sound(recording: Recording, name: str, length: int) -> Memory:
    """Decide each piece in the last window that ended before it sounded, so that it sounds when it did."""
    decisions: dict[int, list[Decision]] = {}
    waves: dict[tuple[int, int], Wave] = {}
    info = recording.manifest.streams["out-stream"]
    if (info.kind, info.rate_hz, info.format or "pcm-s16") != ("audio", WAVE_HZ, "pcm-s16"):
        got = f"{info.kind} at {info.rate_hz} Hz, {info.format}" if info.kind == "audio" else f"of kind {info.kind!r}"
        wants = f"wants sound at {WAVE_HZ} Hz, mono, pcm-s16"
        raise RecordingError(f"{recording.path}: stream 'out-stream' is {got}; {wants}, so replay it with --model scripted")
    answers = _answers(list(recording.events(["out-stream"])))
    lines = [_line(recording, event) for event in recording.events(["turns"])] if "turns" in recording.manifest.streams else []
    for response, pieces in enumerate(answers, 1):
        line = lines[response - 1] if response <= len(lines) else ""
        for part, piece in enumerate(pieces):
            k = max(piece.time // length - 1, 0)
            text = line if part == 0 else ""
            cause = f"the recording speaks at {piece.time / SECOND:.2f} s"
            decisions.setdefault(k, []).append(Decision(k, "speak", cause, response, part, part + 1 == len(pieces), text, text))
            samples = np.frombuffer(piece.data, "<i2")
            waves[response, part] = Wave(response, part, part + 1 == len(pieces), text, samples, at=piece.time)
    return Memory(name, decisions, waves, dict.fromkeys(STAGES, 0))


def _line(recording: Recording, event: Event[Any]) -> str:
    """Return what was said in a turn."""
    text = event.data.get("text", "") if isinstance(event.data, dict) else None
    if not isinstance(text, str):
        raise _nonsense(recording, event, "it has no text")
    return text


def _read(kind: Any, recording: Recording, event: Event[Any]) -> Any:
    """Return a payload as the record that it was. Raises RecordingError for what another program wrote there."""
    try:
        found = kind(**{name: _fixed(value) for name, value in dict(event.data).items()})
    except (TypeError, ValueError) as error:
        raise _nonsense(recording, event, str(error)) from None
    for name, wanted in get_type_hints(kind).items():
        value = getattr(found, name)
        if type(value) is not (get_origin(wanted) or wanted) or (wanted is np.ndarray and (value.dtype, value.ndim) != (np.dtype("<i2"), 1)):
            raise _nonsense(recording, event, f"its {name} is {brief(value, 40)}")
    return found


def _fixed(value: Any) -> Any:
    """Return a list as the tuple that it was."""
    return tuple(map(_fixed, value)) if isinstance(value, list) else value


def _nonsense(recording: Recording, event: Event[Any], why: str) -> RecordingError:
    where = f"{recording.path}: stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
    return RecordingError(f"{where}: is not what an assistant leaves there ({why}); replay it with --model scripted")


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
