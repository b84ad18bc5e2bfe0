"""Any graph as it runs live: with windows beside it, of streams that it does not read and of what was wrong with its input."""

from __future__ import annotations

from typing import Any

from omniflow_graph import Graph, Jpeg, Pcm16
from omniflow_graph.events import SECOND
from omniflow_graph.graph.loading import load_graph
from operators.commands.settings import DEFAULT_GRAPH

BESIDE = "beside"
TYPES = {"env-audio": Pcm16, "env-visual": Jpeg}  # by what stands before the / in a stream's name


def live(*, graph: str = DEFAULT_GRAPH, beside: str = "", **options: Any) -> Graph:
    """Build the graph `module:function`, and windows `beside` it of all streams that it does not read, as long as its own.

    `beside` names streams, separated by commas; `options` are those of the graph. A stream that the graph has is left out.
    """
    g = load_graph(graph, options)
    others = [name for name in beside.split(",") if name and name not in g.edges()]
    if others:
        length = next((node.length for node in g.nodes.values() if node.kind == "align"), SECOND)
        for name in others:
            g.source(name, TYPES.get(name.partition("/")[0], Any))
        g.sink("others", g.align(BESIDE, *others, length=length))
    return g
