"""The ways to run a graph that must not differ in anything."""

from __future__ import annotations

from typing import NamedTuple


class Engine(NamedTuple):
    """Name an executor, how many events enter it at a time, and how many threads it has."""

    name: str
    batch: int = 64
    workers: int = 1

    def __str__(self) -> str:
        return self.name if self.name == "direct" else f"{self.name}-batch{self.batch}-workers{self.workers}"


ENGINES = [Engine("direct"), *(Engine("bytewax", batch, workers) for batch in (1, 64) for workers in (1, 2))]
