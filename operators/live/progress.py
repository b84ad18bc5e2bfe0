"""Tell how a live session is doing while it runs: whether it holds real time, which deadlines it missed, what is still to sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from omniflow_graph import Graph
from omniflow_graph.engine.messages import Chunk, Step
from omniflow_graph.events import SECOND

LATELY = 10  # steps of a stage that are looked at
LOST = ("overflow", "refused", "paused", "duplicate", "replaced")


@dataclass
class Doing:
    """Remember of one session what its stages took lately, and how many steps of each were done too late."""

    costs: dict[str, deque[int]] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)


@dataclass
class Progress:
    """Take what comes about in any session. `allowance` is ns."""

    graph: Graph
    allowance: int
    sessions: dict[str, Doing] = field(default_factory=dict)
    lengths: dict[str, int] = field(init=False)  # of the windows that a stage works on

    def __post_init__(self) -> None:
        nodes = self.graph.nodes
        self.lengths = {name: nodes[node.forward[0]].length for name, node in nodes.items() if node.kind == "stage" and node.forward[0] in nodes}
        self.lengths = {name: length for name, length in self.lengths.items() if length}

    def __call__(self, session: str, chunk: Chunk) -> None:
        """Take in what a chunk tells of steps. The deadline of one is when the next window may be begun."""
        for log in chunk.logs:
            if type(log) is not Step or not log.taken:
                continue
            doing = self.sessions.setdefault(session, Doing())
            doing.costs.setdefault(log.stage, deque(maxlen=LATELY)).append(log.done - log.start)
            length = self.lengths.get(log.stage)
            if length and log.done > (log.taken[-1] + 2) * length + self.allowance:
                doing.missed[log.stage] = doing.missed.get(log.stage, 0) + 1

    def factor(self, session: str) -> float:
        """Return the share of real time that the busiest stage needs for its windows; above 1 it falls behind."""
        doing = self.sessions.get(session, Doing())
        return max((sum(costs) / len(costs) / self.lengths[stage] for stage, costs in doing.costs.items() if stage in self.lengths), default=0.0)

    def line(self, session: str, time: int, counts: Mapping[str, int], lead: int) -> str:
        """Say on one line how a session is doing at a time, with what went wrong with its input; `lead` is how long it still sounds, ns."""
        missed = self.sessions.get(session, Doing()).missed
        words = [f"{session} {time / SECOND:.0f} s", f"x{self.factor(session):.2f} of real time", f"late {counts.get('late', 0)}"]
        words += [f"dropped {sum(counts.get(each, 0) for each in LOST)}", f"lead {max(lead, 0) / SECOND:.1f} s"]
        return ", ".join([*words, *(f"{stage} missed {n}" for stage, n in missed.items())])

    def forget(self, session: str) -> None:
        """Let go of a session that has ended."""
        self.sessions.pop(session, None)
