"""Prepare the replay of one recording as it is asked for: which graph is run, over what. Done again, it comes to the same."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, NamedTuple

from omniflow_graph import Graph, Trace
from omniflow_graph.engine.replay import feed_of
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.trace.twice import Apart, Way, again
from operators.commands.fitting import check_streams
from operators.commands.settings import noted, options
from operators.commands.what_if import frozen, needed, noted_what_if, replaced, unmeasured, window_of_trace


class Prepared(NamedTuple):
    """Hold what is run."""

    args: argparse.Namespace
    recording: Recording
    given: dict[str, Any]  # to the graph's function
    graph: Graph
    session: Any

    @property
    def noted(self) -> dict[str, Any]:
        """Return what the trace keeps of the options."""
        return {**noted(self.args, self.given), **noted_what_if(self.args)}


def prepare(args: argparse.Namespace, recording: Recording) -> Prepared:
    """Build the graph, and open the session that it is run over. Raises what is wrong with either."""
    what_if = args.freeze or args.replace
    session = None if what_if else feed_of(recording, args.cost)  # a trace may lack what only the frozen ones needed
    given = options(args, recording)
    graph = load_graph(args.graph, given)
    if what_if and args.window is None and (window := window_of_trace(graph, recording)) is not None:
        given["window"] = window
        graph = load_graph(args.graph, given)
    if what_if:
        graph = frozen(replaced(graph, args.replace), args.freeze, recording, args.replace)
        recording = needed(recording, graph) if args.freeze else recording
    check_streams(graph, recording)
    return Prepared(args, recording, given, graph, unmeasured(session or feed_of(recording, args.cost), args.replace))


def same_again(trace: Trace, args: argparse.Namespace, recording: Recording) -> Apart | None:
    """Run it all again, otherwise, and return the first event that differs; None if none does."""
    asked = {name: value for name, value in vars(args).items() if name not in ("module", "command")}
    return again({trace.session: trace}, "operators.commands.preparing:run_again", {"asked": asked, "path": str(recording.path)})


def run_again(way: Way, *, asked: dict[str, Any], path: str) -> Iterator[tuple[str, Trace]]:
    """Do in another process what was asked for in the first one."""
    args = argparse.Namespace(**asked)
    prepared = prepare(args, open_recording(path))
    yield prepared.session.name, way.replay(prepared.graph, prepared.session, seed=args.seed, cost=args.cost)
