"""What was wrong with a session's input, as events on its stream `telemetry`: counted always, recorded at most ten times a second a kind.

An event is `{"what", "stream", "count", ...}`; what happened since the last one of its kind is in `count`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

STREAM = "telemetry"
APART = 100_000_000  # between two events of one kind
KINDS = 256  # kept apart; a hostile sender can think of any number


@dataclass
class Telemetry:
    """Count what happens, and keep what is to be recorded."""

    counts: Counter[str] = field(default_factory=Counter)  # of all, by what
    waiting: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    told: dict[tuple[str, str], int] = field(default_factory=dict)  # when

    def note(self, what: str, stream: str = "", count: int = 1, **about: Any) -> None:
        """Note that something happened, `count` times."""
        self.counts[what] += count
        key = (what, stream)
        if key not in self.waiting and len(self.waiting) >= KINDS:
            key = (what, "")
        before = self.waiting.get(key, {}).get("count", 0)
        self.waiting[key] = {"what": what, "stream": key[1], "count": before + count, **about}

    def due(self, now: int, *, all: bool = False) -> list[dict[str, Any]]:
        """Take what is to be recorded now: `all` of it, or of each kind what waited long enough."""
        if not self.waiting:
            return []
        keys = [key for key in self.waiting if all or now - self.told.get(key, -APART) >= APART]
        if len(self.told) > KINDS:
            self.told = {key: at for key, at in self.told.items() if now - at < APART}
        self.told.update(dict.fromkeys(keys, now))
        return [self.waiting.pop(key) for key in keys]
