"""Watch whether sensors are alive: one that is silent for long is stale, later dead, and one that speaks again is back."""

from __future__ import annotations

from dataclasses import dataclass, field

from omniflow_graph.events import SECOND


@dataclass
class Watchdog:
    """Remember when each stream was last heard of. `watch` begins with one of which nobody has heard."""

    stale: int = SECOND
    dead: int = 5 * SECOND
    last: dict[str, int] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)

    def watch(self, stream: str, now: int) -> None:
        """Begin to watch a stream."""
        self.last[stream] = now

    def heard(self, stream: str, now: int) -> int | None:
        """Note that a stream spoke; return for how long it was silent, in ns, if it had been stale or dead."""
        silent = now - self.last.get(stream, now)
        self.last[stream] = now
        return silent if self.state.pop(stream, None) else None

    def look(self, now: int) -> list[tuple[str, str, int]]:
        """Return what is news: (stream, "stale" or "dead", ns since it was heard of)."""
        news = []
        for stream, last in self.last.items():
            silent = now - last
            state = "dead" if silent >= self.dead else "stale" if silent >= self.stale else None
            if state and state != self.state.get(stream):
                self.state[stream] = state
                news.append((stream, state, silent))
        return news
