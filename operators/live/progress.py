"""Tell how a live session is doing while it runs: whether it holds real time, which deadlines it missed, what is still to sound."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from omniflow_graph import Graph
from omniflow_graph.engine.messages import Chunk, Step
from omniflow_graph.events import SECOND

LATELY = 10  # steps of a stage that are looked at
KNOWN = 1000  # windows that wait in a merge, at most
LOST = ("overflow", "refused", "paused", "duplicate", "replaced")


@dataclass
class Doing:
    """Remember of one session what its stages took lately, and how many steps of each were done too late."""

    costs: dict[str, deque[int]] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    windows: dict[str, dict[int, int]] = field(default_factory=dict)  # of a merge: which window an event is, by number


@dataclass
class Progress:
    """Take what comes about in any session. `allowance` is ns."""

    graph: Graph
    allowance: int
    sessions: dict[str, Doing] = field(default_factory=dict)
    lengths: dict[str, int] = field(init=False)  # of the windows that a stage works on,
    merges: dict[str, str] = field(init=False)  # which may come through a merge: of which align,
    via: dict[str, str] = field(init=False)  # and by which stage

    def __post_init__(self) -> None:
        nodes = self.graph.nodes
        aligns = {name: node.length for name, node in nodes.items() if node.kind == "align"}
        self.merges = {name: align for name, node in nodes.items() if node.kind == "merge" for align in node.forward if align in aligns}
        stages = {name: node.forward[0] for name, node in nodes.items() if node.kind == "stage"}
        self.lengths = {name: aligns[self.merges.get(of, of)] for name, of in stages.items() if self.merges.get(of, of) in aligns}
        self.via = {name: stages[name] for name in self.lengths if stages[name] in self.merges}

    def __call__(self, session: str, chunk: Chunk) -> None:
        """Take in what a chunk tells of steps. The deadline of one is when the next window may be begun."""
        doing = self.sessions.setdefault(session, Doing())
        for merge, align in self.merges.items():
            known = doing.windows.setdefault(merge, {})
            known.update((event.seq, seq) for event in chunk.events.get(merge, ()) for of, seq, _ in event.made_of if of == align)
            for old in list(known)[:-KNOWN]:
                del known[old]
        for log in chunk.logs:
            if type(log) is not Step or not log.taken:
                continue
            k = doing.windows[self.via[log.stage]].get(log.taken[-1]) if log.stage in self.via else log.taken[-1]
            if k is None:  # no window, but an order
                continue
            doing.costs.setdefault(log.stage, deque(maxlen=LATELY)).append(log.done - log.start)
            length = self.lengths.get(log.stage)
            if length and log.done > (k + 2) * length + self.allowance:
                doing.missed[log.stage] = doing.missed.get(log.stage, 0) + 1

    def factor(self, session: str) -> float:
        """Return the share of real time that the busiest stage needs for its windows; above 1 it falls behind."""
        doing = self.sessions.get(session, Doing())
        return max((sum(costs) / len(costs) / self.lengths[stage] for stage, costs in doing.costs.items() if stage in self.lengths), default=0.0)

    def misses(self, session: str) -> int:
        """Count the deadlines that a session missed."""
        return sum(self.sessions.get(session, Doing()).missed.values())

    def line(self, session: str, time: int, counts: Mapping[str, int], lead: int) -> str:
        """Say on one line how a session is doing at a time, with what went wrong with its input; `lead` is how long it still sounds, ns."""
        missed = self.sessions.get(session, Doing()).missed
        words = [f"{session} {time / SECOND:.0f} s", f"x{self.factor(session):.2f} of real time", f"late {counts.get('late', 0)}"]
        words += [f"dropped {sum(counts.get(each, 0) for each in LOST)}", f"lead {max(lead, 0) / SECOND:.1f} s"]
        return ", ".join([*words, *(f"{stage} missed {n}" for stage, n in missed.items())])

    def forget(self, session: str) -> None:
        """Let go of a session that has ended."""
        self.sessions.pop(session, None)
