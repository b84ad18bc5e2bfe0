"""Reduce a recording that breaks a property to a small one that still breaks it in the same way. Exits 1 where nothing is broken.

A property is a function of the trace; it fails by returning False or raising AssertionError. What is found is a recording:
it opens, and replays to the same failure. Of a trace the run is repeated that it is of, as far as nothing else is asked for.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from omniflow_graph.clock import wall_seconds
from omniflow_graph.engine.replay import COSTS, check_seed
from omniflow_graph.events import SECOND
from omniflow_graph.recording import open_recording
from omniflow_graph.recording.named import named
from operators.commands.settings import DEFAULT_GRAPH
from operators.commands.what_if import as_it_was, function
from simulations.commands.shrinkable import shrinkable, write_case
from simulations.shrinking.failures import Failure
from simulations.shrinking.reductions import Case
from simulations.shrinking.shrink import MOST, Shrunk, grid_of, shrink


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recording", metavar="REC", help="a recording, or a trace with its inputs in it (--copy-inputs, or of a simulation)")
    parser.add_argument("--property", metavar="M:F", required=True, help="module:function of a trace, which returns False or raises AssertionError")
    parser.add_argument("--graph", metavar="M:F", default=DEFAULT_GRAPH, help="module:function; default: %(default)s")
    parser.add_argument("--model", metavar="NAME", help="scripted, scripted-fast, recorded; default: as of `omniflow replay`")
    parser.add_argument("--script", metavar="FILE", help="YAML with what a scripted model says when")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: 1.0, or that of the trace")
    parser.add_argument("--playback", choices=("recorded", "simulated"), help="what was heard: from the recording, or from a player in the graph")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other parameter of the graph's function")
    parser.add_argument("--seed", type=int, metavar="N", help="default: 0, or that of the trace")
    parser.add_argument("--cost", choices=COSTS, default=COSTS[0], help="of stages, as of `omniflow replay`")
    parser.add_argument("--fault", action="append", default=[], metavar="EDGE=FAULT", help="as in a scenario, such as env-audio=loss(permille=20)")
    parser.add_argument("--out", metavar="FILE", help="where what is found goes; default: NAME.min.mcap, here")
    parser.add_argument(
        "--budget", type=float, default=60.0, metavar="S", help="stop after so many seconds, with what there is; default: %(default)s"
    )
    parser.add_argument("--tries", type=int, default=MOST, metavar="N", help="stop after so many runs; default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.set_defaults(freeze=[])


def run(args: argparse.Namespace) -> int:
    """Shrink, write what is found, and say what it is. Returns 1 if the recording does not break the property."""
    began = wall_seconds()
    recording = open_recording(named(args.recording))
    out = Path(args.out or f"{recording.path.name.removesuffix('.mcap')}.min.mcap")
    _check(args, out, recording.path)
    what = shrinkable(as_it_was(args, recording), recording, function(args.property, "--property"))
    failure = what.failure(what.case)
    told: dict[str, Any] = {"recording": str(recording.path), "session": what.case.session.name, "property": args.property, "fails": bool(failure)}
    if failure is None:
        _tell(args, told, [f"{recording.path}: {args.property} does not fail, so there is nothing to shrink"])
        return 1
    found = shrink(
        what.case,
        what.fails(failure),
        grid=grid_of(what.graph),
        sound=what.sound,
        within=lambda: wall_seconds() - began < args.budget,
        most=args.tries,
    )
    last = write_case(out, found.case, what, failure)
    wall = round(wall_seconds() - began, 3)
    told |= {"failure": last._asdict(), "out": str(out), "tries": found.tries, "known": found.known, "wall_s": wall, "done": found.done}
    told |= {"from": _size(what.case), "to": _size(found.case)}
    _tell(args, told, _said(args, told, failure, last, found))
    return 0


def _check(args: argparse.Namespace, out: Path, recording: Path) -> None:
    if not 0 < args.budget < float("inf") or args.tries < 1:
        raise ValueError(f"shrink: wants a --budget of more than 0 s and 1 of --tries or more, got {args.budget} and {args.tries}")
    if args.seed is not None:
        check_seed(args.seed, "--seed: wants")
    if out.is_dir() or out.resolve() == recording.resolve():
        raise ValueError(f"--out {out}: is a folder, or the recording itself; name another file that ends in .mcap")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"--out {out}: there is no such folder; make it, or name another one")


def _size(case: Case) -> dict[str, Any]:
    streams = {name: len(events) for name, events in case.session.sources.items()}
    return {"length_s": case.end / SECOND, "events": case.events, "streams": streams, "faults": [f"{edge}={text}" for edge, text in case.faults]}


def _said(args: argparse.Namespace, told: dict[str, Any], first: Failure, last: Failure, found: Shrunk) -> list[str]:
    before, after = told["from"], told["to"]
    held = ", ".join(f"{n} of {name}" for name, n in after["streams"].items() if n) or "none at all"
    faults = [f"with {', '.join(after['faults'])}"] if after["faults"] else ["without faults"] if before["faults"] else []
    more = "nothing more can be taken away" if found.done else "the budget is spent; with a larger --budget, or more --tries, more may go"
    return [
        f"{told['recording']}: {first}",
        f"{told['out']}: {last}",
        "; ".join(
            [
                f"{after['length_s']:.2f} s instead of {before['length_s']:.2f} s, {after['events']} events instead of {before['events']}: {held}",
                *faults,
            ]
        ),
        f"{found.tries} runs in {told['wall_s']:.1f} s, {found.known} more were known; {more}",
    ]


def _tell(args: argparse.Namespace, told: dict[str, Any], lines: list[str]) -> None:
    print(json.dumps(told) if args.json else "\n".join(lines))
