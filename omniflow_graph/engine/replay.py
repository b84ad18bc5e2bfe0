"""Run a graph over what was recorded: the front door of both executors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace as replaced
from typing import Any, TypeVar

from omniflow_graph.graph.graph import Graph
from omniflow_graph.session import Feed, Session
from omniflow_graph.trace.trace import Trace

F = TypeVar("F", bound=Feed)

ENGINES = ("bytewax", "direct")


def replay(
    graph: Graph,
    what: Feed | str | os.PathLike[str] | Any,
    *,
    engine: str = "bytewax",
    seed: int = 0,
    batch: int = 256,
    workers: int = 1,
    keep: Iterable[str] | None = None,
    cost: str = "recorded",
) -> Trace:
    """Run a graph over one session and return its trace; the same trace every time.

    `what` is a Session, the path of a recording, or an opened Recording. `keep` names the edges whose payloads the
    trace keeps (all, if None); digests it always has. `cost="declared"` ignores recorded costs of stages.

    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.map("twice", g.source("mic"), lambda event: 2 * event.data))
    >>> [event.data for event in replay(g, Session("s", {"mic": [(0, 1), (5, 2)]}, end=10))["twice"]]
    [2, 4]
    """
    if engine not in ENGINES:
        raise ValueError(f"replay: wants engine to be one of {', '.join(ENGINES)}, got {engine!r}")
    feed = priced(feed_of(what), cost)
    if engine == "direct":
        from omniflow_graph.engine.direct import run_direct

        return run_direct(graph, feed, seed=seed, keep=keep)
    from omniflow_graph.engine.flow import run_bytewax

    return run_bytewax(graph, [feed], seed=seed, batch=batch, workers=workers, keep=keep)[feed.name]


def feed_of(what: Any) -> Feed:
    """Return what an engine can read: opens a path, and asks an opened recording for its session."""
    if isinstance(what, (str, os.PathLike)):
        from omniflow_graph.recording import open_recording

        what = open_recording(what)
    whole = getattr(what, "session", None)
    feed: Any = whole() if callable(whole) else what
    if not hasattr(feed, "events"):
        raise TypeError(f"replay: wants a Session, the path of a recording or an opened one, got {type(what).__name__}")
    return feed


def priced(feed: F, cost: str) -> F:
    """Return the session with its recorded costs of stages, or without them if `cost` is "declared"."""
    if cost not in ("recorded", "declared"):
        raise ValueError(f"replay: wants cost to be 'recorded' or 'declared', got {cost!r}")
    return replaced(feed, costs=None) if cost == "declared" and isinstance(feed, Session) else feed
