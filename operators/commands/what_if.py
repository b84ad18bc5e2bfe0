"""Replay a trace with some operators frozen to what it holds and others replaced: `--freeze decide --replace wave=MODULE:FUNCTION`.

What is not asked for otherwise is as it was in the run that the trace is of: graph, model, script, seed, windows, parameters.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from omniflow_graph import Graph, GraphError, Session
from omniflow_graph.events import SECOND
from omniflow_graph.graph.checks import REPLACEABLE
from omniflow_graph.graph.loading import resolve
from omniflow_graph.graph.nodes import frozen_in
from omniflow_graph.recording import Recording
from omniflow_graph.trace.freezing import freeze
from omniflow_graph.trace.stored import load_trace, open_trace
from operators.commands.settings import DEFAULT_GRAPH, OWN

SIMULATED = "scripted-fast"
NOT_SET = {*OWN, "graph", "cost", "freeze", "replace", "scenario", "on"}  # of what a trace keeps of its run, no parameters of the graph


def add_what_if(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--freeze", action="append", default=[], metavar="NAME", help="let an operator give what it gave in the trace REC; may be repeated"
    )
    parser.add_argument(
        "--replace", action="append", default=[], metavar="NAME=M:F", help="put another function in the place of an operator's; may be repeated"
    )


def as_it_was(args: argparse.Namespace, recording: Recording) -> argparse.Namespace:
    """Fill in what is not asked for from the run that a trace is of; of another recording nothing is known.

    Raises RecordingError if something is to be frozen and this is no trace.
    """
    if args.freeze:
        open_trace(recording.path)
    manifest = recording.manifest
    if manifest.graph is None:
        return argparse.Namespace(**{**vars(args), "seed": args.seed or 0})
    run = manifest.notes.get("run")
    run = run if isinstance(run, dict) else {}
    kept = [f"{name}={json.dumps(value)}" for name, value in run.items() if name not in NOT_SET and value is not None]
    graph = run.get("graph", DEFAULT_GRAPH) if args.graph == DEFAULT_GRAPH else args.graph
    same = graph == run.get("graph", DEFAULT_GRAPH)
    return argparse.Namespace(
        **{
            **vars(args),
            "graph": graph,
            "model": args.model or (_model(manifest.model, run) if same else None),
            "script": args.script or (run.get("script") if same else None),
            "seed": manifest.seed or 0 if args.seed is None else args.seed,
            "set": [*kept, *args.set] if same else args.set,
        }
    )


def _model(known: str | None, run: dict[str, Any]) -> str | None:
    """Return the model of a run; a simulation in our own graph that was asked for none had the fast one."""
    return known or (SIMULATED if "scenario" in run and run.get("graph") == DEFAULT_GRAPH else None)


def window_of_trace(graph: Graph, recording: Recording) -> float | None:
    """Return how long the windows of a trace are, in seconds, if they are not those of the graph; None if nothing is to be done."""
    lengths = recording.manifest.notes.get("windows_s")
    own = {node.name: node.length / SECOND for node in graph.nodes.values() if node.kind == "align"}
    if not isinstance(lengths, dict) or lengths == own or {*lengths} != {*own}:
        return None
    return next(iter(lengths.values())) if len({*lengths.values()}) == 1 else None


def replaced(graph: Graph, given: list[str]) -> Graph:
    """Put functions in the place of those of operators, as `NAME=MODULE:FUNCTION` says.

    A function may bring along what else its operator needs, as attributes: `voice.cost = seconds(0.05)`, `voice.state = Mind()`.
    """
    for each in given:
        name, sign, reference = each.partition("=")
        if not sign:
            raise ValueError(f"--replace: wants NAME=MODULE:FUNCTION, such as wave=mine:voice, got {each!r}")
        fn = function(reference, f"--replace {name}")
        kind = graph.nodes[name].kind if name in graph.nodes else "map"
        graph = graph.replace(name, fn=fn, **{key: getattr(fn, key) for key in REPLACEABLE[kind] if key != "fn" and hasattr(fn, key)})
    return graph


def function(reference: str, option: str) -> Callable[..., Any]:
    """Return the function that an option names, `module:function`. Raises ValueError that names the option."""
    try:
        fn = resolve(reference)
    except GraphError as error:
        raise ValueError(f"{option}: {str(error).removeprefix('graph ')}") from None
    if not callable(fn):
        raise ValueError(f"{option}: {reference} is no function, but {type(fn).__name__}; name one as module:function")
    return fn


def frozen(graph: Graph, names: list[str], recording: Recording, changed: list[str]) -> Graph:
    """Freeze operators to what the trace holds. Raises GraphError where that leaves nothing of one that was `changed`."""
    if not names:
        return graph
    damage: list[str] = []
    again = freeze(graph, names, load_trace(recording.path, tell=damage.append))
    for name in (each.partition("=")[0] for each in changed):
        if name not in again.nodes or name in frozen_in(again.nodes):
            why = "frozen, too" if name in names else f"left out: only what is frozen ({', '.join(names)}) needed it"
            raise GraphError(f"--replace {name}: has no effect, it is {why}; freeze other operators")
    return again


def needed(recording: Recording, graph: Graph) -> Recording:
    """Return the recording with only those streams as input that somebody still reads: others may stand in it by reference only."""
    manifest, sources = recording.manifest, set(graph.sources())
    streams = {name: info if name in sources else replace(info, role="out") for name, info in manifest.streams.items()}
    return replace(recording, manifest=replace(manifest, streams=streams))


def unmeasured(session: Any, changed: list[str]) -> Any:
    """Let stages that do something else cost what they declare, not what the others were measured to cost."""
    names = {each.partition("=")[0] for each in changed}
    if not isinstance(session, Session) or not session.costs or not names:
        return session
    costs: Mapping[tuple[str, int], int] = type(session.costs)({key: cost for key, cost in session.costs.items() if key[0] not in names})  # type: ignore[call-arg]
    return replace(session, costs=costs or None)


def noted_what_if(args: argparse.Namespace) -> dict[str, Any]:
    """Return what a trace keeps of it."""
    return {name: given for name in ("freeze", "replace") if (given := getattr(args, name))}
