"""Run a graph at the speed of a published machine: what its stages cost there, from the figures of MiniCPM-o 4.5.

Two sources say what the parts of a second take (prefill, token, speech code, sound); the others say how long a whole second takes,
which is laid out in the proportions of the first. All of it is one second's work on one processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from omniflow_graph import Graph, GraphError
from omniflow_graph.events import SECOND
from omniflow_graph.graph.nodes import Cost
from omniflow_graph.recording import open_recording
from operators.models import Pace
from simulations.real_time.costs import measured
from simulations.real_time.machine_costs import MS, Decides, Parts, Sounds, Speaks

MEASURED = "measured:"


@dataclass(frozen=True)
class Machine:
    """Say what a machine is, who published which figures of it, and what parts of the work take there."""

    name: str
    runs: str
    source: str
    parts: Parts
    published_rtf: int | None  # permille, of the card; taken for that of a second of speech: its source does not say
    basis: str  # what the parts come from: "parts", which were published, or "whole", the published factor itself

    @property
    def costs(self) -> Mapping[str, Cost]:
        """Return what the stages of the duplex pipeline cost: `decide` takes in a window and one token, `speech` says words, `wave` voices them."""
        return {"decide": Decides(self.parts), "speech": Speaks(self.parts), "wave": Sounds(self.parts)}


CPP, TABLE_11, DEMO = "llama.cpp-omni README", "arXiv 2604.27393, table 11", "demo README"
RTX_4090_F16 = Parts(65 * MS, 21 * MS, 38 * MS, 8_500_000, 150 * MS)
M4_MAX = Parts(65 * MS * 650 // 550, 21 * MS * 650 // 550, 12 * MS, 10 * MS, 450 * MS)  # prefill is not published: as its first token to the 4090's


def _whole(name: str, runs: str, source: str, permille: int) -> Machine:
    """Describe a machine of which only is known what a whole second takes."""
    return Machine(name, runs, source, RTX_4090_F16.scaled(permille * SECOND // 1000), permille, "whole")


MACHINES: Mapping[str, Machine] = {
    machine.name: machine
    for machine in (
        Machine("rtx4090-f16", "RTX 4090, llama.cpp-omni F16", CPP, RTX_4090_F16, 210, "parts"),
        Machine("m4-max", "M4 Max, llama.cpp-omni", CPP, M4_MAX, None, "parts"),
        _whole("rtx4090", "RTX 4090, llama.cpp-omni", TABLE_11, 210),
        _whole("rtx5080", "RTX 5080, llama.cpp-omni", TABLE_11, 320),
        _whole("rtx5070", "RTX 5070, llama.cpp-omni", TABLE_11, 400),
        _whole("dgx-spark", "DGX Spark, llama.cpp-omni", TABLE_11, 170),
        _whole("dgx-spark-pytorch", "DGX Spark, PyTorch", TABLE_11, 2420),
        _whole("a100-eager", "A100, PyTorch eager", DEMO, 900),
        _whole("a100-compiled", "A100, PyTorch compiled", DEMO, 500),
    )
}


def on(graph: Graph, machine: Machine | str) -> Graph:
    """Return a graph whose stages cost what they cost on a machine: one of MACHINES, or "measured:REC", as a recording measured.

    A scripted model that plans ahead is told how long its sound takes there. Stages that the machine says nothing of cost
    what they did. Raises GraphError for a graph that has none of those that it speaks of, ValueError for a machine that
    nobody knows.

    >>> from operators.duplex import duplex
    >>> on(duplex(model="scripted-fast"), "rtx4090").nodes["speech"].cost.parts.token // 1_000
    12173
    """
    costs, delay = speeds(machine)
    stages = [name for name in costs if name in graph.nodes and graph.nodes[name].kind == "stage"]
    if not stages:
        raise GraphError(f"graph {graph.name!r}: has no stage of those whose cost is known there: {', '.join(costs)}; name its stages as these")
    for stage in stages:
        graph = graph.replace(stage, _paced(graph.nodes[stage].fn, delay), cost=costs[stage])
    return graph


def speeds(machine: Machine | str) -> tuple[Mapping[str, Cost], int]:
    """Return what stages cost on a machine, and how long after a window its sound is there. Raises ValueError for one that nobody knows."""
    if isinstance(machine, Machine):
        return machine.costs, machine.parts.second
    if machine.startswith(MEASURED):
        found = measured(open_recording(machine.removeprefix(MEASURED)))
        return found, sum(each.median for each in found.values())
    if machine not in MACHINES:
        raise ValueError(f"machine {machine!r}: nobody published figures of it; wants one of {', '.join(MACHINES)}, or {MEASURED}REC")
    return speeds(MACHINES[machine])


def _paced(fn: Any, delay: int) -> Any:
    """Tell the pace that is bound to a function, or to one bound to it, how long its sound takes here."""
    if not isinstance(fn, partial):
        return fn
    bound = {name: replace(value, delay=delay) if isinstance(value, Pace) else _paced(value, delay) for name, value in fn.keywords.items()}
    return partial(fn.func, *fn.args, **bound) if bound != fn.keywords else fn
