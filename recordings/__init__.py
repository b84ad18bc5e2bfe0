"""Sample sessions, each with its licence and the turns it must replay to."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def bundled() -> dict[str, Path]:
    """Map the name of each sample session to its file; those of nano's world lie in a folder of their own."""
    return {path.stem: path for path in sorted([*FOLDER.glob("*.mcap"), *FOLDER.glob("nano/*.mcap")], key=lambda path: path.stem)}


def path(name: str) -> Path:
    """Return the file of one sample session. Raises KeyError naming those that there are."""
    if name not in bundled():
        raise KeyError(f"no sample session {name!r} is bundled; there are {', '.join(bundled())}")
    return bundled()[name]
