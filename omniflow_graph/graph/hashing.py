"""Name a graph by what it is: one canonical hash, the same in every process, another for every other parameter."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cached_property, partial
from hashlib import sha256
from numbers import Number
from pathlib import Path, PurePath
from types import FunctionType, ModuleType
from typing import Any

from omniflow_graph.canonical import pack
from omniflow_graph.graph.graph import Graph


def graph_hash(graph: Graph) -> str:
    """Hash names, kinds, edges, parameters, `module:qualname` of functions; never code, addresses or repr."""
    nodes = [
        [n.name, n.kind, list(n.inputs), _parameter(n.fn), _parameter(n.state), list(n.wakes), n.length, _parameter(n.cost), n.overrun]
        + ([n.fence, n.cancellable] if n.fence else [])
        for n in graph.nodes.values()
    ]
    feedbacks = [[f.name, f.origin, f.target, f.delay] for f in graph.feedbacks.values()]
    return sha256(pack([graph.name, nodes, feedbacks])).hexdigest()


def _parameter(value: Any, inside: tuple[Any, ...] = (), opened: bool = False) -> Any:
    """Turn a parameter into something that can be packed: data as it is, functions with what is bound to them.

    An object is its class and its public attributes; one inside it (`opened`) its class alone, since nobody can say how
    far that goes: a logger knows all loggers of its process.
    """
    if any(value is each for each in inside):  # it holds itself
        return "..."
    within = partial(_parameter, inside=(*inside, value), opened=opened)
    if isinstance(value, partial):
        return ["partial", within(value.func), within(value.args), within(value.keywords)]
    if isinstance(value, (type, ModuleType)):
        return _name(value)
    if callable(value) and hasattr(value, "__name__"):
        bound = _bound(value)
        return [_name(value), within(bound)] if bound else _name(value)
    if isinstance(value, Enum):
        return [_name(type(value)), within(value.value)]
    if isinstance(value, PurePath):
        return ["path", value.as_posix()]
    if is_dataclass(value):
        return [_name(type(value)), {f.name: within(getattr(value, f.name)) for f in fields(value) if f.compare}]
    if isinstance(value, Mapping):
        return ["map", sorted(([within(key), within(item)] for key, item in value.items()), key=pack)]
    if isinstance(value, (set, frozenset)):
        return ["set", sorted(map(within, value), key=pack)]
    if isinstance(value, (list, tuple)):
        return [*([_name(type(value))] if hasattr(value, "_fields") else []), *map(within, value)]
    try:
        pack(value)
    except TypeError:
        return _object(value, within, opened)
    return value


def _bound(fn: Callable[..., Any]) -> dict[str, Any]:
    """Collect what a function brings along: its owner, what it wraps, its defaults, what it captured."""
    owner = getattr(fn, "__self__", None)
    bound = {} if owner is None or isinstance(owner, ModuleType) else {"__self__": owner}
    fn = getattr(fn, "__func__", fn)
    if not isinstance(fn, FunctionType):
        return {**bound, "__wrapped__": fn.__wrapped__} if hasattr(fn, "__wrapped__") else bound  # type: ignore[attr-defined]
    parameters = inspect.signature(fn, follow_wrapped=False).parameters.values()
    bound |= {each.name: each.default for each in parameters if each.default is not each.empty}
    for name, cell in zip(fn.__code__.co_freevars, fn.__closure__ or ()):
        try:
            bound[name] = cell.cell_contents
        except ValueError:  # a variable that got no value yet
            bound[name] = None
    return bound


def _object(value: Any, within: Callable[..., Any], opened: bool) -> Any:
    if isinstance(value, (Number, range)):  # those that are too large for msgpack, fractions, decimals
        return [_name(type(value)), str(value)]
    public = {} if opened else {key: item for key, item in getattr(value, "__dict__", {}).items() if _is_parameter(type(value), key)}
    return [_name(type(value)), {key: within(item, opened=True) for key, item in public.items()}] if public else _name(type(value))


def _is_parameter(owner: type, name: str) -> bool:
    """Tell whether an attribute says what an object is: what it keeps for itself, or worked out, does not."""
    return not name.startswith("_") and not isinstance(getattr(owner, name, None), cached_property)


def _name(of: Any) -> str:
    """Return `module:qualname`. What a script defines is named as if the script had been imported."""
    if isinstance(of, ModuleType):
        return of.__name__
    module, main = getattr(of, "__module__", None), sys.modules.get("__main__")
    if module == "__main__":
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        module = spec.name if spec else Path(file).stem if file else module
    return f"{module}:{getattr(of, '__qualname__', None) or of.__name__}"
