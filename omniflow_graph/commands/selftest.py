"""Run a graph described in JSON, with its events, and print everything that came out: to compare engines."""

from __future__ import annotations

import argparse
import json

from omniflow_graph.selftest import run_file


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("case", metavar="GRAPH.json", help='a file that holds {"graph": ..., "events": ...}')
    parser.add_argument("--engine", choices=("bytewax", "direct"), default="bytewax")
    parser.add_argument("--batch", type=int, default=256, metavar="N", help="events that enter at a time")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="threads (Bytewax only)")
    parser.add_argument("--json", action="store_true", help="print on one line")


def run(args: argparse.Namespace) -> int:
    """Run the case and print its report."""
    report = run_file(args.case, args.engine, args.batch, args.workers)
    print(json.dumps(report, indent=None if args.json else 1))
    return 0
