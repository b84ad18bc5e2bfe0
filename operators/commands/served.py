"""Replay what was served as it was served: with its graph, model and settings, unless others are asked for."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, field
from typing import Any

from omniflow_graph.errors import RecordingError
from omniflow_graph.recording import Recording
from operators.commands.settings import DEFAULT_GRAPH

LIVE = "operators.live.graph:live"


@dataclass(frozen=True)
class Served:
    """Hold the options of a run of `serve` that decide what comes out."""

    graph: str
    model: str | None
    script: str | None
    window: float | None
    beside: str  # streams, separated by commas
    seed: int
    settings: dict[str, Any] = field(default_factory=dict)

    def options(self) -> dict[str, Any]:
        """Return what `operators.live.graph:live` is handed."""
        plain = {"graph": self.graph, "model": self.model, "script": self.script, "window": self.window, "beside": self.beside}
        return {**plain, "playback": "recorded" if "playback" in self.beside.split(",") else "simulated", **self.settings}

    def noted(self) -> dict[str, Any]:
        """Return what the recording's notes hold of it."""
        return asdict(self)


def served_in(recording: Recording) -> Served | None:
    """Return how a recording was served; None if it was not. Raises RecordingError if its notes say it otherwise."""
    noted = recording.manifest.notes.get("served")
    if noted is None:
        return None
    try:
        return Served(**noted)
    except TypeError as error:
        raise RecordingError(f"{recording.path}: its notes do not say how it was served ({error}); replay it with --graph {DEFAULT_GRAPH}") from None


def as_served(args: argparse.Namespace, opened: list[Recording]) -> None:
    """Fill in what was not asked for, where all recordings were served in one way."""
    ways = [served_in(recording) for recording in opened]
    served = ways[0] if ways else None
    if served is None or any(way != served for way in ways) or args.graph != DEFAULT_GRAPH or args.model:
        return
    args.graph, args.model, args.script = LIVE, served.model, args.script or served.script
    args.window = served.window if args.window is None else args.window
    args.seed = args.seed or served.seed
    given = {"graph": served.graph, "beside": served.beside, **served.settings}
    args.set = [*(f"{name}={value}" for name, value in given.items()), *args.set]
