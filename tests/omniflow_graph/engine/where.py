"""A graph that says in which process a session is read, and in which it is worked on."""

from __future__ import annotations

import os

from omniflow_graph import Graph


def where() -> Graph:
    """Build the graph: a map runs where its source is, a scan where Bytewax puts its key."""
    g = Graph("where")
    read = g.map("read", g.source("mic"), lambda event: os.getpid())
    g.sink("out", g.scan("worked", read, lambda n, event: (n, [(event.time, os.getpid())]), state=0))
    return g
