"""Check one operator at the door: its name, its edges, its parameters, and whether its function can be called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from omniflow_graph.errors import GraphError
from omniflow_graph.graph.nodes import OVERRUNS, Node, takes_rng
from omniflow_graph.graph.payload_types import fits, given_by, holds_events, shown, takes_events, wanted_by

REPLACEABLE = {  # what an operator of each kind has besides its name and its edges
    "source": (),
    "map": ("fn",),
    "scan": ("fn", "state", "wakes"),
    "merge": (),
    "align": ("length",),
    "stage": ("fn", "state", "cost", "overrun", "cancellable"),
    "sink": (),
}
CALLED = {"map": ("event",), "scan": ("state", "cause"), "stage": ("state", "event")}


def check_inputs(node: Node, known: Sequence[str]) -> None:
    """Raise GraphError unless a node reads edges that are `known`, each once."""
    whose = f"{node.kind} {node.name!r}"
    if node.kind != "source" and not node.inputs:
        raise GraphError(f"{whose}: reads nothing; name at least one edge")
    for edge in node.inputs:
        if not isinstance(edge, str):
            raise GraphError(f"{whose}: wants the names of edges one by one, as in {node.kind}({node.name!r}, 'a', 'b'); got {edge!r}")
        if edge not in known:
            raise GraphError(f"{whose}: reads {edge!r}, which is no edge declared before it; there are {', '.join(known) or 'none'}")
    if len(set(node.inputs)) < len(node.inputs):
        raise GraphError(f"{whose}: reads one edge twice: {', '.join(node.inputs)}; name it once")


def check_parameters(node: Node) -> None:
    """Raise GraphError for a parameter that could only fail, or mislead, once the graph runs."""
    whose = f"{node.kind} {node.name!r}"
    if node.kind in CALLED:
        _check_call(whose, "function", node.fn, *CALLED[node.kind])
    if node.kind == "align" and (type(node.length) is not int or node.length < 1):
        raise GraphError(f"{whose}: wants a length of 1 ns or more as an int, got {node.length!r}; use seconds(1.0)")
    if node.overrun not in OVERRUNS:
        raise GraphError(f"{whose}: wants overrun to be one of {', '.join(OVERRUNS)}, got {node.overrun!r}")
    if node.cancellable and not node.fence:
        raise GraphError(f"{whose}: is cancellable and has no fence at which to cancel; name an edge: fence='stop'")
    if not _are_times(node.wakes):
        raise GraphError(f"{whose}: wants first wakes as a list of ints, 0 ns or later, got {node.wakes!r}; use [seconds(1.0)]")
    _check_state(whose, node.state)
    _check_cost(whose, node.cost)


def check_types(node: Node, edge: str, got: Any) -> Any:
    """Return the type of what an operator answers to `got`. Raises GraphError if its annotations say that it cannot."""
    whose = f"{node.kind} {node.name!r}"
    assert node.fn
    if not takes_events(node.kind, node.fn):
        raise GraphError(f"{whose}: its function is handed events, and is annotated to take none; annotate Event[T], and read event.data")
    wanted = wanted_by(node.kind, node.fn)
    if not fits(got, wanted):
        raise GraphError(f"{whose}: wants events of {shown(wanted)}, got {shown(got)} from {edge!r}; put an operator that converts between them")
    given = given_by(node.kind, node.fn, wanted, got)
    if holds_events(given):
        raise GraphError(f"{whose}: wants to answer with payloads, is annotated to answer with an Event; leave time, stream and seq out")
    return given


def _check_state(whose: str, state: Any) -> None:
    if callable(state):
        _check_call(whose, "state, which makes one per session,", state)
        return
    try:
        deepcopy(state)
    except Exception as error:
        raise GraphError(
            f"{whose}: wants a state that can be copied for each session, got {type(state).__name__} ({error}); "
            "give a function of no arguments that makes one"
        ) from None


def _check_cost(whose: str, cost: Any) -> None:
    if callable(cost):
        _check_call(whose, "cost", cost, "event")
    elif not _are_times(cost if isinstance(cost, Sequence) else [cost]) or (isinstance(cost, Sequence) and not cost):
        raise GraphError(f"{whose}: a cost is 0 ns or more as an int, a table of such, or a function; got {cost!r}; use seconds(0.2)")


def _are_times(times: Any) -> bool:
    return isinstance(times, Sequence) and all(type(time) is int and time >= 0 for time in times)


def _check_call(whose: str, what: str, fn: Callable[..., Any] | None, *given: str) -> None:
    """Raise GraphError unless a function can be called with these arguments, and with `rng` if it has that."""
    if not callable(fn):
        raise GraphError(f"{whose}: wants a {what}, got {fn!r}")
    if any(is_of(fn) for is_of in (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)):
        raise GraphError(f"{whose}: its {what} yields or awaits, and must return; collect its answers in a list")
    try:
        signature = inspect.signature(fn, follow_wrapped=False)
    except (TypeError, ValueError):  # a builtin without a signature
        return
    try:
        signature.bind(*given, **({"rng": None} if takes_rng(fn) else {}))
    except TypeError as error:
        raise GraphError(
            f"{whose}: its {what} is called with ({', '.join(given)}), got one that takes ({', '.join(signature.parameters)}): {error}"
        ) from None
