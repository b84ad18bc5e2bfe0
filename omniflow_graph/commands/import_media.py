"""Turn a video, a sound file, a folder of sound and pictures, or another project's recording into a recording."""

from __future__ import annotations

import argparse
import json

from omniflow_graph.media.importing import import_media


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    what = "mp4, mkv, wav, flac, ...; a folder with one sound file and pictures, or with numbered ones; a MiniCPM-o demo session; a ROS 2 bag"
    parser.add_argument("source", metavar="SRC", help=what)
    parser.add_argument("dest", metavar="DEST", help="the recording to write, .mcap")
    parser.add_argument("--name", help="of the session; default: the file's name")
    parser.add_argument("--fps", type=float, help="pictures a second that are kept")
    parser.add_argument("--unit", type=float, metavar="S", help="seconds of a unit in a folder of numbered WAV files; default: as long as the first")
    parser.add_argument("--topic", action="append", default=[], metavar="NAME", help="of a ROS 2 bag, where several are of one kind; may be repeated")
    parser.add_argument("--rate", type=int, metavar="HZ", help="of sound in a ROS 2 bag that does not say it; default: 16000")
    parser.add_argument("--licence", default="", help="kept in the recording")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Import, and say what is in it and what was left out."""
    options = {"name": args.name, "fps": args.fps, "unit_s": args.unit, "topics": args.topic, "rate_hz": args.rate, "licence": args.licence}
    manifest = import_media(args.source, args.dest, **options)
    streams = {name: info.events for name, info in manifest.streams.items()}
    seconds, left_out = (manifest.end or 0) / 1e9, manifest.notes["left_out"]
    if args.json:
        print(json.dumps({"file": args.dest, "session": manifest.session, "duration_s": seconds, "streams": streams, "left_out": left_out}))
    else:
        held = ", ".join(f"{events} events on {name}" for name, events in streams.items())
        print(f"{args.dest}: session {manifest.session!r}, {seconds:.2f} s, {held}")
        for words in left_out:
            print(f"  left out: {words}")
    return 0
