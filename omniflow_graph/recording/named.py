"""Find a recording by its path, or by the name under which an installed package brings it along."""

from __future__ import annotations

import os
import re
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


def recordings_at(path: Path) -> list[Path]:
    """List the recordings that a path stands for: itself, or those in a folder, in the order of their names.

    A folder of numbered segments (`NAME.000.mcap`, ...) is one recording.
    """
    if not path.is_dir():
        return [path]
    files = sorted(path.glob("*.mcap"))
    families = {match[1] if (match := re.fullmatch(r"(.+)\.\d{3,}", file.stem)) else None for file in files}
    return files if len(files) > 1 and (None in families or len(families) > 1) else [path]
