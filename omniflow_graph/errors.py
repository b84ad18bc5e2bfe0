"""What can go wrong, by whose fault: the graph's, an operator's, a recording's."""

from __future__ import annotations


class GraphError(ValueError):
    """Say that a graph has no meaning. Known before anything runs."""


class RunError(ValueError):
    """Say that an operator or a source broke a promise about time. Names it, and the session."""


class RecordingError(ValueError):
    """Say that a recording cannot be read or written. One sentence: the file, what is wrong, the way out."""


def noted(error: BaseException, words: str) -> None:
    """Add a note to an exception: what `add_note` does, also on CPython 3.10."""
    setattr(error, "__notes__", [*getattr(error, "__notes__", ()), words])  # noqa: B010 - no class declares it


def blame(error: BaseException, whose: str, session: str, time: int) -> None:
    """Note on an operator's own exception where it came about: whose it is, such as "map 'look'", in which session, when."""
    noted(error, f"in {whose}, session {session!r}, at {time} ns ({time / 1e9:.3f} s)")
