"""Replay many recordings in one run: each sums itself up where it ends, so that none has to be held in memory."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from omniflow_graph.canonical import pack
from omniflow_graph.clock import wall_seconds
from omniflow_graph.engine.cluster import Job, run_cluster, run_job
from omniflow_graph.graph.hashing import graph_hash
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.recording import Recording
from operators.commands.fitting import check_streams
from operators.commands.outcome import folder_name, timed
from operators.commands.settings import noted, options, portable, warm
from operators.commands.stopping import Stop


def replay_several(args: argparse.Namespace, opened: list[Recording], stop: Stop, tell: Callable[[str, int], None], began: float) -> dict[str, Any]:
    """Replay recordings and return `{"sessions": [...]}` in their order, and how long it took."""
    names = [folder_name(recording.manifest.session) for recording in opened]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        paths = ", ".join(str(recording.path) for recording, name in zip(opened, names) if name in twice)
        raise ValueError(f"{paths}: are all of a session called {', '.join(twice)}; replay them one at a time, or import them under other names")
    found: dict[str, Any] = {}
    loaded = wall_seconds()
    for n, (given, group) in enumerate(_groups(args, opened)):
        graph = load_graph(args.graph, given | {"recording": group[0]})
        for recording in group:
            check_streams(graph, recording)
        warm(graph)
        if n == 0:
            loaded = wall_seconds()
        if not stop.signal:
            found |= _run(args, _job(args, given, group, n), graph, stop, tell)
    sessions = [found[recording.manifest.session] for recording in opened if recording.manifest.session in found]
    duration = sum(each["duration_s"] for each in sessions)
    complete = len(sessions) == len(opened) and all(each["complete"] for each in sessions)
    return {"sessions": sessions, "duration_s": duration, "complete": complete, **timed(duration, wall_seconds() - loaded, loaded - began)}


def _groups(args: argparse.Namespace, opened: list[Recording]) -> Iterator[tuple[dict[str, Any], list[Recording]]]:
    """Put together what one graph can be handed: the same options; a model that gives a recording back has that one alone."""
    groups: dict[Any, tuple[dict[str, Any], list[Recording]]] = {}
    for recording in opened:
        given = portable(options(args, recording))
        key = recording.path if given["model"] == "recorded" else pack(given)
        groups.setdefault(key, (given, []))[1].append(recording)
    yield from groups.values()


def _job(args: argparse.Namespace, given: dict[str, Any], group: list[Recording], n: int) -> Job:
    paths = {recording.manifest.session: str(recording.path) for recording in group}
    finishing = {"recordings": paths, "out": args.out, "model": given["model"], "copy_inputs": args.copy_inputs, "run": noted(args, given)}
    return Job(
        args.graph, tuple(paths.values()), given, args.seed, args.batch, args.workers, None, args.cost,
        "operators.commands.outcome:finished", finishing, str(Path(args.recover) / str(n)) if args.recover else None,
    )  # fmt: skip


def _run(args: argparse.Namespace, job: Job, graph: Any, stop: Stop, tell: Callable[[str, int], None]) -> dict[str, Any]:
    if job.recovery:
        lengths = {path: Path(path).stat().st_size if Path(path).is_file() else 0 for path in job.recordings}
        about = [graph_hash(graph), job.options, job.seed, job.cost, job.finishing["out"], job.finishing["copy_inputs"], lengths]
        job.recovery.prepare({"run": about})

    def control(run: Any) -> None:
        stop.run = run

    def warn(words: str) -> None:
        print(f"omniflow: {words}", file=sys.stderr)

    cluster = (args.process, args.addresses.split(";")) if args.addresses else None
    with ExitStack() as held:
        held.callback(stop.quiet.speak)
        inherited = (held.enter_context(job.recovery.locked()),) if job.recovery and not cluster else ()  # hosts share a folder
        if args.processes > 1:
            return run_cluster(job, graph, args.processes, control=control, warn=warn, inherited=inherited)
        return run_job(job, cluster=cluster, control=control, progress=tell)
