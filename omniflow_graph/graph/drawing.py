"""Show a graph: as text, as Mermaid."""

from __future__ import annotations

from collections.abc import Mapping

from omniflow_graph.errors import GraphError
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.hashing import graph_hash
from omniflow_graph.graph.nodes import Node
from omniflow_graph.graph.payload_types import shown
from omniflow_graph.graph.plan import plan
from omniflow_graph.graph.rates import rates


def text(graph: Graph) -> str:
    """Print a graph one line an operator, islands named at the end."""
    width, known = max((len(name) for name in (*graph.nodes, *graph.feedbacks)), default=0), rates(graph)
    lines = [f"graph {graph.name}  {graph_hash(graph)[:12]}"]
    for node in graph.nodes.values():
        reads = " <- " + ", ".join(node.inputs) if node.inputs else ""
        about = "  ".join(filter(None, (reads.strip(), details(node), "" if node.kind == "sink" else f": {gives(node, known)}")))
        lines.append(f"  {node.kind:8} {node.name:{width}}  {about}".rstrip())
    for edge in graph.feedbacks.values():
        lines.append(f"  feedback {edge.name:{width}}  {edge.origin} -> {edge.target}  delay {duration(edge.delay)}")
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
    lines, known, tied = ["flowchart LR"], rates(graph), _tied(graph)
    for node in graph.nodes.values():
        label = "<br/>".join(filter(None, (_quoted(node.name), details(node), khz(known[node.name]) if node.name in known else "")))
        lines.append(f"  {names[node.name]}{shapes[node.kind].format(label)}")
    for node in graph.nodes.values():
        lines += [f"  {names[edge]} --> {names[node.name]}" for edge in node.forward]
    for edge in graph.feedbacks.values():
        delay = f" +{duration(edge.delay)}" if edge.delay else ""
        lines.append(f'  {names[edge.origin]} -. "{_quoted(edge.name)}{delay}" .-> {names[edge.target]}')
    if tied:
        lines += [
            "  classDef island fill:#eaf2ff,stroke:#1f6feb,color:#1b1f24",
            f"  class {','.join(names[name] for each in tied for name in each)} island",
        ]
    return "\n".join(lines)


def islands(graph: Graph) -> list[list[str]]:
    """List the groups of operators that run as one step because feedback ties them."""
    return [[node.name for node in part.nodes] for part in plan(graph).parts if len(part.nodes) > 1]


def _tied(graph: Graph) -> list[list[str]]:
    """List the islands of a graph; of one that is not finished, none are known."""
    try:
        return islands(graph)
    except GraphError:
        return []


def _quoted(name: str) -> str:
    """Write a name so that it cannot end the label that it stands in, or be read as HTML."""
    return name.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def gives(node: Node, known: Mapping[str, int]) -> str:
    """Say what an operator puts out: the type, and at what rate if it is sound of which that is known."""
    return shown(node.type) + (f", {khz(known[node.name])}" if node.name in known else "")


def khz(rate_hz: int) -> str:
    """Write a rate of samples.

    >>> khz(16_000), khz(22_050)
    ('16 kHz', '22.05 kHz')
    """
    return f"{rate_hz / 1000:g} kHz"


def details(node: Node) -> str:
    """Say on one line what an operator has besides its edges: its length, or what it costs."""
    if node.kind == "align":
        return f"length {duration(node.length)}"
    if node.kind == "stage":
        cost = duration(node.cost) if isinstance(node.cost, int) else "by function" if callable(node.cost) else "by table"
        fence = f", {'cancelled' if node.cancellable else 'fenced'} by {node.fence}" if node.fence else ""
        return f"cost {cost}" + (f", overrun {node.overrun}" if node.overrun != "queue" else "") + fence
    return ""


def duration(nanoseconds: int) -> str:
    """Write a duration in the largest unit of which there is one or more, exactly."""
    for unit, size in (("s", SECOND), ("ms", 1_000_000), ("us", 1_000)):
        if nanoseconds >= size:
            whole, rest = divmod(nanoseconds, size)
            digits = f"{rest:0{len(str(size)) - 1}}".rstrip("0")
            return f"{whole}.{digits} {unit}" if digits else f"{whole} {unit}"
    return f"{nanoseconds} ns"
