"""Say what is in a recording or a trace: streams, lengths, where it came from, with which graph and model; what a run came to.

Packages that know more of a run add figures to its summary: `omniflow_graph.trace.summary`.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from omniflow_graph.commands.console import console
from omniflow_graph.errors import RecordingError
from omniflow_graph.recording import Recording, open_recording
from omniflow_graph.recording.named import named
from omniflow_graph.trace.stored import load_trace
from omniflow_graph.trace.summary import Summary, summary


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recording", metavar="REC", help="a recording, a trace.mcap, or a folder of segments")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Read it through, and print."""
    recording = open_recording(named(args.recording))
    found, came_to = survey(recording), summed_up(recording)
    if args.json:
        print(json.dumps({**found, "summary": came_to and came_to.plain(), "notes": list(came_to.notes) if came_to else []}))
        return 0
    _print(found)
    if came_to:
        _print_summary(came_to)
    return 0


def survey(recording: Recording) -> dict[str, Any]:
    """Count a recording's events stream by stream."""
    manifest = recording.manifest
    streams: dict[str, dict[str, Any]] = {
        name: {"kind": info.kind, "role": info.role, "rate_hz": info.rate_hz, "events": 0, "first_s": None, "last_s": None}
        for name, info in manifest.streams.items()
    }
    for event in recording.events():
        stream = streams[event.stream]
        stream["events"] += 1
        stream["last_s"] = event.time / 1e9
        if stream["first_s"] is None:
            stream["first_s"] = stream["last_s"]
    for name, info in manifest.streams.items():
        if info.role == "in" and info.digest and info.events and not streams[name]["events"]:
            streams[name] |= {"events": info.events, "by_reference": info.digest}
    about = {key: getattr(manifest, key) for key in ("session", "source", "licence", "model", "seed", "graph_hash", "allowance")}
    end = recording.manifest.end
    duration, complete = None if end is None else end / 1e9, manifest.notes.get("complete")
    return {**about, "duration_s": duration, "complete": complete, "damage": recording.damage, "streams": streams}


def summed_up(recording: Recording) -> Summary | None:
    """Sum up the run that a trace is of; None of a recording that is none. What cannot be read is a note."""
    if recording.manifest.graph is None or "digest" not in recording.manifest.notes:
        return None
    try:
        return summary(load_trace(recording.path))
    except RecordingError as error:
        return Summary((), (str(error),))


def _print(found: dict[str, Any]) -> None:
    from rich.table import Table

    screen = console()
    for key in ("session", "duration_s", "source", "licence", "model", "seed", "graph_hash", "damage"):
        if found[key] not in (None, ""):
            screen.print(f"{key:11} {found[key]}", soft_wrap=True)
    if found["complete"] is False:
        screen.print("complete    False: the run was stopped before its end", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("stream", "role", "kind", "rate", "events", "first", "last", ""):
        table.add_column(column, justify="left" if column in ("stream", "role", "kind", "") else "right")
    for name, stream in found["streams"].items():
        times = ["" if stream[key] is None else f"{stream[key]:.3f} s" for key in ("first_s", "last_s")]
        where = f"by reference, digest {stream['by_reference'][:12]}" if "by_reference" in stream else ""
        table.add_row(name, stream["role"], stream["kind"], str(stream["rate_hz"] or ""), str(stream["events"]), *times, where)
    screen.print(table)


def _print_summary(of: Summary) -> None:
    from rich.table import Table

    screen, table = console(), Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column()
    for figure in of.figures:
        table.add_row(figure.name, figure.shown or "-", figure.of, "!" if figure.bad else "")
    screen.print()
    screen.print(table)
    for note in of.notes:
        screen.print(f"not summed up: {note}", soft_wrap=True)
