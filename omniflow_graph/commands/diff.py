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
    damage: list[str] = []
    a, b = (load_trace(path, tell=damage.append) for path in (args.a, args.b))
    found = diff(a, b)
    for words in damage:
        print(f"omniflow: warning: {words}", file=sys.stderr)
    if args.json:
        print(json.dumps({"equal": not found and not damage, "first": found and _plain(found), "digest": [a.digest, b.digest], "damage": damage}))
    elif found or damage:
        print(found or "no difference in what can be read of both; one is damaged, so they are not called equal")
    else:
        print(f"equal: {len(a.edges)} edges, digest {a.digest['media'][:16]}")
    return 1 if found or damage else 0


def _plain(found: Difference) -> dict[str, Any]:
    known = found.a is not None or found.b is not None  # the event, and not only the edge
    time, index = (found.time / SECOND, found.index) if known else (None, None)
    return {"edge": found.edge, "time_s": time, "index": index, "fed_by": found.fed_by.splitlines()}
