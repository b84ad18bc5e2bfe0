"""Chance that does not depend on order: a draw is a function of where it is used.

There is no shared generator, so removing an event, freezing an operator or running in parallel shifts no other draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from omniflow_graph.canonical import pack
from omniflow_graph.events import Event, Wake


@dataclass
class Draws:
    """Draw numbers for one event, one after another."""

    key: bytes
    place: bytes
    drawn: int = 0

    def bits(self) -> int:
        """Draw 64 bits."""
        self.drawn += 1
        return int.from_bytes(blake2b(self.place + pack(self.drawn), key=self.key, digest_size=8).digest(), "big")

    def random(self) -> float:
        """Draw a float in [0, 1)."""
        return (self.bits() >> 11) / (1 << 53)

    def below(self, n: int) -> int:
        """Draw an integer in [0, n). Raises ValueError for n < 1."""
        if n < 1:
            raise ValueError(f"below({n}): nothing to choose from; n must be at least 1")
        return self.bits() * n >> 64


@dataclass(frozen=True)
class Rng:
    """Hand out draws to one operator in one session: `rng(event).random()`."""

    seed: int
    session: str
    operator: str

    def __call__(self, cause: Event[Any] | Wake) -> Draws:
        """Start the draws that belong to this event (or wake): always the same ones."""
        where = (cause.stream, cause.seq) if isinstance(cause, Event) else ("", cause.time)
        return Draws(pack(self.seed), pack([self.session, self.operator, *where]))
