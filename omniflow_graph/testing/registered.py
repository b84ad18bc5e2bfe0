"""Find what other packages add to the test kit: modules under the entry-point group `omniflow.testing`.

Such a module lists in `__all__` what it adds, and, if it has any, in `QUERIES` what a trace can be asked: name -> function of a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

GROUP = "omniflow.testing"


@cache
def modules() -> tuple[ModuleType, ...]:
    """Load what is registered, in the order of its names."""
    return tuple(entry.load() for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name))


def names() -> dict[str, ModuleType]:
    """Map the names that are added to the modules that add them; who comes first, keeps a name."""
    return {name: module for module in reversed(modules()) for name in module.__all__}


def queries() -> Mapping[str, Callable[..., Any]]:
    """Map what a trace can be asked besides, to who answers."""
    return {name: query for module in modules() for name, query in getattr(module, "QUERIES", {}).items()}
