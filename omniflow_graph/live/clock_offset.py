"""Map a sender's clock to ours: of all that arrived in the last 10 s, the fastest says how far apart the two are.

What a record took on its way is never below 0 and often near its least, so the least of (arrival - capture) is the offset plus
that least; the two cannot be told apart one way. A mapped capture is never after its arrival.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from omniflow_graph.events import SECOND

SPAN = 10 * SECOND  # 50 ppm drift 0.5 ms in it


@dataclass
class ClockOffset:
    """Remember what may still be the least: (arrival, arrival - capture), both increasing."""

    seen: deque[tuple[int, int]] = field(default_factory=deque)

    def map(self, captured: int, arrived: int) -> int:
        """Return when a record was captured by our clock. All are ns.

        >>> offset = ClockOffset()
        >>> [offset.map(captured, arrived) for captured, arrived in ((100, 5_009), (200, 5_102), (300, 5_250))]
        [5009, 5102, 5202]
        """
        seen, apart = self.seen, arrived - captured
        while seen and seen[-1][1] >= apart:
            seen.pop()
        seen.append((arrived, apart))
        while seen[0][0] < arrived - SPAN:
            seen.popleft()
        return captured + seen[0][1]
