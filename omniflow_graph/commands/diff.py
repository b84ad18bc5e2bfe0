"""Compare two traces and show the first event that differs, with what fed it. Exits 1 where they differ.

Before that stands in what the runs differ: their recording, model, seed, graph, windows and options.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from typing import Any

from omniflow_graph.events import SECOND
from omniflow_graph.trace.diff import Difference, diff, not_compared
from omniflow_graph.trace.stored import about, load_trace, open_trace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("a", metavar="A", help="a trace.mcap, or a folder that holds one")
    parser.add_argument("b", metavar="B", help="the other one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Compare, print, and return 1 if they differ."""
    damage: list[str] = []
    of_a, of_b = (about(open_trace(path).manifest) for path in (args.a, args.b))
    a, b = (load_trace(path, tell=damage.append) for path in (args.a, args.b))
    runs = {name: (of_a.get(name), of_b.get(name)) for name in {**of_a, **of_b} if of_a.get(name) != of_b.get(name)}
    found, apart = diff(a, b), not_compared(a, b)
    for words in damage:
        print(f"omniflow: warning: {words}", file=sys.stderr)
    if args.json:
        told = {"equal": not found and not damage, "first": found and _plain(found), "digest": [a.digest, b.digest], "damage": damage}
        print(json.dumps({**told, "runs": runs, **({"not_compared": apart} if apart else {})}))
        return 1 if found or damage else 0
    for name, (mine, other) in runs.items():
        print(f"{name}: a {_short(mine)}, b {_short(other)}")
    if apart:
        print(f"not compared, since one run left them out with what is frozen: {', '.join(apart)}")
    if found or damage:
        print(found or "no difference in what can be read of both; one is damaged, so they are not called equal")
    else:
        print(f"equal: {len(a.edges.keys() - {*apart})} edges, digest {a.digest['media'][:16]}")
    if found:
        print(f"side by side, on one page: omniflow report {shlex.quote(args.a)} {shlex.quote(args.b)}")
    return 1 if found or damage else 0


def _short(value: Any) -> str:
    """Write what is known of a run on one line; of a hash, as much as tells it from another."""
    text = "none" if value is None else ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else str(value)
    return text[:12] if re.fullmatch("[0-9a-f]{64}", text) else " ".join(text.split())


def _plain(found: Difference) -> dict[str, Any]:
    known = found.a is not None or found.b is not None  # the event, and not only the edge
    time, index = (found.time / SECOND, found.index) if known else (None, None)
    return {"edge": found.edge, "time_s": time, "index": index, "fed_by": found.fed_by.splitlines()}
