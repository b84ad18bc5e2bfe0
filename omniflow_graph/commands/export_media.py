"""Turn a recording into a video, into a folder of sound and pictures, or into what other viewers open."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from omniflow_graph.media.exporting import export_media
from omniflow_graph.media.rerun_export import export_rerun
from omniflow_graph.recording import open_recording
from omniflow_graph.recording.named import named


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recording", metavar="REC")
    parser.add_argument("dest", metavar="DEST", help="a file that ends in .mp4 or .mkv, for Rerun in .rrd, or a folder")


def run(args: argparse.Namespace) -> int:
    """Export, and name what was written."""
    recording = open_recording(named(args.recording))
    if Path(args.dest).suffix == ".rrd":
        export_rerun(recording, Path(args.dest))
    else:
        export_media(recording, args.dest)
    if recording.damage:
        print(f"omniflow: warning: {recording.damage}", file=sys.stderr)
    print(args.dest)
    return 0
