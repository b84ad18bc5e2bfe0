"""A graph to spread over processes, which leave word of themselves in a folder, and run into trouble where asked to."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from omniflow_graph import Event, Graph
from tests.omniflow_graph.engine.troubled import Trouble

TROUBLE = -1  # the payload at which it begins


def spread(folder: str | None = None, trouble: str = "") -> Graph:
    """Build the graph. With a folder, be one process of a cluster: leave there who it is, and be ready for trouble."""
    member = -1
    if folder:
        private, member = Path(sys.argv[1]), int(sys.argv[2])
        word = {"member": member, "folder": str(private), "mode": oct(private.stat().st_mode & 0o777)}
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(word))
        print("x" * 200_000, file=sys.stderr)  # more than a pipe holds
    if member == 1 and trouble == "a member vanishes":
        os._exit(4)
    if member == 1 and trouble == "a member cannot begin":
        raise Trouble("no graph today")

    def work(event: Event, rng: Callable) -> int:
        if folder:
            (Path(folder) / f"{os.getpid()}.worked").touch()
        if event.data == TROUBLE:
            begin(trouble, folder)
        return event.data + rng(event).below(1000)

    g = Graph("spread")
    loud = g.map("loud", g.source("mic"), work)
    window = g.align("window", loud, length=10)
    model = g.stage("model", window, lambda n, event: (n + 1, [n, len(event.data.events)]), state=0, cost=12)
    g.feedback("heard", model, window)
    g.sink("out", model)
    return g


def begin(trouble: str, folder: str | None) -> None:
    """Begin what was asked for."""
    if trouble == "an operator raises":
        raise Trouble("no, not that")
    if trouble == "a member waits to be killed":
        with open(Path(folder or "") / "who", "w") as who:  # a named pipe: waits until somebody reads
            who.write(str(os.getpid()))
        threading.Event().wait()
