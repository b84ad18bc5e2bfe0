"""Close stderr for a moment: of what ends a dataflow at once, Bytewax says whatever Rust and Python know of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any


@dataclass
class Quiet:
    """Close stderr to all that is in this process, Rust and Python, until it may speak again."""

    stderr: int | None = None  # a copy of it, while it is closed
    python: Any = None  # what Python writes to

    def hush(self) -> None:
        """Close stderr until `speak`."""
        if self.stderr is None:
            self.stderr, self.python = os.dup(2), sys.stderr
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - closed by `speak`
            os.dup2(sys.stderr.fileno(), 2)

    def speak(self) -> None:
        """Open stderr again."""
        if self.stderr is not None:
            os.dup2(self.stderr, 2)
            os.close(self.stderr)
            sys.stderr.close()
            sys.stderr, self.stderr = self.python, None
