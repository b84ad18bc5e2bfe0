"""Make the keys with which live sockets keep strangers out: the server's, and those of each machine that is let in."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

NAME = re.compile(r"[\w\-]{1,64}", re.ASCII)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", metavar="DIR", help="where the keys are: server.key, server.key_secret, and allowed/ with those that are let in")
    parser.add_argument("--client", metavar="NAME", help="make keys for a sensor or player, too, and let it in")


def run(args: argparse.Namespace) -> int:
    """Make the keys and print their files."""
    from omniflow_graph.live.curve import SERVER, make_keys

    if args.client is not None and (not NAME.fullmatch(args.client) or args.client == SERVER):
        raise ValueError(f"--client: wants letters, digits, - and _, not {SERVER!r}, got {args.client!r}")
    made = make_keys(Path(args.folder), args.client)
    for path in made:
        print(path)
    if args.client:
        print(f"copy server.key, {args.client}.key and {args.client}.key_secret to that machine; nobody else is to read the last one")
    return 0
