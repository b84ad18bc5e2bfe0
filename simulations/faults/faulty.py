"""Put faults into a graph: behind a source, between operators, into what is fed back, and into what a stage costs. All of it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from omniflow_graph import Event, Graph, GraphError
from omniflow_graph.chance import Rng
from omniflow_graph.graph.nodes import Cost, Node, takes_rng
from simulations.faults import kinds as fault_kinds
from simulations.faults.carrying import Line, carry, named, tell
from simulations.faults.combining import both
from simulations.faults.text import fault_of
from simulations.faults.verdicts import OF_STAGES, Fault, Written

RECEIVED, TOLD, NAMED = "received", "faults", "named"  # after the name of an edge and a slash: what is added behind it


def with_faults(graph: Graph, faults: Mapping[str, Fault | str] | Iterable[tuple[str, Fault | str]]) -> Graph:
    """Return a graph in which faults happen on edges: `{"env-audio": loss(permille=20), "decide": "slow(permille=3000)"}`.

    An edge is a source's, an operator's or a feedback edge. Its events go through an operator "<edge>/received", which all
    who read the edge read instead; the edge itself is as it was. "<edge>/faults" tells what was done, at the time of the
    event that it was done to, and is made of that. Windows call what they hold by the names as before. What is delayed comes
    in the order (time, number), if it comes before the session is over. `slow` and `stalled` are of the stage of that name.
    Faults may be pairs, of which several may be about one edge. Raises GraphError for an edge that the graph does not have,
    ValueError for a text that is no fault.
    """
    behind: dict[str, Fault] = {}
    for edge, fault in _read(faults):
        if isinstance(fault, Written) and fault.name in OF_STAGES:
            graph = {"slow": slow, "stalled": stalled}[fault.name](graph, edge, **dict(fault.options))
        else:
            behind[edge] = both(behind[edge], fault) if edge in behind else fault
    return _rewired(graph, behind, {})


def _read(faults: Mapping[str, Fault | str] | Iterable[tuple[str, Fault | str]]) -> list[tuple[str, Fault]]:
    pairs: Any = faults.items() if isinstance(faults, Mapping) else faults
    found = [(edge, fault_of(given) if isinstance(given, str) else given) for edge, given in pairs]
    for edge, fault in found:
        if not callable(fault):
            raise ValueError(f"edge {edge!r}: wants a fault, a function of (event, rng), or its text, got {fault!r}")
    return found


def slow(graph: Graph, stage: str, permille: int) -> Graph:
    """Return a graph in which a stage costs so many thousandths of what it costs. A cost that was measured stays as it was."""
    fault_kinds.slow(permille)
    return graph.replace(stage, cost=Slowed(_stage(graph, stage).cost, permille))


def stalled(graph: Graph, stage: str, at: int, length: int) -> Graph:
    """Return a graph in which a stage begins nothing in [at, at + length): all that comes then waits. "<stage>/faults" tells of it."""
    fault_kinds.stalled(at, length)
    return _rewired(graph, {}, {_stage(graph, stage).name: fault_kinds.stall(at=at, length=length)})


def _stage(graph: Graph, name: str) -> Node:
    if name not in graph.nodes or graph.nodes[name].kind != "stage":
        stages = [node.name for node in graph.nodes.values() if node.kind == "stage"]
        raise GraphError(f"graph {graph.name!r}: slow and stalled are of a stage, got {name!r}; stages are {', '.join(stages) or 'none'}")
    return graph.nodes[name]


@dataclass(frozen=True)
class Slowed:
    """Cost so many thousandths of another cost."""

    cost: Cost
    permille: int

    def __call__(self, event: Event[Any], rng: Rng) -> int:
        """Return what working on this event costs."""
        return cost_of(self.cost, event, rng) * self.permille // 1000


def cost_of(cost: Cost, event: Event[Any], rng: Rng) -> int:
    """Return what a stage that has this cost takes for an event, in ns."""
    if isinstance(cost, int):
        return cost
    if callable(cost):
        return cost(event, rng=rng) if takes_rng(cost) else cost(event)
    return cost[event.seq % len(cost)]


def _rewired(graph: Graph, behind: Mapping[str, Fault], into: Mapping[str, Fault]) -> Graph:
    """Build the graph again, with faults behind edges, and into single operators."""
    if unknown := [edge for edge in behind if edge not in graph.edges()]:
        raise GraphError(f"graph {graph.name!r}: has no edge {unknown[0]!r} to put a fault on; there are {', '.join(graph.edges())}")
    again, instead = Graph(graph.name), {}
    for node in graph.nodes.values():
        reads = [instead.get(edge, edge) for edge in node.forward]
        if node.name in into:
            reads[0] = _through(again, reads[0], node.name, into[node.name], None)
        fence = instead.get(node.fence, node.fence)
        again.add(replace(node, fence=fence), *reads)
        if node.kind == "align" and (names := {new: old for new, old in zip(reads, node.forward) if new != old}):
            instead[node.name] = again.map(f"{node.name}/{NAMED}", node.name, partial(named, names=names))
        if node.name in behind:
            instead[node.name] = _through(again, instead.get(node.name, node.name), node.name, behind[node.name], node)
    for edge in graph.feedbacks.values():
        origin = instead.get(edge.origin, edge.origin)
        if edge.name in behind:
            origin = _through(again, origin, edge.name, behind[edge.name], graph.nodes[edge.origin])
        again.feedback(edge.name, origin, edge.target, delay=edge.delay)
    return again


def _through(graph: Graph, edge: str, name: str, fault: Fault, node: Node | None) -> str:
    """Lead an edge through a fault; return the edge of what comes through."""
    carried = partial(carry, fault=fault, place=name)
    if rate := getattr(node and node.fn, "rate_hz", None):
        carried.rate_hz = rate  # type: ignore[attr-defined]
    graph.sink(f"{name}/{TOLD} log", graph.scan(f"{name}/{TOLD}", edge, partial(tell, fault=fault, place=name), state=Line()))
    return graph.scan(f"{name}/{RECEIVED}", edge, carried, state=Line())
