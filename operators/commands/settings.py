"""What a replay hands to the graph's function, and what is loaded before the clock starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from omniflow_graph import Graph
from omniflow_graph.recording import Recording

DEFAULT_GRAPH, DEFAULT_MODEL = "operators.duplex:duplex", "scripted"


def options(args: argparse.Namespace, recording: Recording) -> dict[str, Any]:
    """Collect what the graph's function is handed."""
    return {
        "model": args.model or (DEFAULT_MODEL if args.graph == DEFAULT_GRAPH else None),
        "window": args.window,
        "script": args.script,
        "playback": playback_of(args.playback, recording),
        "recording": recording,
    }


def playback_of(wanted: str | None, recording: Recording) -> str:
    """Choose where the playback comes from: the recording, if it holds that. Raises ValueError if it should and does not."""
    held = "playback" in recording.manifest.streams and recording.manifest.streams["playback"].role == "in"
    if wanted == "recorded" and not held:
        raise ValueError(f"{recording.path}: holds no 'playback' stream; replay it with --playback simulated")
    return wanted or ("recorded" if held else "simulated")


def portable(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out what another process finds by itself."""
    return {name: value for name, value in given.items() if name != "recording"}


def warm(graph: Graph) -> None:
    """Load the models that the graph's operators use, so that the run's time is the run's."""
    for load in dict.fromkeys(load for node in graph.nodes.values() for load in _loads(node.fn)):
        load()


def _loads(fn: Any) -> Iterator[Callable[[], Any]]:
    """Find the loaders of a function, and of those that are bound in it."""
    if load := getattr(fn, "load", None):
        yield load
    inner = [fn.func, *fn.args, *fn.keywords.values()] if isinstance(fn, partial) else []
    if is_dataclass(fn) and not isinstance(fn, type):
        inner = [getattr(fn, field.name) for field in fields(fn)]
    for each in inner:
        if callable(each):
            yield from _loads(each)
