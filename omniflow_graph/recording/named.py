"""Find a recording by its path, or by the name under which an installed package brings it along."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

from omniflow_graph.errors import RecordingError

GROUP = "omniflow.recordings"  # each entry is a function that maps names to paths


def brought() -> dict[str, Path]:
    """Map the names of the recordings that installed packages bring to their files."""
    return {name: path for entry in entry_points(group=GROUP) for name, path in entry.load()().items()}


def named(what: str | os.PathLike[str]) -> Path:
    """Return the path that is meant: a file or folder here, or else a recording that is brought along. Raises RecordingError."""
    if not os.fspath(what):
        raise RecordingError("a recording without a name; name a file that ends in .mcap")
    path = Path(what)
    return path if path.exists() or path.suffix else brought().get(os.fspath(what), path)
