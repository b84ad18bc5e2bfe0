"""Work out, once per graph, whose turn it is when: the order within an instant, and which operators form an island."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from random import Random

from omniflow_graph.errors import GraphError
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Feedback, Node


@dataclass(frozen=True)
class Part:
    """Describe one part of a graph that runs as a unit: an island, a single operator, or the whole graph.

    `nodes` stand in the order of their turns within an instant. `outside` are the edges that come in, in a fixed order;
    `waits[name]` those of them on which an operator's turn at t depends with events of time t.
    """

    name: str
    nodes: tuple[Node, ...]
    feedbacks: tuple[Feedback, ...]  # that begin in this part
    outside: tuple[str, ...]
    waits: dict[str, frozenset[str]]

    @property
    def edges(self) -> tuple[str, ...]:
        """List the edges that this part puts out."""
        return tuple(n.name for n in self.nodes if n.kind != "sink") + tuple(f.name for f in self.feedbacks)


@dataclass(frozen=True)
class Plan:
    """Hold a checked graph: its order of turns and its parts, those that others read first."""

    graph: Graph
    order: tuple[Node, ...]
    parts: tuple[Part, ...]

    def whole(self) -> Part:
        """Return the whole graph, less its sources, as one part."""
        inner = [node for node in self.order if node.kind != "source"]
        return _part(self.graph, self.graph.name, inner, _same_instant(self.graph))


def plan(graph: Graph, *, order: int = 0) -> Plan:
    """Check a graph and plan it. Raises GraphError naming the operators of a cycle, or the one that no sink needs.

    Of the orders in which operators that are ready at one instant may have their turns, `order` picks another one: 1 the
    reverse, as far as causes allow, others at random. None can show in a trace, unless operators share something behind
    the graph's back.
    """
    if not graph.nodes:
        raise GraphError(f"graph {graph.name!r}: is empty; add a source and a sink")
    read = {cause for name in graph.nodes for cause in _causes(graph, name)}
    for node in graph.nodes.values():
        if node.kind != "sink" and node.name not in read:
            raise GraphError(f"graph {graph.name!r}: no sink needs {node.name!r}; add g.sink('out', {node.name!r}) or remove it")
    before = _same_instant(graph)
    turns = tuple(graph.nodes[name] for name in _sorted(graph, before, order))
    return Plan(graph, turns, tuple(_parts(graph, turns, before)))


def _causes(graph: Graph, name: str) -> list[str]:
    """List what a node reads, with the origin in the place of a feedback edge."""
    return [graph.feedbacks[edge].origin if edge in graph.feedbacks else edge for edge in graph.nodes[name].inputs]


def _same_instant(graph: Graph) -> dict[str, list[str]]:
    """Say for each operator whose turn must come before its own at the same time.

    An align answers at t from what is earlier than t, and what is fed back with a delay is of a later instant:
    neither has to come first.
    """
    before = {name: [] if node.kind == "align" else list(node.forward) for name, node in graph.nodes.items()}
    for feedback in graph.feedbacks.values():
        if feedback.delay == 0 and graph.nodes[feedback.target].kind != "align":
            before[feedback.target].append(feedback.origin)
    return before


def _sorted(graph: Graph, before: dict[str, list[str]], order: int) -> list[str]:
    sorter = TopologicalSorter(before)
    try:
        return _shuffled(sorter, order) if order else list(sorter.static_order())
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        way = "give its feedback a delay, or lead it into an align"
        raise GraphError(f"graph {graph.name!r}: a cycle could wait for itself for ever: {cycle}; {way}") from None


def _shuffled(sorter: TopologicalSorter[str], order: int) -> list[str]:
    """Sort topologically; of the names that may come next, the last one does, or any one."""
    sorter.prepare()
    draws, names, ready = Random(order), [], list(sorter.get_ready())
    while ready:
        name = ready.pop(-1 if order == 1 else draws.randrange(len(ready)))
        sorter.done(name)
        names.append(name)
        ready += sorter.get_ready()
    return names


def _parts(graph: Graph, order: tuple[Node, ...], before: dict[str, list[str]]) -> list[Part]:
    """Contract every cycle into one part, and stand the parts so that causes come first."""
    rank = {node.name: n for n, node in enumerate(order)}
    leads = {name: _causes(graph, name) for name in graph.nodes}
    groups = [sorted(group, key=rank.__getitem__) for group in _strongly_connected(leads)]
    parts = []
    for group in groups:
        nodes = [graph.nodes[name] for name in group if graph.nodes[name].kind != "source"]
        if nodes:
            parts.append(_part(graph, "+".join(node.name for node in nodes), nodes, before))
    return parts


def _part(graph: Graph, name: str, nodes: list[Node], before: dict[str, list[str]]) -> Part:
    inside = {node.name for node in nodes}
    feedbacks = tuple(f for f in graph.feedbacks.values() if f.origin in inside or _led_by_source(graph, f, inside))
    own = inside | {f.name for f in feedbacks}
    read = [edge for node in nodes for edge in node.inputs] + [f.origin for f in feedbacks]
    outside = tuple(dict.fromkeys(edge for edge in read if edge not in own))
    return Part(name, tuple(nodes), feedbacks, outside, _waits(graph, nodes, inside, before))


def _led_by_source(graph: Graph, feedback: Feedback, inside: set[str]) -> bool:
    """A source runs nowhere, so its feedback edge begins in the part where it ends."""
    return graph.nodes[feedback.origin].kind == "source" and feedback.target in inside


def _waits(graph: Graph, nodes: list[Node], inside: set[str], before: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    """Find the edges from outside that an operator's turn depends on within the instant, directly or through others."""
    waits: dict[str, frozenset[str]] = {}
    for node in nodes:  # in the order of turns, so what comes before is known
        found: set[str] = set()
        for edge in node.inputs if node.kind != "align" else ():
            origin = graph.feedbacks[edge].origin if edge in graph.feedbacks else edge
            if origin not in inside:
                found.add(origin if graph.nodes[origin].kind == "source" else edge)
        for name in before[node.name]:
            found |= waits.get(name, frozenset())
        waits[node.name] = frozenset(found)
    return waits


def _strongly_connected(leads: dict[str, list[str]]) -> list[list[str]]:
    """Group names into cycles by Tarjan's algorithm, causes first; a name on no cycle is a group of its own."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(root: str) -> None:
        work = [(root, iter(leads[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            name, rest = work[-1]
            for cause in rest:
                if cause not in index:
                    index[cause] = low[cause] = len(index)
                    stack.append(cause)
                    work.append((cause, iter(leads[cause])))
                    break
                if cause in stack:
                    low[name] = min(low[name], index[cause])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    at = stack.index(name)
                    groups.append(stack[at:])
                    del stack[at:]

    for name in leads:
        if name not in index:
            visit(name)
    return groups
