"""Keep one line of a terminal up to date, as long as something runs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

EVERY = 1.0  # seconds
CLEAR = "\r\x1b[K"  # to the begin of the line, and nothing in it
WIDTH = 200


@contextmanager
def shown(line: Callable[[], str], to: TextIO | None = None, every: float = EVERY) -> Iterator[None]:
    """Show what `line` says, again and again; what is left of it at the end is taken away."""
    screen, over = to or sys.stderr, threading.Event()

    def show() -> None:
        while not over.wait(every):
            screen.write(CLEAR + line()[:WIDTH])
            screen.flush()

    thread = threading.Thread(target=show, name="status line", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        screen.write(CLEAR)
        screen.flush()
