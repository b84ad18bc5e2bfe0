"""What a replay hands to the graph's function, and what is loaded before the clock starts."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from omniflow_graph import Graph
from omniflow_graph.events import SECOND
from omniflow_graph.recording import Recording
from operators.memory import holds_assistant, is_trace, window_of
from operators.senses.echo import ECHOES

DEFAULT_GRAPH, DEFAULT_MODEL = "operators.duplex:duplex", "scripted"
PROMPTED = "prompt"  # what notes a recording that is of nano's world: there the model nano is the default
OWN = ("model", "window", "script", "playback", "recording")  # what has an option of its own


def options(args: argparse.Namespace, recording: Recording) -> dict[str, Any]:
    """Collect what the graph's function is handed."""
    model = model_of(args, recording)
    return {
        "model": model,
        "window": window_for(args, model, recording),
        "script": args.script,
        "playback": playback_of(args.playback, recording),
        "recording": recording,
        **settings(getattr(args, "set", [])),
    }


def settings(given: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE pairs; a value is read as YAML reads it. Raises ValueError for what is none.

    >>> settings(["overlap=on-speech", "force_listen=3"])
    {'overlap': 'on-speech', 'force_listen': 3}
    """
    import yaml

    found = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name.isidentifier() or name in OWN:
            own = f"; {name} has an option of its own: --{name}" if name in OWN else ""
            raise ValueError(f"--set: wants NAME=VALUE, as in overlap=on-speech, got {each!r}{own}")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            found[name] = value
    return found


def add_echo(parser: argparse.ArgumentParser) -> None:
    """Add `--echo`, short for `--set echo=...`."""
    what = "what is done about its own voice in its ears: none, gate (deaf while it sounds) or cancel; default: none"
    parser.add_argument("--echo", action="append", dest="set", type=_echo, default=[], metavar="HOW", help=what)


def _echo(how: str) -> str:
    if how not in ECHOES:
        raise argparse.ArgumentTypeError(f"wants one of {', '.join(ECHOES)}, got {how!r}")
    return f"echo={how}"


def model_of(args: argparse.Namespace, recording: Recording) -> str | None:
    """Choose the model: the one asked for, else the assistant that the recording holds, else nano in its own world; to say a script, scripted."""
    if args.model or args.graph != DEFAULT_GRAPH:
        return args.model
    if args.script:
        return DEFAULT_MODEL
    return "recorded" if holds_assistant(recording) else "nano" if PROMPTED in recording.manifest.notes else DEFAULT_MODEL


def given_back(args: argparse.Namespace, opened: list[Recording]) -> str | None:
    """Say, on one line, of which recordings the assistant is given back without having been asked for; None of none."""
    names = [recording.manifest.session for recording in opened if not args.model and model_of(args, recording) == "recorded"]
    return f"{', '.join(names)}: gives back the assistant that was recorded; choose another one with --model, such as scripted" if names else None


def window_for(args: argparse.Namespace, model: str | None, recording: Recording) -> float | None:
    """Choose how long a window is: as asked for, else that of the trace that is given back; None for the graph's own."""
    if args.window is not None or model != "recorded" or not is_trace(recording):
        return args.window
    length = window_of(recording)
    return length and length / SECOND


def noted(args: argparse.Namespace, given: dict[str, Any]) -> dict[str, Any]:
    """Return what a trace keeps of the options of its run."""
    return {"graph": args.graph, "script": given["script"], "playback": given["playback"], "cost": args.cost, **settings(getattr(args, "set", []))}


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
