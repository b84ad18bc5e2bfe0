"""Turn a video, a sound file, or a folder of sound and pictures into a recording."""

from __future__ import annotations

import argparse
import json

from omniflow_graph.media.importing import import_media


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("source", metavar="SRC", help="mp4, mkv, wav, flac, ...; or a folder with one sound file and pictures")
    parser.add_argument("dest", metavar="DEST", help="the recording to write, .mcap")
    parser.add_argument("--name", help="of the session; default: the file's name")
    parser.add_argument("--fps", type=float, help="pictures a second that are kept")
    parser.add_argument("--licence", default="", help="kept in the recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Import, and say what is in it."""
    options = {} if args.fps is None else {"fps": args.fps}
    manifest = import_media(args.source, args.dest, name=args.name, licence=args.licence, **options)
    streams = {name: info.events for name, info in manifest.streams.items()}
    if args.json:
        print(json.dumps({"file": args.dest, "session": manifest.session, "duration_s": (manifest.end or 0) / 1e9, "streams": streams}))
    else:
        held = ", ".join(f"{events} events on {name}" for name, events in streams.items())
        print(f"{args.dest}: session {manifest.session!r}, {(manifest.end or 0) / 1e9:.2f} s, {held}")
    return 0
