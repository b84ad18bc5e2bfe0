"""Draw a graph as SVG: operators in the order in which events reach them, islands tinted, feedback dotted below."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from omniflow_graph.graph.drawing import details, duration, gives, islands
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Node
from omniflow_graph.graph.rates import rates

WIDE, HIGH, ACROSS, DOWN, EDGE = 168, 52, 216, 72, 16  # of a box; from box to box; around
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1b1f24 } .small { font-size: 10px; fill: #5b6470 }
  rect { fill: #fff; stroke: #8a94a0 } .source, .sink { rx: 20 } .island { fill: #eaf2ff; stroke: #1f6feb }
  path { fill: none; stroke: #8a94a0 } .back { stroke: #bc4c00; stroke-dasharray: 5 4 } .label { fill: #bc4c00; font-size: 10px }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ee } .small { fill: #9aa4b0 } rect { fill: #1a2027; stroke: #5b6470 } .island { fill: #14273f; stroke: #58a6ff }
    .back { stroke: #f0883e } .label { fill: #f0883e }
  }"""

Place = tuple[int, int]  # of a box: left, top


def svg(graph: Graph) -> str:
    """Return a graph as a picture: one box an operator, with its kind, what it costs, and what it gives.

    >>> g = Graph("echo")
    >>> _ = g.sink("out", g.map("twice", g.source("mic", int), lambda event: event))
    >>> svg(g).count("<rect")
    3
    """
    places, tinted = _places(graph), {name for island in islands(graph) for name in island}
    bottom = max(top for _, top in places.values()) + HIGH
    width = max(left for left, _ in places.values()) + WIDE + EDGE
    height = bottom + EDGE + 22 * len(graph.feedbacks)
    lines = [_edge(places[origin], places[node.name]) for node in graph.nodes.values() for origin in node.forward]
    for n, back in enumerate(graph.feedbacks.values(), 1):
        label = f"{back.name} +{duration(back.delay)}" if back.delay else back.name
        lines.append(_back(places[back.origin], places[back.target], bottom + 22 * n - 6, label))
    known = rates(graph)
    boxes = [_box(node, places[node.name], node.name in tinted, known) for node in graph.nodes.values()]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    arrow = '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    arrow += '<polygon points="0,0 8,4 0,8" fill="#8a94a0"/></marker>'
    return "\n".join([head, f"<title>{escape(graph.name)}</title>", f"<style>{STYLE}\n</style>", f"<defs>{arrow}</defs>", *lines, *boxes, "</svg>"])


def _places(graph: Graph) -> dict[str, Place]:
    """Place each box right of all that it reads, and in its column near what it reads."""
    column: dict[str, int] = {}
    for node in graph.nodes.values():
        column[node.name] = 1 + max((column[of] for of in node.forward), default=-1)
    rows: dict[str, float] = {}
    for n in range(max(column.values(), default=0) + 1):
        standing = [node for node in graph.nodes.values() if column[node.name] == n]
        wanted = {node.name: sum(rows[of] for of in node.forward) / len(node.forward) if node.forward else 0.0 for node in standing}
        for row, node in enumerate(sorted(standing, key=lambda node: wanted[node.name])):
            rows[node.name] = row
    return {name: (EDGE + ACROSS * column[name], EDGE + DOWN * int(rows[name])) for name in graph.nodes}


def _box(node: Node, place: Place, tinted: bool, known: Mapping[str, int]) -> str:
    left, top = place
    kind = f"{node.kind}{' island' if tinted else ''}"
    given = "" if node.kind == "sink" else gives(node, known)
    rows = [(17, "", node.name), (32, "small", _short(f"{node.kind}  {details(node)}".strip())), (45, "small", _short(given))]
    texts = "".join(f'<text class="{style}" x="{left + 10}" y="{top + y}">{escape(words)}</text>' for y, style, words in rows if words)
    return f'<g><rect class="{kind}" x="{left}" y="{top}" width="{WIDE}" height="{HIGH}" rx="6"/>{texts}</g>'


def _short(words: str, most: int = 30) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _edge(origin: Place, target: Place) -> str:
    x, y, to, down = origin[0] + WIDE, origin[1] + HIGH // 2, target[0], target[1] + HIGH // 2
    bend = (to - x) // 2
    return f'<path d="M{x},{y} C{x + bend},{y} {to - bend},{down} {to - 2},{down}" marker-end="url(#arrow)"/>'


def _back(origin: Place, target: Place, below: int, label: str) -> str:
    """Lead feedback out below its origin, back under everything, and in below its target."""
    x, y, to, down = origin[0] + WIDE // 2, origin[1] + HIGH, target[0] + WIDE // 2, target[1] + HIGH
    path = f'<path class="back" d="M{x},{y} V{below} H{to} V{down + 2}" marker-end="url(#arrow)"/>'
    return f'{path}<text class="label" x="{min(x, to) + 6}" y="{below - 4}">{escape(label)}</text>'
