"""Close stderr for a moment: of what ends a dataflow at once, Bytewax says whatever Rust knows of it."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass
class Quiet:
    """Close stderr to all that is in this process, until it may speak again."""

    stderr: int | None = None  # a copy of it, while it is closed

    def hush(self) -> None:
        """Close stderr until `speak`."""
        if self.stderr is None:
            self.stderr = os.dup(2)
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)

    def speak(self) -> None:
        """Open stderr again."""
        if self.stderr is not None:
            os.dup2(self.stderr, 2)
            os.close(self.stderr)
            self.stderr = None
