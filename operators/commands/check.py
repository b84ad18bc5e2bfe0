"""Replay recordings and say whether they come out as expected; show the first event that does not. Exits 1 where one differs.

What is expected stands beside each recording in NAME.expected.json, with the options of its run; --accept writes it.
Options that are given go before those that are kept there: to try something, or, with --accept, to keep it.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from omniflow_graph.commands.console import console
from omniflow_graph.engine.replay import COSTS
from omniflow_graph.events import SECOND, Event
from omniflow_graph.recording.named import named
from omniflow_graph.trace.diff import Difference
from omniflow_graph.trace.twice import told
from omniflow_graph.trace.why import brief
from operators.commands.checking import Checked, check
from operators.commands.settings import DEFAULT_GRAPH
from operators.pinned.expectation import EVERYWHERE, HERE, WIDTH
from operators.pinned.expectation_file import place, recordings_in, write
from operators.turns import said


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("dir", metavar="DIR", help="a folder of recordings, or one recording")
    parser.add_argument("--accept", action="store_true", help="keep what comes out as what is expected, and say what changed")
    parser.add_argument("--graph", metavar="M:F", help=f"module:function; default: {DEFAULT_GRAPH}")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="scripted, scripted-fast, nano, recorded; default: the recorded one, else nano in its own world, else scripted",
    )
    parser.add_argument("--script", metavar="FILE", help="YAML with what a scripted model says when")
    parser.add_argument("--window", type=float, metavar="S", help="length of a window in seconds; default: 1.0, or that of the trace given back")
    parser.add_argument("--seed", type=int, metavar="N", help="default: 0")
    parser.add_argument("--playback", choices=("recorded", "simulated"), help="what was heard: from the recording, or from a player in the graph")
    parser.add_argument("--cost", choices=COSTS, help=f"of stages, as of `omniflow replay`; default: {COSTS[0]}")
    parser.add_argument(
        "--exact", choices=(EVERYWHERE, HERE), help="where digests hold; default: everywhere for models in integers, else on machines like this one"
    )
    parser.add_argument("--twice", action="store_true", help="run each again, otherwise, and show the first event that differs; exit 1")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Replay, compare, print, write what is accepted. Returns 1 if a recording is not as expected and was not accepted, or not the same twice."""
    if args.exact and not args.accept:
        raise ValueError("--exact: is kept in the expectation; it goes with --accept")
    recordings = recordings_in(named(args.dir))
    found = [check(name, path, args) for name, path in recordings.items()]
    for each in found:
        if args.accept and each.now and each.now != each.expected and not each.apart:
            write(place(recordings[each.name]), each.now)
    if args.json:
        print(json.dumps({"recordings": [_plain(each) for each in found], "equal": all(each.equal for each in found)}))
    else:
        _show(found)
    return 0 if all((each.equal or (args.accept and each.now)) and not each.apart for each in found) else 1


def _plain(found: Checked) -> dict[str, Any]:
    comparison = found.comparison
    return {
        "recording": found.name,
        "verdict": found.verdict,
        "equal": found.equal,
        "compared": comparison and comparison.by,
        "first": comparison and comparison.first and _first(comparison.first),
        "windows": found.now and found.now.windows,
        "turns": found.now and found.now.turns,
        "turns_lost": comparison.lost if comparison else [],
        "turns_new": comparison.new if comparison else [],
        "digest": found.now and found.now.digest,
        "notes": list(found.notes),
        **({"apart": told(found.apart)} if found.apart else {}),
    }


def _first(found: Difference) -> dict[str, Any]:
    known = found.a is not None or found.b is not None  # the event, and not only the edge
    time, index = (found.time / SECOND, found.index) if known else (None, None)
    got, expected = (event and {"time_s": event.time / SECOND, "seq": event.seq, "data": brief(event.data, WIDTH)} for event in (found.a, found.b))
    return {"edge": found.edge, "time_s": time, "index": index, "expected": expected, "got": got, "fed_by": found.fed_by.splitlines()}


def _show(found: list[Checked]) -> None:
    """Print a table, and below it what is to be said of each."""
    from rich.table import Table

    screen = console()
    table = Table(pad_edge=False)
    for column in ("recording", "verdict", "windows", "turns"):
        table.add_column(column, justify="right" if column in ("windows", "turns") else "left", no_wrap=True)
    for each in found:
        now, then = ((of.windows, len(of.turns)) if of else (None, None) for of in (each.now, each.expected))
        table.add_row(each.name, each.verdict, *map(_counted, now, then))
    screen.print(table)
    for each in found:
        if lines := [*each.notes, *_differences(each), *([str(each.apart)] if each.apart else [])]:
            screen.print("\n".join(["", f"{each.name}: {each.verdict}", *lines]), soft_wrap=True)


def _counted(now: int | None, then: int | None) -> str:
    if now is None:
        return ""
    return f"{now}" if then in (None, now) else f"{now}, not {then}"


def _differences(found: Checked) -> list[str]:
    """Show the first event that differs, then every turn that does: lost ones with a minus, new ones with a plus."""
    comparison = found.comparison
    if comparison is None:
        return []
    turns = [*((turn, "-") for turn in comparison.lost), *((turn, "+") for turn in comparison.new)]
    turns.sort(key=lambda each: (each[0]["start_s"], each[1] == "+"))
    shown = [f"  {sign} {turn['start_s']:.2f} s to {turn['end_s']:.2f} s  {said(turn)}  ({turn['cause']})" for turn, sign in turns]
    return [*(_first_shown(comparison.first) if comparison.first else []), *shown]


def _first_shown(first: Difference) -> list[str]:
    if first.a is None and first.b is None:
        return [f"first difference: edge {first.edge!r}: {first.fed_by}"]
    lines = [
        f"first difference: edge {first.edge!r}, event {first.index}, at {first.time / SECOND:.3f} s",
        f"  expected: {_event(first.b)}",
        f"  got:      {_event(first.a)}",
    ]
    if _event(first.a) == _event(first.b):
        lines.append("  they differ in what is not shown")
    return [*lines, *(f"  {line}" for line in first.fed_by.splitlines())]


def _event(event: Event[Any] | None) -> str:
    return "no such event" if event is None else f"#{event.seq} at {event.time} ns: {brief(event.data, WIDTH)}"
