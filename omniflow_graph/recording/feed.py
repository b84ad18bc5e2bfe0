"""Feed a run from a recording that is opened when its turn comes, and let go of it when it is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph.events import Event
from omniflow_graph.recording.reader import Recording
from omniflow_graph.session import Session


@dataclass
class RecordedFeed:
    """Be a session in a run of many: of those that wait and those that are over nothing is held in memory.

    `cost` tells what stages cost, as in `replay`: "measured", "recorded" or "declared".
    """

    recording: Recording
    cost: str = "measured"
    _session: Session | None = field(default=None, init=False, repr=False)
    _ends: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """Name the session."""
        return self.recording.manifest.session

    @property
    def allowance(self) -> int:
        """Return how much later than its end a window may be worked on."""
        return self.recording.manifest.allowance

    @property
    def costs(self) -> Mapping[tuple[str, int], int] | None:
        """Return what stages cost then, if it was measured and is wanted."""
        return None if self.cost == "declared" else self._opened().costs

    def events(self, sources: Sequence[str]) -> Iterator[Event[Any]]:
        """Yield the events of these sources in order."""
        yield from self._opened().events(sources)
        self._ends, self._session = self.ends(sources), None

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Return the time of each source's End."""
        return self._ends or self._opened().ends(sources)

    def _opened(self) -> Session:
        if self._session is None:
            self._session = self.recording.session(declared=self.cost == "recorded")
        return self._session
