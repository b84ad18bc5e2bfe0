"""Give payloads that were read from a recording the types that their edge declares: records as records, tuples as tuples."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


def typed(value: Any, of: Any) -> Any:
    """Return a value as the type says, as far as that is known; what does not fit stays as it was read.

    >>> typed([1, [2, 3]], tuple[int, list[int]])
    (1, [2, 3])
    """
    origin, inner = get_origin(of), get_args(of)
    if origin in (Union, types.UnionType):
        return _one_of(value, inner)
    kind = origin or of
    if kind is tuple and isinstance(value, list):
        items = [inner[0]] * len(value) if len(inner) == 2 and inner[1] is Ellipsis else [*inner, *[Any] * len(value)]
        return tuple(typed(item, each) for item, each in zip(value, items))
    if kind is list and isinstance(value, list):
        return [typed(item, inner[0] if inner else Any) for item in value]
    return value if _is(value, kind) else _record(value, kind)


def _one_of(value: Any, members: tuple[Any, ...]) -> Any:
    """Return the value as the first member of a union that it fits."""
    for member in members:
        found = typed(value, member)
        if _is(found, get_origin(member) or member):
            return found
    return value


def _is(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a class; of what is none, such as Literal, nothing is."""
    try:
        return kind is Any or isinstance(value, kind)
    except TypeError:
        return False


def _record(value: Any, kind: Any) -> Any:
    make: Any = kind
    names: tuple[str, ...] = getattr(kind, "_fields", None) or (tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ())
    known = tuple(getattr(value, "_fields", value if isinstance(value, Mapping) else ()))
    if names and {*known} == {*names}:
        hints = _hints(kind)
        return make(**{name: typed(value[name], hints.get(name, Any)) for name in names})
    if isinstance(kind, type) and issubclass(kind, Enum) and not isinstance(value, (list, dict)):
        return next((member for member in kind if member.value == value), value)
    return value


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except (NameError, TypeError):
        return {}
