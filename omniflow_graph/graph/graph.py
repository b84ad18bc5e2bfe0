"""Declare a pipeline once: sources, operators, feedback edges and sinks, by name. A graph runs nothing.

g = Graph("echo")
mic = g.source("mic")
loud = g.map("loud", mic, lambda event: event.data * 2)
g.sink("out", g.align("window", loud, length=seconds(1.0)))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from omniflow_graph.errors import GraphError
from omniflow_graph.events import Window
from omniflow_graph.graph.checks import REPLACEABLE, check_inputs, check_parameters, check_types
from omniflow_graph.graph.nodes import Cost, Feedback, Node
from omniflow_graph.graph.payload_types import union


@dataclass
class Graph:
    """Hold a pipeline. Every method that adds an operator returns the name of its edge.

    An operator reads only edges declared before it; `feedback` alone runs backwards. A function that takes the graph
    and an edge, adds operators and returns an edge reads like one step: that is how graphs are composed.
    """

    name: str
    nodes: dict[str, Node] = field(default_factory=dict)
    feedbacks: dict[str, Feedback] = field(default_factory=dict)

    def source(self, name: str, type: Any = Any) -> str:
        """Name a stream that comes from outside. `type` is what its events carry."""
        return self._add(Node(name, "source", type=type))

    def map(self, name: str, of: str, fn: Callable[..., Any]) -> str:
        """Answer each event with one payload or None (nothing): `fn(event)`. Keeps time and seq; has no state."""
        return self._add(Node(name, "map", (of,), fn=fn))

    def scan(self, name: str, of: str, fn: Callable[..., Any], *, state: Any = None, wakes: Sequence[int] = ()) -> str:
        """Answer with state: `fn(state, cause) -> (state, [(time, payload) | Wake(time), ...])`.

        `cause` is an Event, or a Wake that was asked for; `wakes` are the first ones. An answer is not before its
        cause, a Wake is later than it. `state` is a value, or a function of no arguments that makes one per session.
        """
        return self._add(Node(name, "scan", (of,), fn=fn, state=state, wakes=wakes))

    def merge(self, name: str, *of: str) -> str:
        """Join edges in the order (time, order of the inputs, seq), numbered anew."""
        return self._add(Node(name, "merge", of))

    def align(self, name: str, *of: str, length: int) -> str:
        """Cut edges into windows `[k * length, (k + 1) * length)`. The window's event has the time of its end."""
        return self._add(Node(name, "align", of, length=length, type=Window))

    def stage(
        self,
        name: str,
        of: str,
        fn: Callable[..., Any],
        *,
        state: Any = None,
        cost: Cost = 0,
        overrun: str = "queue",
        fence: str | None = None,
        cancellable: bool = False,
    ) -> str:
        """Work on one event at a time, and take time: `fn(state, event) -> (state, [payload, ...])`.

        All answers have the time `max(free, ready) + cost`. `cost` is nanoseconds, a table by seq, or `fn(event)`.
        `overrun` says what happens to what waits: "queue" (in turn), "merge" (one long window), "newest" (the rest is
        dropped, and recorded as dropped). At an event on the edge `fence` the stage drops what waits and what is under
        way, which is recorded, too, and leaves the state as it was before; a `cancellable` stage is free at once, another
        one when the step would have been done. What comes at the fence's own time is worked on.
        """
        inputs = (of,) if fence is None else (of, fence)
        return self._add(Node(name, "stage", inputs, fn=fn, state=state, cost=cost, overrun=overrun, fence=fence or "", cancellable=cancellable))

    def sink(self, name: str, *of: str) -> str:
        """Collect edges in the order (time, order of the inputs, seq)."""
        return self._add(Node(name, "sink", of))

    def feedback(self, name: str, origin: str, target: str, *, delay: int = 0) -> str:
        """Lead an edge back into a merge or an align. Each event enters at its own time plus `delay`."""
        self._unused(name)
        known = self._declared()
        for end in (origin, target):
            if end not in known:
                raise GraphError(f"feedback {name!r}: there is no operator {end!r} to connect; declare it before; there are {', '.join(known)}")
        if self.nodes[target].kind not in ("merge", "align"):
            kind = self.nodes[target].kind
            raise GraphError(f"feedback {name!r}: wants a merge or an align, got the {kind} {target!r}; put a merge before it")
        if type(delay) is not int or delay < 0:
            raise GraphError(f"feedback {name!r}: wants a delay of 0 ns or more as an int, got {delay!r}; use seconds(0.2)")
        before, node = dict(self.nodes), self.nodes[target]
        self.feedbacks[name] = Feedback(name, origin, target, delay)
        self.nodes[target] = replace(node, inputs=(*node.inputs, name))
        try:
            if node.kind == "merge":
                self._retype()
        except GraphError:
            self.nodes = before
            del self.feedbacks[name]
            raise
        return name

    def add(self, node: Node, *of: str) -> str:
        """Add an operator as another graph has it, `graph.nodes[name]`; it reads the edges `of`, by default those it read there.

        What is fed back to it is not added: call `feedback` when its origin is there, too. This is how a graph is made of
        another one.
        """
        return self._add(replace(node, inputs=of or node.forward))

    def replace(self, name: str, fn: Callable[..., Any] | None = None, **changes: Any) -> Graph:
        """Return a new graph with one operator replaced by name; everything around it stays.

        `changes` are `state`, `wakes`, `cost`, `overrun` or `length`, as the operator's kind has them. Raises GraphError
        if there is no such operator or its neighbours do not take the new types.
        """
        if name not in self.nodes:
            raise GraphError(f"graph {self.name!r}: nothing named {name!r} to replace; there are {', '.join(self.nodes)}")
        changed = {**changes, **({"fn": fn} if fn is not None else {})}
        kind = self.nodes[name].kind
        if unknown := [key for key in changed if key not in REPLACEABLE[kind]]:
            wants = ", ".join(REPLACEABLE[kind]) or "the name of a map, scan, stage or align"
            raise GraphError(f"{kind} {name!r}: cannot replace {', '.join(unknown)}; wants {wants}")
        again = Graph(self.name)
        for node in self.nodes.values():
            again.add(replace(node, **(changed if node.name == name else {})))
        for edge in self.feedbacks.values():
            again.feedback(edge.name, edge.origin, edge.target, delay=edge.delay)
        return again

    def type_of(self, edge: str) -> Any:
        """Return the payload type of an edge; a feedback edge has that of its origin."""
        return self.nodes[self.feedbacks[edge].origin if edge in self.feedbacks else edge].type

    def edges(self) -> list[str]:
        """List the names of all edges: sources and operators as declared, then feedback."""
        return [node.name for node in self.nodes.values() if node.kind != "sink"] + list(self.feedbacks)

    def sources(self) -> list[str]:
        """List the names of the sources, in the order declared: their rank among events of one time."""
        return [node.name for node in self.nodes.values() if node.kind == "source"]

    def checked(self) -> Graph:
        """Return the graph if it has a meaning. Raises GraphError for a cycle that could wait for itself, or an
        operator that no sink needs."""
        from omniflow_graph.graph.plan import plan

        plan(self)
        return self

    def text(self) -> str:
        """Print the graph, one line an operator."""
        from omniflow_graph.graph.drawing import text

        return text(self)

    __str__ = text

    def mermaid(self) -> str:
        """Draw the graph as a Mermaid flowchart."""
        from omniflow_graph.graph.drawing import mermaid

        return mermaid(self)

    def svg(self) -> str:
        """Draw the graph as an SVG picture."""
        from omniflow_graph.graph.svg import svg

        return svg(self)

    def hash(self) -> str:
        """Return the canonical hash, in hex: names, kinds, edges, parameters, `module:qualname`; never code."""
        from omniflow_graph.graph.hashing import graph_hash

        return graph_hash(self)

    def _declared(self) -> list[str]:
        """List the edges that an operator may read."""
        return [node.name for node in self.nodes.values() if node.kind != "sink"]

    def _unused(self, name: str) -> None:
        if not isinstance(name, str) or not name or not name.isprintable():
            raise GraphError(f"graph {self.name!r}: a name is a text that is not empty and can be printed, got {name!r}")
        if name in self.nodes or name in self.feedbacks:
            raise GraphError(f"graph {self.name!r}: two things are named {name!r}; give one of them another name")

    def _add(self, node: Node) -> str:
        self._unused(node.name)
        check_inputs(node, self._declared())
        check_parameters(node)
        self.nodes[node.name] = replace(node, forward=node.inputs, wakes=tuple(node.wakes), type=self._typed(node))
        return node.name

    def _retype(self) -> None:
        """Work the types through again: what a merge is fed back changes what its readers get, and so on round a loop."""
        settled = False
        while not settled:
            settled = True
            for node in list(self.nodes.values()):
                kind = self._typed(node)
                if kind != node.type:
                    self.nodes[node.name], settled = replace(node, type=kind), False

    def _typed(self, node: Node) -> Any:
        """Check what the operator wants against what its inputs give, and return what it gives."""
        if node.kind == "merge":
            return union(*map(self.type_of, node.inputs))
        if node.fn is None:
            return node.type
        edge = node.inputs[0]
        return check_types(node, edge, self.nodes[edge].type)
