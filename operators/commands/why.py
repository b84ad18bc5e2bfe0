"""Say why the assistant spoke: the chain word <- wave <- decision <- window <- frames and samples."""

from __future__ import annotations

import argparse
import json

from omniflow_graph.events import SECOND, seconds
from omniflow_graph.trace.stored import load_trace
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import at, brief, chain, explain, find


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("trace", metavar="TRACE", help="a trace.mcap, or the folder that `omniflow replay --out` wrote")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--window", type=int, metavar="K", help="why window K was decided so")
    which.add_argument("--at", type=float, metavar="S", help="what sounded at this second; default: the first sound")
    which.add_argument("--turn", type=int, metavar="N", help="the N-th turn, counted from 1")
    parser.add_argument("--edge", default=None, metavar="NAME", help="look at another edge")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Find the event, and print what caused it."""
    trace = load_trace(args.trace)
    links = chain(trace, *chosen(trace, args))
    if args.json:
        rows = [
            {"depth": n.depth, "edge": n.event.stream, "seqs": [n.event.seq, n.last], "time_s": n.event.time / SECOND, "data": brief(n.event.data)}
            for n in links
        ]
        print(json.dumps({"chain": rows}))
    else:
        print(explain(links))
    return 0


def chosen(trace: Trace, args: argparse.Namespace) -> tuple[str, int]:
    """Return edge and seq of the event that was asked for. Raises KeyError if there is none."""
    if args.window is not None:
        edge = args.edge or "decide"
        windows = [name for name, node in trace.graph.nodes.items() if node.kind == "align"]
        for event in trace[edge]:
            if any(stream in windows and first <= args.window <= last for stream, first, last in event.made_of):
                return edge, event.seq
        raise KeyError(f"edge {edge!r} holds nothing made of window {args.window}; it has {len(trace[edge])} events")
    edge = args.edge or "out-stream"
    if args.turn is not None:
        from operators.turns import turns

        spoken = turns(trace)
        if not 1 <= args.turn <= len(spoken):
            raise KeyError(f"there is no turn {args.turn}; the trace has {len(spoken)}")
        return edge, at(trace, edge, spoken[args.turn - 1].start).seq
    if args.at is not None:
        return edge, at(trace, edge, seconds(args.at)).seq
    if not trace[edge]:
        raise KeyError(f"edge {edge!r} holds no event: the assistant said nothing; try --window 0")
    return edge, find(trace, edge, trace[edge][0].seq).seq
