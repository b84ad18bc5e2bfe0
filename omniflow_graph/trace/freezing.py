"""What if: run a graph again with some of its operators frozen to what they gave in a run, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import Iterable

from omniflow_graph.canonical import EdgeDigest, payload_digest
from omniflow_graph.errors import GraphError
from omniflow_graph.graph.graph import Graph
from omniflow_graph.graph.nodes import Frozen, Node
from omniflow_graph.recording.typed import typed
from omniflow_graph.trace.trace import NOT_KEPT, Trace, is_media


def freeze(graph: Graph, names: str | Iterable[str], trace: Trace) -> Graph:
    """Return a graph in which these operators give what they gave in a run: the same events at the same times.

    Each becomes a source that the graph brings along: it reads nothing, costs nothing, and ends when its edge did. What
    only frozen operators needed is left out; what something else reads, too, stays and runs. The graph serves the session
    of the trace, and has another hash. Raises GraphError for what is no operator, and if the trace does not hold all that
    the edge gave.

    >>> from omniflow_graph import Session, replay
    >>> g = Graph("shout")
    >>> _ = g.sink("out", g.map("loud", g.map("word", g.source("mic"), lambda event: f"{event.data}!"), lambda event: event.data.upper()))
    >>> session = Session("s", {"mic": [(0, "a"), (5, "b")]}, end=10)
    >>> frozen = freeze(g, "word", replay(g, session))
    >>> frozen.sources(), [event.data for event in replay(frozen.replace("loud", fn=lambda event: event.data * 2), session)["loud"]]
    (['word'], ['a!a!', 'b!b!'])
    """
    names = [names] if isinstance(names, str) else list(dict.fromkeys(names))
    for name in names:
        _check(graph, name, trace)
    needed = _needed(graph, {*names})
    lost = [name for name in dict.fromkeys((*graph.edges(), *trace.edges)) if name not in needed]
    again = Graph(graph.name)
    for node in graph.nodes.values():
        if node.name in names and node.name in needed:
            again.add(Node(node.name, "source", type=node.type, state=_frozen(graph, node, trace, tuple(lost))))
        elif node.name in needed:
            again.add(node)
    for back in graph.feedbacks.values():
        if back.name in needed:
            again.feedback(back.name, back.origin, back.target, delay=back.delay)
    return again


def _check(graph: Graph, name: str, trace: Trace) -> None:
    whose = f"graph {graph.name!r}"
    if name not in graph.nodes or graph.nodes[name].kind in ("source", "sink"):
        known = ", ".join(node.name for node in graph.nodes.values() if node.kind not in ("source", "sink"))
        kind = f"a {graph.nodes[name].kind}" if name in graph.nodes else "no operator"
        raise GraphError(f"{whose}: cannot freeze {name!r}, which is {kind}; its operators are {known}")
    if name not in trace.edges:
        raise GraphError(f"{whose}: cannot freeze {name!r}, the trace of {trace.session!r} has no such edge; it has {', '.join(trace.edges)}")
    if not trace.complete:
        raise GraphError(f"{whose}: cannot freeze {name!r}, the run of {trace.session!r} was stopped before its end; replay it to its end")


def _needed(graph: Graph, frozen: set[str]) -> set[str]:
    """Find what the sinks need, feedback included, if frozen operators need nothing."""
    left, needed = [node.name for node in graph.nodes.values() if node.kind == "sink"], set()
    while left:
        name = left.pop()
        if name not in needed:
            needed.add(name)
            if name in graph.feedbacks:
                left.append(graph.feedbacks[name].origin)
            elif name not in frozen:
                left += graph.nodes[name].inputs
    return needed


def _frozen(graph: Graph, node: Node, trace: Trace, lost: tuple[str, ...]) -> Frozen:
    """Take what an edge gave, with its types. Raises GraphError unless it is all there."""
    events, chain = [], EdgeDigest()
    for event, digest in zip(trace.edges[node.name], trace.payloads[node.name]):
        data = event.data if event.data is NOT_KEPT else typed(event.data, node.type)
        if data is NOT_KEPT or payload_digest(data) != digest:
            why = "no payload" if data is NOT_KEPT else "only a part of the payload" if node.kind == "align" else "another payload"
            way = "freeze what reads it" if node.kind == "align" else "keep the payloads of this edge"
            raise GraphError(
                f"graph {graph.name!r}: cannot freeze {node.name!r}, the trace of {trace.session!r} holds {why} of its event {event.seq} "
                f"at {event.time / 1e9:.3f} s; {way}"
            )
        events.append(event._replace(data=data))
        chain.add(event.time, event.seq, digest)
    if chain.digest().hex() != trace.digests[node.name]:
        raise GraphError(
            f"graph {graph.name!r}: cannot freeze {node.name!r}, the trace of {trace.session!r} does not hold all its events, "
            "it is damaged; replay its recording again"
        )
    end, media = _end(graph, node.name, trace), is_media(graph, node.name)
    return Frozen(trace.session, trace.end, trace.digests[node.name], end, lost, media, tuple(events))


def _end(graph: Graph, name: str, trace: Trace) -> int:
    """Return when an edge ended in a run: until then a window downstream stays open."""
    ends: dict[str, int] = {}
    for node in graph.nodes.values():  # those that others read first
        events = trace.edges.get(node.name, ())
        over = max((ends[of] for of in node.forward), default=trace.ends.get(node.name, trace.end))
        if node.kind == "align":
            over = (len(events) + 1) * node.length
        elif node.kind == "stage":
            over = max([over, *(step.done + 1 for step in trace.stages.get(node.name, ()) if step.taken)])
        elif node.kind == "scan" and events:
            over = max(over, events[-1].time + 1)
        ends[node.name] = node.state.end if isinstance(node.state, Frozen) else over
    return ends[name]
