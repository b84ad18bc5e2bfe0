"""Run one recording as its expectation says, and compare: what `omniflow check` does for each."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from omniflow_graph import Graph
from omniflow_graph.engine.replay import replay
from omniflow_graph.graph.hashing import graph_hash
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.twice import Apart, Way, again
from operators.commands.fitting import check_streams
from operators.commands.settings import DEFAULT_GRAPH, given_back, model_of, options
from operators.models import in_integers
from operators.pinned.comparison import Comparison, compare
from operators.pinned.expectation import EVERYWHERE, HERE, Expectation, Settings, pin
from operators.pinned.expectation_file import place, read


@dataclass(frozen=True)
class Checked:
    """Hold what came of one recording. `now` is None if it was not run, `comparison` if nothing was expected of it."""

    name: str
    verdict: str
    expected: Expectation | None = None
    now: Expectation | None = None  # what would be expected if this were accepted
    comparison: Comparison | None = None
    notes: tuple[str, ...] = ()
    apart: Apart | None = None  # if it came out otherwise when it was run again

    @property
    def equal(self) -> bool:
        """Tell whether it came out as expected."""
        return bool(self.comparison and self.comparison.equal)


def check(name: str, path: Path, asked: argparse.Namespace) -> Checked:
    """Run a recording and compare what comes of it. What is asked for goes before what is kept in the expectation.

    Raises what opening and replaying a recording raises, RecordingError for an expectation that cannot be read.
    """
    beside = place(path)
    expected = read(beside) if beside.exists() else None
    if expected and not path.exists():
        return Checked(name, "no recording", expected, notes=(f"{path.name} is gone; put it back, or delete {beside.name}",))
    recording = open_recording(path)
    if expected is None and not asked.accept:
        return Checked(name, "nothing expected", notes=(f"there is no {beside.name}; --accept writes it",))
    settings = settings_of(asked, expected, beside.parent, recording)
    trace = _replayed(recording, settings, beside.parent)
    apart = _again(trace, path, settings, beside.parent) if asked.twice else None
    now = pin(trace, settings, exact=asked.exact or _exact(settings, expected, recording))
    notes = [recording.damage] if recording.damage else []
    if apart:
        return Checked(name, "not the same twice", expected, now, notes=tuple(notes), apart=apart)
    if expected is None:
        words = given_back(_default(asked), [recording])
        return Checked(name, "new", None, now, notes=(*notes, *([words] if words else []), f"wrote {beside}"))
    comparison = compare(expected, trace)
    notes += [*_otherwise(expected, settings, trace), *comparison.notes]
    if asked.accept and (others := [each.name for each in fields(now) if getattr(now, each.name) != getattr(expected, each.name)]):
        notes.append(f"wrote {beside}: other {', '.join(others)}")
    return Checked(name, _verdict(comparison, asked.accept, now == expected), expected, now, comparison, tuple(notes))


def settings_of(asked: argparse.Namespace, expected: Expectation | None, folder: Path, recording: Recording) -> Settings:
    """Put together how a recording is run: as asked for, else as kept, else by default."""
    given = {each.name: value for each in fields(Settings) if (value := getattr(asked, each.name)) is not None}
    if asked.script:
        given["script"] = Path(os.path.relpath(asked.script, folder)).as_posix()
    if expected and asked.graph in (None, expected.settings.graph):
        return replace(expected.settings, **given)
    return Settings(**{"graph": DEFAULT_GRAPH, "model": model_of(_default(asked), recording), **given})


def _default(asked: argparse.Namespace) -> argparse.Namespace:
    """Return what is asked for, with the graph that is meant."""
    return argparse.Namespace(**{**vars(asked), "graph": asked.graph or DEFAULT_GRAPH})


def _exact(settings: Settings, expected: Expectation | None, recording: Recording) -> str:
    """Tell where the digests of a run can be compared, if nobody says."""
    if expected and (settings.graph, settings.model) == (expected.settings.graph, expected.settings.model):
        return expected.exact
    return EVERYWHERE if settings.graph == DEFAULT_GRAPH and in_integers(settings.model, recording) else HERE


def _replayed(recording: Recording, settings: Settings, folder: Path) -> Trace:
    """Run a recording."""
    return replay(_graph(recording, settings, folder), recording, seed=settings.seed, cost=settings.cost)


def _graph(recording: Recording, settings: Settings, folder: Path) -> Graph:
    script = settings.script and os.path.relpath(folder / settings.script)
    graph = load_graph(settings.graph, options(argparse.Namespace(**{**asdict(settings), "script": script}), recording))
    check_streams(graph, recording)
    return graph


def _again(trace: Trace, path: Path, settings: Settings, folder: Path) -> Apart | None:
    given = {"path": str(path), "settings": asdict(settings), "folder": str(folder)}
    return again({trace.session: trace}, "operators.commands.checking:run_again", given)


def run_again(way: Way, *, path: str, settings: dict[str, Any], folder: str) -> Iterator[tuple[str, Trace]]:
    """Run a recording in another process as it was run in the first one."""
    recording, how = open_recording(path), Settings(**settings)
    yield recording.manifest.session, way.replay(_graph(recording, how, Path(folder)), recording, seed=how.seed, cost=how.cost)


def _otherwise(expected: Expectation, settings: Settings, trace: Trace) -> list[str]:
    """Say in what the run is another one than was pinned."""
    then, now = asdict(expected.settings), asdict(settings)
    said = [f"run with {name} {_shown(now[name])} instead of {_shown(then[name])}" for name in now if now[name] != then[name]]
    return said or (["the graph or its parameters are others than were pinned"] if graph_hash(trace.graph) != expected.graph_hash else [])


def _shown(setting: object) -> str:
    return "the default" if setting is None else str(setting)


def _verdict(comparison: Comparison, accepted: bool, same: bool) -> str:
    if accepted:
        return "unchanged" if same else "changed"
    if not comparison.equal:
        return "differs"
    return "as expected" if comparison.by == "digests" else f"{comparison.by} as expected"
