"""Draw a graph and what comes in, both from one seed: `python tests/semantics/generate.py 42 > case.json`.

The goldens beside this file belong to these very graphs, so the order of the draws is part of the format: a draw that
is moved, added or left out makes other graphs of all seeds, and the goldens worthless.

Times are small numbers, because rules about ties are where engines differ: events on the edge of a window, on a wake, on
the moment at which a stage gets free, on the End. About one graph in thirty breaks a promise about time on purpose.
"""

from __future__ import annotations

import json
import sys
from random import Random
from typing import Any

from omniflow_graph.errors import GraphError
from omniflow_graph.selftest import build

Described = dict[str, Any]

LENGTHS = (2, 3, 4, 5, 6, 8, 10, 12, 30)
KINDS = {"map": 2, "scan": 4, "merge": 2, "align": 2, "stage": 1, "align and stage": 3}  # how often each, of 14
FIRST_ARGUMENT_IS_A_TIME = {"ahead", "player", "user", "watchdog", "clock", "early", "restless"}
TENTH = 100_000_000


def generate(seed: int) -> Described:
    """Draw the case of a seed: `{"graph": ..., "events": ...}`."""
    random = Random(seed)
    drawing = _Drawing(random)
    for _ in range(random.choice((1, 1, 2, 3))):
        drawing.add("source")
    broken = random.random() < 0.03
    for _ in range(random.randint(1, 9)):
        drawing.add_operator(*random.choices([*KINDS], [*KINDS.values()]), broken)
    drawing.add_sinks()
    drawing.add_feedback()
    case = {"graph": {"nodes": drawing.nodes}, "events": _events(random, drawing.nodes)}
    return _slowed(case, TENTH) if random.random() < 0.2 else case  # so that some digests span several seconds


class _Drawing:
    """Hold a graph while it is drawn, operator by operator."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.nodes: list[Described] = []
        self.numbers: list[str] = []  # edges of small numbers; what is fed back is one of them, or data would grow and grow
        self.unread: list[str] = []

    def add(self, kind: str, of: list[str] | None = None, **fields: Any) -> str:
        """Add a node, named after its kind and numbered."""
        name = f"{kind}{sum(node['kind'] == kind for node in self.nodes)}"
        inputs = {"of": of} if of else {}
        self.nodes.append({"kind": kind, "name": name, **inputs, **fields})
        self.unread = [edge for edge in self.unread if edge not in (of or ())]
        if kind != "sink":
            self.unread.append(name)
        if kind in ("map", "scan", "stage") and fields["fn"] != "same":
            self.numbers.append(name)
        return name

    def pick(self, most: int) -> list[str]:
        """Pick up to so many edges; one that nobody reads yet is likelier."""
        picked = []
        for _ in range(self.random.randint(1, most)):
            fresh = self.unread and self.random.random() < 0.6
            picked.append(self.random.choice(self.unread if fresh else [node["name"] for node in self.nodes]))
        return list(dict.fromkeys(picked))

    def add_operator(self, kind: str, broken: bool) -> None:
        """Add an operator of a kind, or an align with a stage on it."""
        if kind == "map":
            fn, args = self._map()
            self.add("map", self.pick(1), fn=fn, args=args)
        elif kind == "scan":
            fn, args = self._scan(broken)
            wakes = self._wakes(fn)
            self.add("scan", self.pick(1), fn=fn, args=args, wakes=wakes)
        elif kind == "merge":
            self.add("merge", self.pick(3))
        elif kind == "stage":
            self._add_stage(self.pick(1))
        else:
            edges = self.pick(3)
            align = self.add("align", edges, length=self.random.choice(LENGTHS))
            if kind == "align and stage":
                self._add_stage([align])

    def _map(self) -> tuple[str, list[int]]:
        term, modulus = self.random.randrange(9), self.random.choice((2, 3))
        return self.random.choice((("same", []), ("add", [term]), ("keep", [modulus, 0]), ("keep", [2, 1])))

    def _scan(self, broken: bool) -> tuple[str, list[int]]:
        within = self.random.randint
        healthy = [
            ("count", []),
            ("burst", [within(2, 4)]),
            ("ahead", [within(0, 6)]),
            ("player", [within(1, 6), within(1, 5)]),
            ("user", [within(1, 6), within(1, 5)]),
            ("watchdog", [within(1, 12)]),
            ("clock", [within(1, 12)]),
        ]
        drawn = self.random.choice(healthy)
        return self.random.choice([("early", [1]), ("restless", [5]), ("hasty", [])]) if broken else drawn

    def _wakes(self, fn: str) -> list[int]:
        if fn == "clock":
            return [self.random.randint(0, 20)]
        wakes = fn in ("user", "watchdog") and self.random.random() < 0.3
        return sorted(self.random.sample(range(30), 2)) if wakes else []

    def _add_stage(self, of: list[str]) -> None:
        random = self.random
        costs = [
            0,
            random.randint(0, 8),
            random.randint(0, 40),
            [random.randrange(12) for _ in range(3)],
            {"seed": random.randrange(99), "below": 20},
        ]
        cost = random.choice(costs)
        fn, args = random.choice((("total", []), ("some", [3]), ("size", [])))
        on_windows = all(node["kind"] == "align" for node in self.nodes if node["name"] in of)
        overrun = random.choice(("queue", "newest", "merge" if on_windows else "newest"))
        self.add("stage", of, fn=fn, args=args, cost=cost, overrun=overrun)

    def add_sinks(self) -> None:
        """Add a sink that takes what nobody reads, and perhaps another one."""
        self.add("sink", self.unread)
        if self.random.random() < 0.3:
            edges = [edge for edge in self.pick(3) if not edge.startswith("sink")]
            self.add("sink", edges or [self.nodes[0]["name"]])

    def add_feedback(self) -> None:
        """Add up to three feedback edges; one that closes a cycle without an align gets a delay."""
        targets = [node["name"] for node in self.nodes if node["kind"] in ("merge", "align")]
        if not self.numbers or not targets:
            return
        for n in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            edge = {"kind": "feedback", "name": f"back{n}", "of": [self.random.choice(self.numbers)], "to": self.random.choice(targets)}
            delay = self.random.randint(1, 9)
            edge["delay"] = self.random.choice((0, 0, 0, delay))
            if not _has_meaning([*self.nodes, edge]):
                edge["delay"] = self.random.randint(1, 9)
            self.nodes.append(edge)


def _has_meaning(nodes: list[Described]) -> bool:
    try:
        build({"nodes": nodes})
    except GraphError:
        return False
    return True


def _events(random: Random, nodes: list[Described]) -> Described:
    """Draw what comes in: a session from nothing at all to thirty events on a stream, sources that end apart."""
    within = random.randint
    end = random.choice((within(0, 1), within(0, 60), within(20, 60), 10 * within(1, 6), 12 * within(1, 5)))
    ends, sources = {}, {}
    for source in (node["name"] for node in nodes if node["kind"] == "source"):
        ends[source] = end if random.random() < 0.7 else within(0, max(end, 1))
        size = random.choice((0, within(1, 4), within(1, 12), within(8, 30)))
        grid = random.choice((1, 1, 2, 5))
        times = sorted(random.randrange(ends[source]) // grid * grid for _ in range(size)) if ends[source] else []
        sources[source] = [[time, random.randrange(20)] for time in times]
    together = set(ends.values()) == {end}
    allowance = {"allowance": within(0, 12)} if random.random() < 0.2 else {}
    return {"end": end if together else ends, "sources": sources, **allowance}


def _slowed(case: Described, by: int) -> Described:
    """Multiply every time in a case."""
    events = case["events"]
    end = events["end"]
    slowed = {
        "end": {source: by * time for source, time in end.items()} if isinstance(end, dict) else by * end,
        "sources": {source: [[by * time, data] for time, data in of] for source, of in events["sources"].items()},
    }
    if "allowance" in events:
        slowed["allowance"] = by * events["allowance"]
    return {"graph": {"nodes": [_slowed_node(node, by) for node in case["graph"]["nodes"]]}, "events": slowed}


def _slowed_node(node: Described, by: int) -> Described:
    slowed = {**node, **{field: by * node[field] for field in ("length", "delay") if field in node}}
    if node["kind"] == "scan":
        slowed["wakes"] = [by * time for time in node["wakes"]]
        if node["fn"] in FIRST_ARGUMENT_IS_A_TIME:
            first, *rest = node["args"]
            slowed["args"] = [by * first, *rest]
    if node["kind"] == "stage":
        slowed["cost"] = _slowed_cost(node["cost"], by)
    return slowed


def _slowed_cost(cost: Any, by: int) -> Any:
    if isinstance(cost, dict):
        return {**cost, "below": by * cost["below"]}
    return [by * time for time in cost] if isinstance(cost, list) else by * cost


if __name__ == "__main__":
    print(json.dumps(generate(int(sys.argv[1]))))
