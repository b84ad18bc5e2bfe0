"""Run a graph over what was recorded: the front door of both executors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace as replaced
from typing import Any

from omniflow_graph.engine.messages import BATCH
from omniflow_graph.graph.graph import Graph
from omniflow_graph.session import Feed, Session
from omniflow_graph.trace.trace import Trace

ENGINES = ("bytewax", "direct")
COSTS = ("measured", "recorded", "declared")  # of stages: see `replay`


def replay(
    graph: Graph,
    what: Feed | str | os.PathLike[str] | Any,
    *,
    engine: str = "bytewax",
    seed: int = 0,
    batch: int = BATCH,
    workers: int = 1,
    keep: Iterable[str] | None = None,
    cost: str = "measured",
) -> Trace:
    """Run a graph over one session and return its trace; the same trace every time.

    `what` is a Session, the path of a recording, or an opened Recording. `keep` names the edges whose payloads the
    trace keeps (all, if None); digests it always has. Stages cost what they were measured to cost, where the recording
    has that, else what the graph declares; `cost="recorded"` takes what a trace says they cost, also if that was only
    declared then, `cost="declared"` what the graph declares now. Raises ValueError, before anything runs, for an option
    without meaning.

    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.map("twice", g.source("mic"), lambda event: 2 * event.data))
    >>> [event.data for event in replay(g, Session("s", {"mic": [(0, 1), (5, 2)]}, end=10))["twice"]]
    [2, 4]
    """
    _check(engine, seed, batch, workers, cost)
    feed = feed_of(what, cost)
    if engine == "direct":
        from omniflow_graph.engine.direct import run_direct

        return run_direct(graph, feed, seed=seed, keep=keep)
    from omniflow_graph.engine.flow import run_bytewax

    return run_bytewax(graph, [feed], seed=seed, batch=batch, workers=workers, keep=keep)[feed.name]


def _check(engine: str, seed: int, batch: int, workers: int, cost: str) -> None:
    if engine not in ENGINES:
        raise ValueError(f"replay: wants engine to be one of {', '.join(ENGINES)}, got {engine!r}")
    if cost not in COSTS:
        raise ValueError(f"replay: wants cost to be one of {', '.join(COSTS)}, got {cost!r}")
    check_seed(seed, "replay: wants seed to be")
    if any(type(many) is not int or many < 1 for many in (batch, workers)):
        raise ValueError(f"replay: wants batch and workers of 1 or more, got batch={batch!r}, workers={workers!r}")


def check_seed(seed: Any, wants: str = "wants a seed,") -> None:
    """Raise ValueError for what is no seed: draws are keyed by it, and True is not to pass for 1."""
    if type(seed) is not int or not 0 <= seed < 1 << 64:
        raise ValueError(f"{wants} a whole number from 0 to 2**64 - 1, got {seed!r}")


def feed_of(what: Any, cost: str = "measured") -> Feed:
    """Return what an engine can read, with the costs that are wanted: opens a path, and asks a recording for its session."""
    if isinstance(what, (str, os.PathLike)):
        from omniflow_graph.recording import open_recording

        what = open_recording(what)
    whole = getattr(what, "session", None)
    feed: Any = whole(declared=cost == "recorded") if callable(whole) else what
    if not hasattr(feed, "events"):
        raise TypeError(f"replay: wants a Session, the path of a recording or an opened one, got {type(what).__name__}")
    return replaced(feed, costs=None) if cost == "declared" and isinstance(feed, Session) else feed
