"""Compare two traces and show the first event that differs, with what fed it. Exits 1 where they differ."""

from __future__ import annotations

import argparse
import json

from omniflow_graph.trace.diff import diff
from omniflow_graph.trace.stored import load_trace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("a", metavar="A", help="a trace.mcap, or a folder that holds one")
    parser.add_argument("b", metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Compare, print, and return 1 if they differ."""
    a, b = load_trace(args.a), load_trace(args.b)
    found = diff(a, b)
    if args.json:
        first = {"edge": found.edge, "time_s": found.time / 1e9, "index": found.index, "fed_by": found.fed_by.splitlines()} if found else None
        print(json.dumps({"equal": found is None, "first": first, "digest": [a.digest, b.digest]}))
    else:
        print(found if found else f"equal: {len(a.edges)} edges, digest {a.digest['media'][:16]}")
    return 1 if found else 0
