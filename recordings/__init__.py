"""Sample sessions, each with its licence and the turns it must replay to."""

from pathlib import Path

FOLDER = Path(__file__).parent


def bundled() -> dict[str, str]:
    """Map the name of each sample session to its file."""
    return {path.stem: str(path) for path in sorted(FOLDER.glob("*.mcap"))}
