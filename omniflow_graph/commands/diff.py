"""Compare two traces and show the first event that differs, with what fed it. Exits 1 where they differ."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from omniflow_graph.events import SECOND
from omniflow_graph.trace.diff import Difference, diff
from omniflow_graph.trace.stored import load_trace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("a", metavar="A", help="a trace.mcap, or a folder that holds one")
    parser.add_argument("b", metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Compare, print, and return 1 if they differ."""
    a, b = (load_trace(path, tell=_warn) for path in (args.a, args.b))
    found = diff(a, b)
    if args.json:
        print(json.dumps({"equal": found is None, "first": found and _plain(found), "digest": [a.digest, b.digest]}))
    else:
        print(found if found else f"equal: {len(a.edges)} edges, digest {a.digest['media'][:16]}")
    return 1 if found else 0


def _warn(damage: str) -> None:
    print(f"omniflow: warning: {damage}", file=sys.stderr)


def _plain(found: Difference) -> dict[str, Any]:
    known = found.a is not None or found.b is not None  # the event, and not only the edge
    time, index = (found.time / SECOND, found.index) if known else (None, None)
    return {"edge": found.edge, "time_s": time, "index": index, "fed_by": found.fed_by.splitlines()}
