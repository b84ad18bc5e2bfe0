"""What a graph is made of: one node for each name, and feedback edges. Values; they do nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from omniflow_graph.events import Event

Cost = int | Sequence[int] | Callable[..., int]
OVERRUNS = ("queue", "merge", "newest")


@dataclass(frozen=True)
class Node:
    """Say what one name in the graph is. Only the fields of its kind are set."""

    name: str
    kind: str  # source, map, scan, merge, align, stage, sink
    inputs: tuple[str, ...] = ()  # feedback edges stand after the others, in the order declared
    forward: tuple[str, ...] = ()  # the inputs that are no feedback
    fn: Callable[..., Any] | None = None
    state: Any = None
    wakes: Sequence[int] = ()
    length: int = 0
    cost: Cost = 0
    overrun: str = "queue"
    fence: str = ""  # the input at whose events a stage lets go of what it does
    cancellable: bool = False
    type: Any = Any  # of the payloads on its edge

    @property
    def whose(self) -> str:
        """Name the node as messages do: its kind and its name."""
        return f"{self.kind} {self.name!r}"


@dataclass(frozen=True)
class Frozen:
    """Hold what an edge gave in a run: the state of a source that the graph brings along, so that nobody has to feed it.

    `left_out` are the names that are not there any more, since only this operator needed them.
    """

    session: str
    length: int  # of the session
    digest: str  # of the events, which are in the graph's hash by this
    end: int  # of the edge
    left_out: tuple[str, ...] = ()
    media: bool = False  # whether the edge carries sound or pictures
    events: tuple[Event[Any], ...] = field(default=(), compare=False, repr=False)

    def __deepcopy__(self, memo: dict[int, Any]) -> Frozen:
        """Return itself: nobody can change it."""
        return self


@dataclass(frozen=True)
class Feedback:
    """Say where an edge that may run backwards begins, where it ends, and by how much it is later."""

    name: str
    origin: str
    target: str
    delay: int = 0


def frozen_in(nodes: Mapping[str, Node]) -> dict[str, Frozen]:
    """Return what the frozen ones of a graph's nodes hold, by name."""
    return {name: node.state for name, node in nodes.items() if isinstance(node.state, Frozen)}


def takes_rng(fn: Callable[..., Any]) -> bool:
    """Tell whether a function asks for chance: it has a parameter named `rng`, or hands all it gets to one that has."""
    try:
        own = inspect.signature(fn, follow_wrapped=False).parameters
        wrapped = inspect.signature(fn).parameters
    except (TypeError, ValueError):  # a builtin without a signature
        return False
    return "rng" in own or ("rng" in wrapped and any(each.kind is each.VAR_KEYWORD for each in own.values()))


def first_state(node: Node) -> Any:
    """Return the state in which an operator begins a session: made for it, or a copy, so that sessions share none."""
    return node.state() if callable(node.state) else deepcopy(node.state)
