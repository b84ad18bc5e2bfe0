"""Write what happened in sessions as folders of Full-Duplex-Bench: words and their times are known, so nobody has to recognize them.

Each turn of the user becomes a sample: `smooth_turn_taking`, or `user_interruption` if it began over an answer; one with
pauses a second one, `pause_handling`. The folders are named by numbers, in a folder for each task.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from omniflow_graph.files import cleared
from omniflow_graph.media.exporting import write_wav
from operators.mix import resample
from operators.words import WAVE_HZ
from simulations.metrics.fdb_folder import KNOWN, RATE_HZ, TASKS
from simulations.metrics.parts import Timed
from simulations.metrics.spans import Span, both, merged
from simulations.metrics.timeline import Timeline, sounded, spoken, timeline
from simulations.metrics.turns import Turn, between, going_on, turns_of

Pieces = list[tuple[int, np.ndarray]]  # sound at 16 kHz, each piece with the time it begins


@dataclass(frozen=True)
class Clip:
    """Say what becomes one sample: [begin, end) of the session, what is annotated, and the model's words."""

    task: str
    begin: int
    end: int
    marks: tuple[dict[str, Any], ...]  # the annotation, its times in ns of the session
    words: tuple[Timed, ...]


def clips(line: Timeline) -> list[Clip]:
    """Cut a session into samples, in order of time.

    A turn's clip lasts until the user's next turn. It begins where what is answered of the turn begins; an interruption's
    with the turn before, or the answer that is interrupted, and its words are those after the interruption. A pause's clip
    is the turn itself, up to the user's last word; there is none of a turn that begins over an answer, whose words would
    count.
    """
    turns, found = turns_of(line), []
    for before, turn in zip([None, *turns], turns):
        found.append(_interruption(line, before, turn) if turn.over else _turn(line, turn))
        if turn.pauses and not going_on(line.answers, turn.begin):
            marks = tuple({"text": "[PAUSE]", "timestamp": pause} for pause in turn.pauses)
            found.append(Clip("pause_handling", turn.begin, turn.end, marks, tuple(between(line.answers, turn.begin, turn.end))))
    return found


def _turn(line: Timeline, turn: Turn) -> Clip:
    mark = {"text": "[TURN-TAKING]", "timestamp": (turn.end, turn.end)}
    return Clip("smooth_turn_taking", turn.since, turn.next, (mark,), tuple(between(line.answers, turn.since, turn.next)))


def _interruption(line: Timeline, before: Turn | None, turn: Turn) -> Clip:
    answer = going_on(line.answers, turn.since)
    assert answer is not None
    asked = before.text if before else ""
    begin = min(answer.begin, before.begin if before else answer.begin)
    if turn.since > turn.begin:  # the answer came in a pause, and what was said before that is what it answers
        begin, asked = turn.begin, " ".join(part.text for part in turn.parts if part.begin < turn.since)
    words = [word for word in between(line.answers, begin, turn.next) if word.start >= turn.end]
    said = " ".join(part.text for part in turn.parts if part.begin >= turn.since)
    mark = {"context": asked, "interrupt": said, "timestamp": (turn.since, turn.end)}
    return Clip("user_interruption", begin, turn.next, (mark,), tuple(words))


def export(traces: Iterable[Trace], out: Path) -> dict[str, dict[str, Any]]:
    """Write the samples of some sessions to a new folder, and return of each where it is from, as `sessions.json` in it says.

    Raises ValueError if the folder is not empty, or if a trace does not hold what the user sounded like.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out}: is there already and not an empty folder; name another one")
    counts: Counter[str] = Counter()
    index: dict[str, dict[str, Any]] = {}
    with cleared(out):
        out.mkdir(parents=True, exist_ok=True)
        for trace in traces:
            line, heard, answered = timeline(trace), _user(trace), _model(trace)
            for clip in clips(line):
                counts[clip.task] += 1
                name = f"{clip.task}/{counts[clip.task]}"
                _write(out / name, clip, line, heard, answered)
                index[name] = {"session": line.session, "from_s": clip.begin / SECOND, "to_s": clip.end / SECOND}
        if not index:
            raise ValueError(f"--export {out}: no session holds a turn of the user, so there is nothing to write")
        _dump(out / "sessions.json", index)
    return index


def _user(trace: Trace) -> Pieces:
    """Return what the user alone says, without the room; of a replayed recording all that was heard."""
    if "user" in trace.edges:
        return [(part.begin, samples) for part, samples in spoken(trace) if part.who == "user"]
    heard = trace.edges.get("env-audio", [])
    if not heard or any(type(event.data) is not bytes for event in heard):
        words = f"the trace of {trace.session!r} holds what was heard by reference only, so there is no input.wav"
        raise ValueError(f"--export: {words}; replay its recording with --copy-inputs")
    return [(event.time, np.frombuffer(event.data, "<i2")) for event in heard]


def _model(trace: Trace) -> Pieces:
    found = []
    for start, end, _, event in sounded(trace):
        n = (end - start) * WAVE_HZ // SECOND
        found.append((start, resample(event.data.samples[:n], WAVE_HZ, RATE_HZ)))
    return found


def _write(folder: Path, clip: Clip, line: Timeline, user: Pieces, model: Pieces) -> None:
    """Write one sample. Times in it count from the clip's beginning, in seconds."""
    folder.mkdir(parents=True)
    for name, pieces in (("input.wav", user), ("output.wav", model)):
        samples = _laid(pieces, clip.begin, clip.end)
        write_wav(folder / name, [samples], len(samples), RATE_HZ)
    words = [{"text": word.text, "timestamp": _seconds((word.start, word.end), clip)} for word in clip.words]
    _dump(folder / "output.json", {"text": " ".join(word.text for word in clip.words), "chunks": words})
    name = next(name for name, task in TASKS.items() if task == clip.task)
    _dump(folder / name, [{**mark, "timestamp": _seconds(mark["timestamp"], clip)} for mark in clip.marks])
    spans = {
        "user": merged((part.begin, part.end) for part in line.parts if part.who == "user"),
        "model": merged(span for answer in line.answers for span in answer.spans),
    }
    _dump(folder / KNOWN, {who: [_seconds(span, clip) for span in both(all_, [(clip.begin, clip.end)])] for who, all_ in spans.items()})


def _laid(pieces: Pieces, begin: int, end: int) -> np.ndarray:
    """Lay sound where its times say, as far as it lies in a clip."""
    out = np.zeros(_sample(end - begin), "<i2")
    for time, samples in pieces:
        at = _sample(time - begin)
        part = samples[max(-at, 0) : max(len(out) - at, 0)]
        out[max(at, 0) : max(at, 0) + len(part)] = part
    return out


def _sample(time: int) -> int:
    return round(time * RATE_HZ / SECOND)


def _seconds(span: Span, clip: Clip) -> list[float]:
    return [(time - clip.begin) / SECOND for time in span]


def _dump(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
