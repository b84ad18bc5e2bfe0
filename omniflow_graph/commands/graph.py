"""Print a graph: its operators, types, rates of sound, costs, feedback and islands."""

from __future__ import annotations

import argparse

from omniflow_graph.graph.loading import load_graph


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("graph", metavar="MODULE:FUNCTION", nargs="?", default="operators.duplex:duplex", help="default: %(default)s")
    parser.add_argument("--model", help="handed to the function")
    parser.add_argument("--window", type=float, help="seconds, handed to the function")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--mermaid", action="store_true", help="draw a Mermaid flowchart instead")
    how.add_argument("--svg", action="store_true", help="draw a picture instead")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    if args.window is not None and not 0 < args.window <= 1e9:
        raise ValueError(f"--window: wants seconds, more than 0 and up to 1e9, got {args.window}")
    graph = load_graph(args.graph, {"model": args.model, "window": args.window})
    print(graph.mermaid() if args.mermaid else graph.svg() if args.svg else graph.text())
    return 0
