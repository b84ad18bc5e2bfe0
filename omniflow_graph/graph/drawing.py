"""Show a graph: as text, as Mermaid, as one canonical hash."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from omniflow_graph.canonical import pack
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Node
from omniflow_graph.graph.payload_types import shown
from omniflow_graph.graph.plan import plan


def text(graph: Graph) -> str:
    """Print a graph one line an operator, islands named at the end."""
    width = max((len(name) for name in (*graph.nodes, *graph.feedbacks)), default=0)
    lines = [f"graph {graph.name}  {graph_hash(graph)[:12]}"]
    for node in graph.nodes.values():
        reads = " <- " + ", ".join(node.inputs) if node.inputs else ""
        details = "  ".join(filter(None, (reads.strip(), _details(node), "" if node.kind == "sink" else f": {shown(node.type)}")))
        lines.append(f"  {node.kind:8} {node.name:{width}}  {details}".rstrip())
    for edge in graph.feedbacks.values():
        lines.append(f"  feedback {edge.name:{width}}  {edge.origin} -> {edge.target}  delay {_duration(edge.delay)}")
    lines += [f"  island   {', '.join(names)}" for names in islands(graph)]
    return "\n".join(lines)


def mermaid(graph: Graph) -> str:
    """Draw a graph as a Mermaid flowchart; feedback is dotted."""
    names = {name: f"n{n}" for n, name in enumerate(graph.nodes)}
    shapes = {
        "source": '(["{}"])',
        "sink": '[/"{}"/]',
        "align": '[["{}"]]',
        "stage": '["{}"]',
        "scan": '["{}"]',
        "map": '("{}")',
        "merge": '{{{{"{}"}}}}',
    }
    lines = ["flowchart LR"]
    for node in graph.nodes.values():
        label = "<br/>".join(filter(None, (node.name, _details(node)))).replace('"', "'")
        lines.append(f"  {names[node.name]}{shapes[node.kind].format(label)}")
    for node in graph.nodes.values():
        lines += [f"  {names[edge]} --> {names[node.name]}" for edge in node.forward]
    for edge in graph.feedbacks.values():
        delay = f" +{_duration(edge.delay)}" if edge.delay else ""
        lines.append(f'  {names[edge.origin]} -. "{edge.name}{delay}" .-> {names[edge.target]}')
    return "\n".join(lines)


def islands(graph: Graph) -> list[list[str]]:
    """List the groups of operators that run as one step because feedback ties them."""
    return [[node.name for node in part.nodes] for part in plan(graph).parts if len(part.nodes) > 1]


def graph_hash(graph: Graph) -> str:
    """Hash what a graph is: names, kinds, edges, parameters, `module:qualname` of functions; never code or addresses."""
    nodes = [
        [n.name, n.kind, list(n.inputs), _parameter(n.fn), _parameter(n.state), list(n.wakes), n.length, _parameter(n.cost), n.overrun]
        for n in graph.nodes.values()
    ]
    feedbacks = [[f.name, f.origin, f.target, f.delay] for f in graph.feedbacks.values()]
    return sha256(pack([graph.name, nodes, feedbacks])).hexdigest()


def _parameter(value: Any) -> Any:
    """Turn a parameter into something that can be packed; functions by name, and their bound arguments."""
    if isinstance(value, partial):
        return ["partial", _parameter(value.func), [_parameter(v) for v in value.args], {k: _parameter(v) for k, v in value.keywords.items()}]
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    if is_dataclass(value) and not isinstance(value, type):
        return [_class(value), {f.name: _parameter(getattr(value, f.name)) for f in fields(value) if f.compare}]
    if isinstance(value, dict):
        return {str(key): _parameter(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_parameter(item) for item in value]
    try:
        pack(value)
    except TypeError:
        return _class(value)
    return value


def _class(value: Any) -> str:
    return f"{type(value).__module__}:{type(value).__qualname__}"


def _details(node: Node) -> str:
    if node.kind == "align":
        return f"length {_duration(node.length)}"
    if node.kind == "stage":
        cost = _duration(node.cost) if isinstance(node.cost, int) else "by function" if callable(node.cost) else "by table"
        return f"cost {cost}" + (f", overrun {node.overrun}" if node.overrun != "queue" else "")
    return ""


def _duration(nanoseconds: int) -> str:
    """Write a duration in the largest unit that keeps it short."""
    for unit, size in (("s", SECOND), ("ms", 1_000_000), ("us", 1_000)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:g} {unit}"
    return f"{nanoseconds} ns"
