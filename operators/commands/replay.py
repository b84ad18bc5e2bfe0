"""Replay a recording through the pipeline and show what was said, when and why: the same digest every time."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from omniflow_graph.clock import VirtualClock, wall_seconds
from omniflow_graph.engine.messages import BATCH
from omniflow_graph.engine.replay import COSTS, check_seed
from omniflow_graph.events import SECOND
from omniflow_graph.files import cleared
from omniflow_graph.graph.graph import Graph
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.recording.named import brought, named, recordings_at
from omniflow_graph.trace.trace import Trace, Tracer
from omniflow_graph.trace.twice import SAME, told
from operators.commands.outcome import folder_name, outcome, show, show_all, timed, write_files
from operators.commands.preparing import prepare, same_again
from operators.commands.served import as_served
from operators.commands.settings import DEFAULT_GRAPH, add_echo, given_back, portable, warm
from operators.commands.several import replay_several
from operators.commands.stopping import Stop, stoppable
from operators.commands.what_if import add_what_if, as_it_was

MOST = {"workers": 256, "processes": 64, "batch": 1_000_000}  # a typo is not to take the machine down
SLOWEST = 0.001  # pace; at a millionth of that the next event may have no date on the wall


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recordings", metavar="REC", nargs="+", help=f"recordings, folders of them, or bundled ones: {', '.join(brought())}")
    parser.add_argument("--graph", metavar="M:F", default=DEFAULT_GRAPH, help="module:function; default: %(default)s")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="scripted, scripted-fast, nano, recorded; default: the recorded one, else nano in its own world, else scripted",
    )
    parser.add_argument("--script", metavar="FILE", help="YAML with what a scripted model says when")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: 1.0, or that of the trace given back")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other parameter of the graph's function")
    add_echo(parser)
    parser.add_argument("--seed", type=int, metavar="N", help="default: 0; with --freeze or --replace that of the trace")
    parser.add_argument("--engine", choices=("bytewax", "direct"), default="bytewax", help="direct: without Bytewax, for debugging")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="threads")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes of this machine")
    parser.add_argument("--addresses", metavar="A;B", help="host:port of each process of a cluster; start one on each host, with its --process")
    parser.add_argument("--process", type=int, metavar="I", help="which one of --addresses this is, counted from 0")
    parser.add_argument("--recover", metavar="DIR", help="keep there how far it is; the same command goes on after a crash")
    parser.add_argument("--batch", type=int, default=BATCH, metavar="N", help="events that enter at a time")
    parser.add_argument("--pace", type=float, metavar="X", help="1.0: in real time; default: as fast as possible")
    parser.add_argument("--playback", choices=("recorded", "simulated"), help="what was heard: from the recording, or from a player in the graph")
    what = "of stages: as measured where the recording has that, else as declared (default); as a trace recorded them; as declared now"
    parser.add_argument("--cost", choices=COSTS, default=COSTS[0], help=what)
    add_what_if(parser)
    parser.add_argument("--twice", action="store_true", help="run everything again, otherwise, and show the first event that differs; exit 1")
    parser.add_argument("--out", metavar="DIR", help="write trace.mcap, speech.wav and turns.json there")
    parser.add_argument("--report", metavar="FILE", help="write a page that shows why it spoke: HTML")
    parser.add_argument("--copy-inputs", action="store_true", help="put the input into trace.mcap, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Replay, print the turns, write the files. Returns 0, 1 if it does not come out the same twice, or 128 + the signal that stopped it."""
    args.seed = args.seed if args.freeze or args.replace else args.seed or 0  # of a trace it is known
    _check(args)
    found: dict[str, Any] = {}
    with stoppable() as stop, cleared(Path(args.out)) if args.out else nullcontext():
        try:
            found = _replay(args, stop)
        except BaseException:
            stop.quiet.speak()
            if not stop.at_once:
                raise
            print("omniflow: stopped at once", file=sys.stderr)
    return 128 + stop.signal if stop.signal else int(bool(found.get("apart")))


def _replay(args: argparse.Namespace, stop: Stop) -> dict[str, Any]:
    began = wall_seconds()
    opened = [open_recording(path) for each in args.recordings for path in recordings_at(named(each))]
    if args.out:
        make_folder(Path(args.out))
        for recording in opened:
            own = Path(args.out, folder_name(recording.manifest.session), "trace.mcap")  # where it goes if there are several
            if recording.path.resolve() in (each.resolve() for each in (Path(args.out, "trace.mcap"), Path(args.out), own, own.parent)):
                raise ValueError(f"--out {args.out}: holds the recording that is replayed; name another folder")
    as_served(args, opened)
    several = len(opened) > 1 or args.recover or args.addresses
    _check_alone(args, several)
    if args.freeze or args.replace:
        args = as_it_was(args, opened[0])
    replay = replay_several if several else _replay_one
    with progress(longest(opened), shown=not args.json and sys.stderr.isatty()) as tell:
        found = replay(args, opened, stop, tell, began)
    if len(opened) == 1 and several:
        found = (found["sessions"] or [{}])[0] | {key: value for key, value in found.items() if key != "sessions"}
    if words := given_back(args, opened):
        print(f"omniflow: {words}", file=sys.stderr)
    for each in found.get("sessions", [found]):
        for words in (each.get("damage"), *each.get("warnings", ())):
            if words:
                print(f"omniflow: warning: {words}", file=sys.stderr)
    if args.json:
        print(json.dumps(found))
    elif len(opened) == 1 and "turns" in found:
        show(found, opened[0])
        if "apart" in found:
            print(found["apart"]["words"] if found["apart"] else SAME)
    elif "sessions" in found:
        show_all(found)
    if args.recover and stop.signal:
        print(f"omniflow: stopped; the same command goes on from {args.recover}", file=sys.stderr)
    return found


def _check_alone(args: argparse.Namespace, several: Any) -> None:
    for name in ("freeze", "replace", "twice", "report"):
        if getattr(args, name) and several:
            raise ValueError(f"--{name}: is for one recording at a time, without --recover and --addresses")
        if getattr(args, name) and name in ("freeze", "replace") and args.processes > 1:
            raise ValueError(f"--{name}: goes with --processes 1; other processes would not know of it")


def _replay_one(args: argparse.Namespace, opened: list[Recording], stop: Stop, tell: Callable[[str, int], None], began: float) -> dict[str, Any]:
    (recording,) = opened
    prepared = prepare(args, recording)
    given, whole, recording = prepared.given, recording, prepared.recording
    warm(prepared.graph)
    loaded = wall_seconds()
    try:
        trace = _run(args, prepared.graph, given, prepared.session, stop, tell)
    finally:
        stop.quiet.speak()
    wall = wall_seconds() - loaded
    found = outcome(trace, recording)
    found |= timed(found["duration_s"], wall, loaded - began)
    if args.out:
        run = prepared.noted
        found["files"] = write_files(Path(args.out), trace, recording, found, model=given["model"], copy_inputs=args.copy_inputs, run=run)
    if args.report:
        from operators.report.page import write_page

        found["files"]["report"] = str(write_page(Path(args.report), [(trace, recording.session())]))
    if args.twice and trace.complete:
        found["apart"] = told(same_again(trace, args, whole))
    return found


def longest(opened: list[Recording]) -> int:
    """Return how long all sessions are together, as far as it is known."""
    return sum(recording.manifest.end or 0 for recording in opened)


def _check(args: argparse.Namespace) -> None:
    for name, most in MOST.items():
        if not 1 <= getattr(args, name) <= most:
            raise ValueError(f"--{name}: wants 1 to {most}, got {getattr(args, name)}")
    if args.seed is not None:
        check_seed(args.seed, "--seed: wants")
    if args.window is not None and not 0 < args.window <= 1e9:
        raise ValueError(f"--window: wants seconds, more than 0 and up to 1e9, got {args.window}")
    if args.pace is not None and not SLOWEST <= args.pace < float("inf"):
        raise ValueError(f"--pace: wants {SLOWEST} or more, got {args.pace}")
    if args.engine == "direct" and args.pace:
        raise ValueError("--pace: goes with --engine bytewax; the direct engine only runs as fast as it can")
    alone = args.engine == "direct" or args.pace
    for name, given in (("processes", args.processes > 1), ("addresses", args.addresses), ("recover", args.recover)):
        if given and alone:
            raise ValueError(f"--{name}: goes with --engine bytewax and without --pace")
    if (args.addresses is None) != (args.process is None) or (args.addresses and not 0 <= args.process < len(args.addresses.split(";"))):
        raise ValueError("--addresses: wants host:port;host:port and --process, which of them this is, counted from 0")


def make_folder(folder: Path) -> None:
    """Make the folder for what comes out. Raises ValueError if it cannot be, or cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--out {folder}: cannot be made ({error.strerror}); name another folder") from None
    if not os.access(folder, os.W_OK):
        raise ValueError(f"--out {folder}: cannot be written to; name another folder")


def _run(args: argparse.Namespace, graph: Graph, given: dict[str, Any], session: Any, stop: Stop, tell: Callable[[str, int], None]) -> Trace:
    if args.engine == "direct":
        from omniflow_graph.engine.direct import run_direct

        return run_direct(graph, session, seed=args.seed)
    if args.processes > 1:
        from omniflow_graph.engine.cluster import Job, run_cluster

        job = Job(args.graph, (str(given["recording"].path),), portable(given), args.seed, args.batch, args.workers, None, args.cost)
        traces = run_cluster(job, graph, args.processes, control=lambda run: setattr(stop, "run", run))
        return traces.get(session.name) or Tracer(graph, session.name, args.seed).close({}, complete=False)  # it had not begun
    from omniflow_graph.engine.flow import compile_flow

    return compile_flow(graph).run(
        [session],
        seed=args.seed,
        batch=args.batch,
        workers=args.workers,
        clock=VirtualClock(args.pace),
        progress=tell,
        control=lambda run: setattr(stop, "run", run),
    )[session.name]


@contextmanager
def progress(total: int, *, shown: bool) -> Iterator[Callable[[str, int], None]]:
    """Show a progress bar on stderr, fed with session times."""
    if not shown:
        yield lambda session, time: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("replaying"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    )
    with bar:
        task = bar.add_task("replay", total=total, at="")
        reached: dict[str, int] = {}

        def tell(session: str, time: int) -> None:
            reached[session] = time
            bar.update(task, completed=sum(reached.values()), at=f"{sum(reached.values()) / SECOND:.1f} s")

        yield tell
