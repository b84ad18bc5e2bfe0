"""What flows on an edge, read from annotations, so that a wrong connection is an error when the graph is built."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np

from omniflow_graph.events import Event, Wake

_read_annotations: Any = lru_cache(maxsize=256)(get_type_hints)  # they are compiled at each reading, and tests build a graph for each case
NUMBERS = {float: (int,), complex: (int, float)}  # what may stand for them, as type checkers see it


def _hints(fn: Callable[..., Any]) -> dict[str, Any]:
    """Read annotations; what cannot be resolved (a name local to a function) says nothing."""
    while isinstance(fn, (partial, types.MethodType)):
        fn = fn.func if isinstance(fn, partial) else fn.__func__
    if not isinstance(fn, types.FunctionType) and callable(fn):
        fn = type(fn).__call__
    try:
        return _read_annotations(fn)
    except (NameError, TypeError, AttributeError):
        return {}


def _members(of: Any) -> tuple[Any, ...]:
    return get_args(of) if get_origin(of) in (Union, types.UnionType) else (of,)


def union(*of: Any) -> Any:
    """Join types into one; Any swallows everything."""
    members = [m for one in of for m in _members(one)]
    return Any if Any in members or not members else Union[tuple(members)]


def _event_hint(kind: str, fn: Callable[..., Any]) -> Any:
    """Return how the parameter that is handed the event is annotated: the first of a map, else the second."""
    place, hints = 0 if kind == "map" else 1, _hints(fn)
    for follow in (False, True):  # a decorator's own (*args) says nothing, what it wraps may
        try:
            parameters = inspect.signature(fn, follow_wrapped=follow).parameters.values()
        except (TypeError, ValueError):  # a builtin without a signature
            return Any
        names = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
        if place < len(names):
            return hints.get(names[place], Any)
    return Any


def takes_events(kind: str, fn: Callable[..., Any]) -> bool:
    """Tell whether a function's annotations let it be handed an event. What we do not read lets it."""
    return hasattr(fn, "__wrapped__") or any(map(_may_be_event, _members(_event_hint(kind, fn))))


def _may_be_event(of: Any) -> bool:
    of = get_origin(of) or of
    return of is Any or of is Wake or not _is_plain(of) or issubclass(Event, of)


def holds_events(of: Any) -> bool:
    """Tell whether payloads of this type would be events themselves."""
    return any((get_origin(member) or member) is Event for member in _members(of))


def wanted_by(kind: str, fn: Callable[..., Any]) -> Any:
    """Return T where the parameter that is handed the event is annotated `Event[T]` (or `Event[T] | Wake`), else Any."""
    events = [member for member in _members(_event_hint(kind, fn)) if holds_events(member)]
    return union(*(get_args(event)[0] if get_args(event) else Any for event in events))


def given_by(kind: str, fn: Callable[..., Any], wanted: Any = Any, got: Any = Any) -> Any:
    """Return the payload type of what an operator of this kind answers: T of its return annotation, else Any.

    map: `T | None`; scan: `tuple[S, list[tuple[int, T] | Wake]]`; stage: `tuple[S, list[T]]`. A function that passes
    on whatever it gets (`wanted` is the T that it returns) gives what it `got`.
    """
    given = union(*_answers(kind, _hints(fn).get("return", Any)))
    return (got if given == wanted else Any) if isinstance(given, TypeVar) else given


def _answers(kind: str, hint: Any) -> list[Any]:
    if kind == "map":
        return [member for member in _members(hint) if member is not type(None)]
    pair = get_args(hint)
    answers = get_args(pair[1]) if get_origin(hint) is tuple and len(pair) == 2 else ()
    if len(answers) != 1:
        return [Any]
    if kind == "stage":
        return [answers[0]]
    timed = [member for member in _members(answers[0]) if member is not Wake]
    return [_payload(member) for member in timed]


def _payload(timed: Any) -> Any:
    """Return T of `tuple[int, T]`; an Event in its place is a mistake that is told of elsewhere."""
    if holds_events(timed):
        return timed
    return get_args(timed)[1] if get_origin(timed) is tuple and len(get_args(timed)) == 2 else Any


def fits(got: Any, wanted: Any) -> bool:
    """Tell whether every payload of type `got` may enter where `wanted` is annotated. What is not known fits."""
    if wanted is Any or got is Any:
        return True
    return all(any(_one_fits(g, w) for w in _members(wanted)) for g in _members(got))


def _one_fits(got: Any, wanted: Any) -> bool:
    if got == wanted or Any in (got, wanted) or TypeVar in (type(got), type(wanted)):
        return True
    got_class, wanted_class = get_origin(got) or got, get_origin(wanted) or wanted
    if hasattr(got_class, "__supertype__"):  # a NewType fits where what it is made of is wanted, not the other way
        return _one_fits(got_class.__supertype__, wanted)
    if not isinstance(got_class, type) or not _is_plain(wanted_class):
        return not hasattr(wanted_class, "__supertype__")  # a form we do not read, such as Literal
    return issubclass(got_class, (wanted_class, *NUMBERS.get(wanted_class, ())))


def _is_plain(of: Any) -> bool:
    """Tell whether `issubclass` can judge of a type. It cannot of Literal and its like, protocols and typed dicts."""
    return isinstance(of, type) and not getattr(of, "_is_protocol", False) and not is_typeddict(of)


def shown(of: Any) -> str:
    """Write a type as people write it."""
    if of is Any:
        return "Any"
    if len(members := _members(of)) > 1:
        return " | ".join(map(shown, members))
    if of is type(None):
        return "None"
    return str(of).replace("typing.", "") if get_args(of) else getattr(of, "__name__", str(of))


def holds_media(of: Any, inside: tuple[Any, ...] = ()) -> bool:
    """Tell whether payloads of this type carry sound or pictures: bytes, arrays, or what has such an item or field."""
    if of is Any or of in inside:  # a type that has fields of its own type says nothing new
        return False
    inside = (*inside, of)
    if any(holds_media(item, inside) for item in get_args(of)):
        return True
    of = get_origin(of) or of
    if hasattr(of, "__supertype__"):
        return holds_media(of.__supertype__, inside)
    if not isinstance(of, type):
        return False
    if issubclass(of, (bytes, np.ndarray)):
        return True
    fields = getattr(of, "__dataclass_fields__", None) or getattr(of, "_fields", None)
    return bool(fields) and any(holds_media(hint, inside) for hint in _class_hints(of))


def _class_hints(of: type) -> list[Any]:
    try:
        return list(get_type_hints(of).values())
    except (NameError, TypeError):
        return []
