"""Print for people: names and words as they are, and an end when nobody reads on."""

from __future__ import annotations

from typing import Any, NoReturn


def console() -> Any:
    """Return what prints tables and lines. Raises BrokenPipeError once whoever read it (`| head`) has enough."""
    from rich.console import Console

    made = Console(markup=False, emoji=False, highlight=False)  # names of people's own, and what was said, are no markup
    setattr(made, "on_broken_pipe", _enough)  # noqa: B010 - by itself it exits 1
    return made


def _enough() -> NoReturn:
    raise BrokenPipeError
