"""What `omniflow shrink` reduces: a recording with the graph, the faults and the property that it is run with; and what it leaves."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from omniflow_graph import Graph, RecordingError
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.replay import feed_of
from omniflow_graph.files import printable
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.recording import Manifest, Recording, RecordingWriter, open_recording
from omniflow_graph.recording.typed import typed
from operators.commands.fitting import check_streams
from operators.commands.settings import options, warm
from operators.commands.what_if import needed, window_of_trace
from operators.scripted.script import Rule
from simulations.faults.faulty import with_faults
from simulations.scenario import Scenario
from simulations.shrinking.failures import Failure, Property, failing, failure_of
from simulations.shrinking.reductions import Case


class Shrinkable(NamedTuple):
    """Hold what may be reduced and what it is run with."""

    case: Case
    graph: Graph
    recording: Recording
    holds: Property
    seed: int
    cost: str
    planned: Callable[[tuple[tuple[str, str], ...]], Plan]  # the graph with these faults
    about: dict[str, Any]  # what is kept of it

    @property
    def sound(self) -> list[str]:
        """Name the streams of sound."""
        return [name for name, info in self.recording.manifest.streams.items() if info.kind == "audio" and name in self.case.session.sources]

    def failure(self, case: Case) -> Failure | None:
        """Run a case, and return how it fails."""
        return failure_of(run_direct(self.planned(case.faults), case.session, seed=self.seed), self.holds)

    def fails(self, wanted: Failure) -> Callable[[Case], bool]:
        """Return what tells whether a case fails as it is wanted."""
        return lambda case: failing(self.planned(case.faults), self.holds, wanted, seed=self.seed)(case.session)


def shrinkable(args: argparse.Namespace, recording: Recording, holds: Property) -> Shrinkable:
    """Open what is to be reduced, as `omniflow replay` would. Raises what is wrong with graph, recording or faults."""
    scenario = _scenario(recording)
    faults = (*(scenario.faults if scenario else ()), *map(_fault, args.fault))
    given = options(args, recording)
    if scenario and scenario.script and given["script"] is None:
        given["script"] = tuple(Rule(**rule) for rule in scenario.script)
    graph = load_graph(args.graph, given)
    if args.window is None and (window := window_of_trace(graph, recording)) is not None:
        given["window"] = window
        graph = load_graph(args.graph, given)
    recording = needed(recording, graph)
    check_streams(graph, recording)
    warm(graph)
    session: Any = feed_of(recording, args.cost)
    planned = lru_cache(maxsize=64)(lambda faults: plan(with_faults(graph, faults) if faults else graph))
    planned(faults)
    names = ("property", "graph", "model", "script", "window", "set", "seed", "cost")
    about = {name: getattr(args, name) for name in names if getattr(args, name) not in (None, [])}
    return Shrinkable(Case(session, faults), graph, recording, holds, args.seed, args.cost, planned, about)


def _scenario(recording: Recording) -> Scenario | None:
    """Return the scenario that a simulated session was made of: the assistant's script and the faults are in it."""
    if "scenario" not in recording.manifest.streams:
        return None
    event = next(recording.events(["scenario"]), None)
    found = typed(event.data, Scenario) if event else None
    return found if isinstance(found, Scenario) else None


def _fault(text: str) -> tuple[str, str]:
    edge, sign, fault = text.partition("=")
    if not sign or not edge:
        raise ValueError(f"--fault: wants EDGE=FAULT, as in env-audio=loss(permille=20), got {text!r}")
    return edge, fault


def write_case(path: Path, case: Case, what: Shrinkable, wanted: Failure) -> Failure:
    """Write a case as a recording, open it, run it, and return how it fails. Raises RecordingError if that is not as it is wanted."""
    manifest, session = what.recording.manifest, case.session
    streams = {name: replace(manifest.streams[name], digest=None, events=None) for name in session.sources if name in manifest.streams}
    about = {**what.about, "failure": wanted.words, "faults": list(case.faults)}
    made = Manifest(
        session.name, case.end, streams, allowance=session.allowance, seed=what.seed, source=printable(what.recording.path.name),
        licence=manifest.licence, notes={"shrunk": about},
    )  # fmt: skip
    with RecordingWriter(path, made) as writer:
        for (stage, seq), cost in (session.costs or {}).items():
            writer.cost(stage, seq, cost, 0, declared=what.cost == "recorded")
        for event in session.events(list(streams)):
            writer.add(event)
    again: Any = feed_of(open_recording(path), what.cost)
    found = what.failure(Case(again, case.faults))
    if not wanted.same(found):
        raise RecordingError(
            f"{path}: does not replay to the same failure, but to {found or 'none'}: what is in its streams cannot be written exactly"
        )
    assert found
    return found
