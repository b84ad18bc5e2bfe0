"""What flows on an edge, read from annotations, so that a wrong connection is an error when the graph is built."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import partial
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from omniflow_graph.events import Event, Wake


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    """Read annotations; what cannot be resolved (a name local to a function) says nothing."""
    while isinstance(fn, partial):
        fn = fn.func
    if not isinstance(fn, (types.FunctionType, types.MethodType)) and callable(fn):
        fn = type(fn).__call__
    try:
        return get_type_hints(fn)
    except (NameError, TypeError, AttributeError):
        return {}


def _members(of: Any) -> tuple[Any, ...]:
    return get_args(of) if get_origin(of) in (Union, types.UnionType) else (of,)


def union(*of: Any) -> Any:
    """Join types into one; Any swallows everything."""
    members = [m for one in of for m in _members(one)]
    return Any if Any in members or not members else Union[tuple(members)]


def wanted_by(fn: Callable[..., Any]) -> Any:
    """Return T of the parameter that is annotated `Event[T]` (or `Event[T] | Wake`), else Any."""
    for name, hint in _hints(fn).items():
        if name == "return":
            continue
        for member in _members(hint):
            if get_origin(member) is Event:
                return get_args(member)[0]
    return Any


def given_by(kind: str, fn: Callable[..., Any]) -> Any:
    """Return the payload type of what an operator of this kind answers: T of its return annotation, else Any.

    map: `T | None`; scan: `tuple[S, list[tuple[int, T] | Wake]]`; stage: `tuple[S, list[T]]`.
    """
    hint = _hints(fn).get("return", Any)
    if kind == "map":
        return union(*(m for m in _members(hint) if m is not type(None))) if hint is not type(None) else Any
    pair = get_args(hint)
    answers = get_args(pair[1]) if get_origin(hint) is tuple and len(pair) == 2 else ()
    if len(answers) != 1:
        return Any
    if kind == "stage":
        return answers[0]
    timed = [m for m in _members(answers[0]) if m is not Wake]
    if not all(get_origin(m) is tuple and len(get_args(m)) == 2 for m in timed) or not timed:
        return Any
    return union(*(get_args(m)[1] for m in timed))


def fits(got: Any, wanted: Any) -> bool:
    """Tell whether every payload of type `got` may enter where `wanted` is annotated. What is not known fits."""
    if wanted is Any or got is Any:
        return True
    return all(any(_one_fits(g, w) for w in _members(wanted)) for g in _members(got))


def _one_fits(got: Any, wanted: Any) -> bool:
    if got == wanted or wanted is Any or got is Any:
        return True
    got_class, wanted_class = get_origin(got) or got, get_origin(wanted) or wanted
    if hasattr(got_class, "__supertype__"):  # a NewType fits where what it is made of is wanted, not the other way
        return _one_fits(got_class.__supertype__, wanted)
    if not isinstance(got_class, type) or not isinstance(wanted_class, type):
        return hasattr(wanted_class, "__supertype__") is False  # a form we do not read, such as Literal
    return issubclass(got_class, wanted_class)


def shown(of: Any) -> str:
    """Write a type as people write it."""
    if of is Any:
        return "Any"
    return getattr(of, "__name__", str(of)) if not get_args(of) else str(of).replace("typing.", "")


def holds_media(of: Any) -> bool:
    """Tell whether payloads of this type carry sound or pictures: bytes, arrays, or a record with such a field."""
    if of is Any:
        return False
    if get_origin(of) in (Union, types.UnionType):
        return any(map(holds_media, get_args(of)))
    of = get_origin(of) or of
    if hasattr(of, "__supertype__"):
        return holds_media(of.__supertype__)
    if not isinstance(of, type):
        return False
    if issubclass(of, (bytes, np.ndarray)):
        return True
    fields = getattr(of, "__dataclass_fields__", None) or getattr(of, "_fields", None)
    return bool(fields) and any(map(holds_media, _class_hints(of)))


def _class_hints(of: type) -> list[Any]:
    try:
        return list(get_type_hints(of).values())
    except (NameError, TypeError):
        return []
