"""End cleanly on Ctrl-C and SIGTERM: early if the run can, at once if it cannot, and at the second time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph.engine.quiet import Quiet


@dataclass
class Stop:
    """Remember that someone asked to stop, and how."""

    run: Any = field(default=None, repr=False)  # signal.signal writes down, in vain, what it is handed: a whole session takes seconds
    signal: int = 0
    at_once: bool = False
    quiet: Quiet = field(default_factory=Quiet)

    def __call__(self, number: int, frame: object) -> None:
        """Let the run end at the next event. End at once before it has begun, where it cannot end early, and at a second signal."""
        if self.run is None or self.signal:
            self.signal, self.at_once = self.signal or number, True
            self.quiet.hush()
            raise KeyboardInterrupt
        self.signal, self.run.stopped = number, True


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn Ctrl-C and SIGTERM into a clean end, as long as the block runs."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
