"""Keep an expectation beside its recording, as text that a review can read: what changes in a run changes few lines.

An edge of few events has a line for each. One of many, such as a microphone, or of feedback, stands as runs of equal steps
`[first, step, how many]` for times and seqs, and a line of marks for each second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import SECOND
from omniflow_graph.files import whole, written
from omniflow_graph.recording import named
from operators.pinned.expectation import EVERYWHERE, HERE, MARK, Edge, Expectation, Row, Settings

FORMAT, SUFFIX = 1, ".expected.json"
LINE = 300  # an event fits on it
TURN = {"start_s": float, "end_s": float, "text": str, "cause": str}
CUT_SHORT = {"stopped": bool, "heard": str}  # what more is told of such a turn


def place(recording: Path) -> Path:
    """Return where the expectation of a recording is: beside the file, or beside the folder of its segments."""
    path = Path(os.path.abspath(recording))
    return path.with_name(path.name.removesuffix(".mcap") + SUFFIX)


def recordings_in(path: Path) -> dict[str, Path]:
    """Map names to recordings: the one that is given, or those in a folder, files as well as folders of numbered segments.

    An expectation without its recording counts, too: its name maps to the file that is missing. Raises RecordingError
    for none at all, and for two of one name.
    """
    if not path.is_dir() or named.is_segmented(path):
        return {_name(path): path}
    found = named.recordings_in(path)
    names = {_name(each): each for each in found}
    if twice := [each for each in found if each not in names.values()]:
        raise RecordingError(f"{path}: holds {_name(twice[0])!r} twice, as a file and as a folder of segments; rename one of them")
    lost = {each.name.removesuffix(SUFFIX): each.with_name(each.name.removesuffix(SUFFIX) + ".mcap") for each in path.glob("*" + SUFFIX)}
    if not found and not lost:
        raise RecordingError(f"{path}: a folder without recordings; name one, or a folder with .mcap files or folders of numbered segments")
    return dict(sorted({**lost, **names}.items()))


def read(path: Path) -> Expectation:
    """Read an expectation. Raises RecordingError for what is none, or of another format."""
    try:
        given = json.loads(whole(path))
        if not isinstance(given, dict):
            raise ValueError(f"wants a map, got a {type(given).__name__}")
        if given.pop("format") != FORMAT:
            raise ValueError("another version of omniflow-graph wrote it")
        settings, edges = Settings(**given.pop("settings")), given.pop("edges")
        found = Expectation(settings=settings, edges={name: Edge(of["digest"], _rows(of)) for name, of in edges.items()}, **given)
        _check(found)
        return found
    except RecordingError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else error
        raise RecordingError(f"{path}: cannot be read as an expectation ({why}); delete it, and write it anew with --accept") from None


def write(path: Path, expectation: Expectation) -> None:
    """Write an expectation, all of it or nothing."""
    with written(path) as part:
        part.write_text(text_of(expectation), encoding="utf-8")


def text_of(expectation: Expectation) -> str:
    """Write down an expectation as JSON."""
    about = {name: value for name, value in vars(expectation).items() if name not in ("settings", "edges")}
    edges = {name: {"digest": of.digest, **_packed(of.rows)} for name, of in expectation.edges.items()}
    return _laid_out({"format": FORMAT, "settings": asdict(expectation.settings), **about, "edges": edges}) + "\n"


def _check(found: Expectation) -> None:
    """Raise ValueError for what nobody but an editor could have written."""
    settings, rows = found.settings, [row for edge in found.edges.values() for row in edge.rows]
    texts = (settings.model, settings.script, settings.playback)
    known = {
        "exact": found.exact in (EVERYWHERE, HERE),
        "settings": isinstance(settings.graph, str) and all(text is None or isinstance(text, str) for text in texts) and type(settings.seed) is int,
        "window": settings.window is None or type(settings.window) in (int, float),
        "windows": type(found.windows) is int,
        "turns": all({name: type(value) for name, value in turn.items()} in (TURN, TURN | CUT_SHORT) for turn in found.turns),
        "events": all(type(row.time) is type(row.seq) is int and len(bytes.fromhex(row.mark)) * 2 == MARK for row in rows),
        "made_with": all(isinstance(value, str) for value in found.made_with.values()),
    }
    if wrong := [name for name, right in known.items() if not right]:
        raise ValueError(f"{', '.join(wrong)}: not what omniflow writes there")


def _name(recording: Path) -> str:
    return place(recording).name.removesuffix(SUFFIX)


def _packed(rows: tuple[Row, ...]) -> dict[str, Any]:
    if not rows or rows[0].text is not None:
        return {"events": rows}
    seconds = [[row.mark for row in of] for _, of in groupby(rows, key=lambda row: row.time // SECOND)]
    packed: dict[str, Any] = {
        "times": _steps(row.time for row in rows),
        "seqs": _steps(row.seq for row in rows),
        "marks": list(map("".join, seconds)),
    }
    if rows[0].made_of:
        ((stream, _, _),) = rows[0].made_of
        packed |= {"made_of": stream, "from": _steps(row.made_of[0][1] for row in rows), "to": _steps(row.made_of[0][2] for row in rows)}
    return packed


def _rows(of: dict[str, Any]) -> tuple[Row, ...]:
    if "events" in of:
        return tuple(Row(time, seq, mark, text, tuple((s, a, b) for s, a, b in made_of)) for time, seq, mark, text, made_of in of["events"])
    joined = "".join(of["marks"])
    marks = [joined[at : at + MARK] for at in range(0, len(joined), MARK)]
    times, seqs = _unpacked(of["times"], len(marks)), _unpacked(of["seqs"], len(marks))
    if "made_of" not in of:
        return tuple(Row(time, seq, mark, None, ()) for time, seq, mark in zip(times, seqs, marks))
    spans = zip(_unpacked(of["from"], len(marks)), _unpacked(of["to"], len(marks)))
    return tuple(Row(time, seq, mark, None, ((of["made_of"], *span),)) for time, seq, mark, span in zip(times, seqs, marks, spans))


def _steps(numbers: Iterable[int]) -> list[list[int]]:
    """Write numbers as runs of equal steps: `[first, step, how many]`.

    >>> _steps([0, 20, 40, 60, 65])
    [[0, 20, 4], [65, 0, 1]]
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][2] == 1:
            runs[-1][1:] = [number - runs[-1][0], 2]
        elif runs and number == runs[-1][0] + runs[-1][1] * runs[-1][2]:
            runs[-1][2] += 1
        else:
            runs.append([number, 0, 1])
    return runs


def _unpacked(runs: list[list[int]], count: int) -> list[int]:
    if sum(many for _, _, many in runs) != count or any(many < 1 for _, _, many in runs):  # also: no typo makes a list of a billion
        raise ValueError(f"an edge has {count} marks, and not as many times, seqs and causes")
    return [first + step * n for first, step, many in runs for n in range(many)]


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON that breaks only what is too long for one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= LINE or not isinstance(value, (dict, list, tuple)):
        return line
    inner = indent + " "
    named = [f"{json.dumps(name)}: " for name in value] if isinstance(value, dict) else [""] * len(value)
    items = value.values() if isinstance(value, dict) else value
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n" + ",\n".join(f"{inner}{name}{_laid_out(item, inner)}" for name, item in zip(named, items)) + f"\n{indent}{last}"
