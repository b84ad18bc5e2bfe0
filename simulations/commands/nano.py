"""Evaluate the model nano in closed loop: sessions drawn from a seed, voices that it was not trained with, played through the graph."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import operators
from omniflow_graph.commands.console import console
from omniflow_graph.engine.replay import check_seed
from simulations.nano.evaluation import Played, evaluate, refuse_trained
from simulations.nano.judging import metrics
from simulations.nano.voices import SPLITS

MANIFEST = Path(operators.__file__).parent / "nano" / "checkpoint" / "manifest.json"
MOST = 100_000  # sessions
LONGEST = 86_400  # seconds


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("what", metavar="eval", choices=["eval"], help="play sessions it was not trained with, and print how it does")
    parser.add_argument("--sessions", type=int, default=300, metavar="N", help="how many, of 20 s each; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the first one's seed; the next have the next; default: 0")
    parser.add_argument("--length", type=float, default=20.0, metavar="S", help="of a session, in seconds: it may last an hour; default: 20")
    parser.add_argument("--window", type=float, default=1.0, metavar="S", help="length of a window in seconds; default: 1.0")
    parser.add_argument(
        "--voices", default="heldout", metavar="NAME", help=f"whose: {', '.join(name for name in SPLITS if name != 'train')}; default: heldout"
    )
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="spread the sessions over so many; default: all cores"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Play, judge, print. Raises ValueError for sessions that tell nothing, as the model was trained with them."""
    check_seed(args.seed, "--seed: wants")
    if not 1 <= args.sessions <= MOST or not 1 <= args.processes <= 64 or not 5 <= args.length <= LONGEST:
        got = f"{args.sessions}, {args.processes} and {args.length:g} s"
        raise ValueError(f"nano eval: wants 1 to {MOST} sessions, 1 to 64 processes and 5 to {LONGEST} s, got {got}")
    seeds = range(args.seed, args.seed + args.sessions)
    if not MANIFEST.is_file():
        raise ValueError(f"nano eval: there are no weights, as {MANIFEST} is missing; train them with `make nano`")
    refuse_trained(MANIFEST, args.voices, seeds)
    from operators.nano.model import looked

    played = Played(args.voices, args.window, args.length)
    found = metrics(evaluate(seeds, played, processes=min(args.processes, args.sessions), looked=looked))
    if args.json:
        print(
            json.dumps(
                {"voices": args.voices, "seed": args.seed, "sessions": args.sessions, "length": args.length, "window": args.window, "metrics": found}
            )
        )
    else:
        _show(found)
    return 0


def _show(found: dict) -> None:
    from rich.table import Table

    table = Table(box=None)
    for head in ("measure", "value", "n"):
        table.add_column(head, justify="left" if head == "measure" else "right")
    for name, value in found.items():
        if name != "n":
            n = found["n"].get(name, found["n"][{"false": "minutes", "sound": "sound"}.get(name.partition("_")[0], "latency")])
            table.add_row(name, "-" if value is None else f"{value:.3f}", str(n))
    console().print(table)
