"""Tell at what rate sound runs on which edges, as far as a graph's functions declare it: `fn.rate_hz` gives it, `fn.takes_hz` wants it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Node


class Taker(NamedTuple):
    """Say who takes sound, and at how many samples a second."""

    node: str
    hz: int


def takers(graph: Graph) -> dict[str, Taker]:
    """Map each source of sound to who hears it, with nothing but merges and windows in between; the first one, of several."""
    found: dict[str, Taker] = {}
    for node in graph.nodes.values():
        if hz := _declared(node, "takes_hz"):
            for source in _heard(graph, node):
                found.setdefault(source, Taker(node.name, hz))
    return found


def rates(graph: Graph) -> dict[str, int]:
    """Return the rates that are known, in samples a second: of operators what they give, of sources what is taken of them.

    >>> from omniflow_graph import Pcm16
    >>> def hear(event): ...
    >>> hear.takes_hz = 16_000
    >>> g = Graph("ear")
    >>> _ = g.map("heard", g.source("mic", Pcm16), hear)
    >>> rates(g)
    {'mic': 16000}
    """
    known = {source: taker.hz for source, taker in takers(graph).items()}
    given = {node.name: hz for node in graph.nodes.values() if (hz := _declared(node, "rate_hz"))}
    fed_back = {edge.name: given[edge.origin] for edge in graph.feedbacks.values() if edge.origin in given}
    return {**known, **given, **fed_back}


def _declared(node: Node, what: str) -> int | None:
    fn: Any = node.fn
    while isinstance(fn, partial):
        fn = fn.func
    return getattr(fn, what, None)


def _heard(graph: Graph, node: Node) -> Iterator[str]:
    for name in node.forward:
        of = graph.nodes[name]
        if of.kind == "source" and getattr(of.type, "__name__", "") == "Pcm16":
            yield name
        elif of.kind in ("merge", "align"):
            yield from _heard(graph, of)
