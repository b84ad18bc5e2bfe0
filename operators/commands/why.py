"""Say why the assistant spoke: the chain word <- wave <- decision <- window <- frames and samples.

Of any other graph --edge names where to begin, and --at when; without --at it begins at the first event.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from omniflow_graph.events import SECOND
from omniflow_graph.trace.stored import load_trace
from omniflow_graph.trace.why import Link, brief, explain
from operators.reasons import why


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("trace", metavar="TRACE", help="a trace.mcap, or the folder that `omniflow replay --out` wrote")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--window", type=int, metavar="K", help="why window K was decided so")
    which.add_argument("--at", type=float, metavar="S", help="what sounded at this second; default: the first sound")
    which.add_argument("--turn", type=int, metavar="N", help="the N-th turn, counted from 1")
    parser.add_argument("--edge", default=None, metavar="NAME", help="look at another edge; of a graph in which nobody speaks, always")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Find the event, and print what caused it."""
    if args.at is not None and not 0 <= args.at <= 1e9:
        raise ValueError(f"--at: wants a second of the session, 0 to 1e9, got {args.at}")
    trace = load_trace(args.trace)
    links = why(trace, window=args.window, turn=args.turn, second=args.at, edge=args.edge)
    if args.json:
        print(json.dumps({"chain": [_plain(link) for link in links]}))
    else:
        print(explain(links))
    return 0


def _plain(link: Link) -> dict[str, Any]:
    more = [{"between": between, "seq": event.seq, "time_s": event.time / SECOND, "data": brief(event.data)} for between, event in link.more]
    event = link.event
    seqs = [event.seq, link.last]
    return {"depth": link.depth, "edge": event.stream, "seqs": seqs, "time_s": event.time / SECOND, "data": brief(event.data), "more": more}
