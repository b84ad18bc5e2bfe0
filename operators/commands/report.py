"""Show why it spoke, on one page: an HTML file that opens from disk. Two traces are compared."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from omniflow_graph import RecordingError, Session, Trace
from omniflow_graph.recording import open_recording
from omniflow_graph.recording.named import named
from omniflow_graph.trace.stored import load_trace, open_trace
from omniflow_graph.trace.summary import summary
from operators.report.gather import AUDIO, VISUAL
from operators.report.page import write_page


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("traces", metavar="TRACE", nargs="+", help="a trace.mcap, or the folder that `omniflow replay --out` wrote; two are compared")
    parser.add_argument("-o", "--output", metavar="FILE", help="default: report.html beside the first trace")
    parser.add_argument("--recording", metavar="REC", help="what was replayed, if it is not found beside the trace or here")
    parser.add_argument("--no-sound", action="store_true", help="nothing to play: a smaller page")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Read the traces and write the page."""
    if len(args.traces) > 2:
        raise ValueError(f"report: wants one trace, or two to compare, got {len(args.traces)}")
    notes: list[str] = []
    runs = [_opened(path, args.recording, notes) for path in args.traces]
    first = Path(args.traces[0])
    output = Path(args.output) if args.output else (first if first.is_dir() else first.parent) / "report.html"
    size = write_page(output, runs, about=notes, sound=not args.no_sound).stat().st_size
    sums = [summary(trace) for trace, _ in runs] if args.json else []
    told = {"page": str(output), "bytes": size, "notes": [*notes, *(note for each in sums for note in each.notes)]}
    print(json.dumps({**told, "summaries": [each.plain() for each in sums]}) if args.json else f"{output}  {size / 1e6:.1f} MB")
    return 0


def _opened(path: str, recording: str | None, notes: list[str]) -> tuple[Trace, Session | None]:
    """Open a trace, and what it is of: where that cannot be found, a note says what the page lacks."""
    trace = load_trace(path, tell=notes.append)
    if not {AUDIO, VISUAL} & trace.elsewhere.keys():
        return trace, None
    source = Path(open_trace(path).manifest.source).name
    there = Path(path) if Path(path).is_dir() else Path(path).parent
    for place in [recording] if recording else [there / source, Path(source), Path(source).stem]:
        try:
            return trace, open_recording(named(str(place))).session()
        except RecordingError:
            if recording:
                raise
    notes.append(f"without pictures and sound of the room: {source} was not found; name it with --recording")
    return trace, None
