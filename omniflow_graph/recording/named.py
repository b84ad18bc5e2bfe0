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
    try:
        return path if path.suffix or path.exists() else brought().get(os.fspath(what), path)
    except OSError:  # a name that is too long; what opens it says so
        return path


def recordings_at(path: Path) -> list[Path]:
    """List the recordings that a path stands for: itself, or those in a folder, in the order of their names.

    A folder of numbered segments (`NAME.000.mcap`, ...) is one recording, by itself as well as in a folder of others.
    """
    return (os.path.isdir(path) and not is_segmented(path) and recordings_in(path)) or [path]


def recordings_in(folder: Path) -> list[Path]:
    """List the recordings in a folder: files, and folders of numbered segments."""
    return sorted({*folder.glob("*.mcap"), *(each for each in folder.iterdir() if each.is_dir() and is_segmented(each))})


def is_segmented(folder: Path) -> bool:
    """Tell whether a folder holds one recording in numbered segments, and no other."""
    found = [re.fullmatch(r"(.+)\.\d{3,}\.mcap(\.part)?", file.name) for end in ("*.mcap", "*.mcap.part") for file in folder.glob(end)]
    return bool(found) and None not in found and len({match[1] for match in found if match}) == 1
