"""Find a graph by name, `module:function`, as the command line and other processes do."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from pathlib import Path
from typing import Any

from omniflow_graph.errors import GraphError
from omniflow_graph.graph.graph import Graph

OURS = ("operators", "simulations", "recordings")


def load_graph(reference: str, options: dict[str, Any] | None = None) -> Graph:
    """Build the graph that `module:function` names. The function is handed those options that it takes.

    The working directory is appended to the search path. Raises GraphError if there is no such module, function or
    graph, if an option that is not None is not taken, or if a folder of the user's hides one of our packages.
    """
    made = _resolve(reference)
    given = {name: value for name, value in (options or {}).items() if value is not None}
    if callable(made):
        taken = inspect.signature(made).parameters
        if refused := [name for name in given if name not in taken and name not in ("recording", "playback")]:
            raise GraphError(f"graph {reference!r}: takes no {', '.join(refused)}; it takes {', '.join(taken) or 'nothing'}")
        made = made(**{name: value for name, value in given.items() if name in taken})
    if not isinstance(made, Graph):
        raise GraphError(f"{reference!r}: wants a Graph or a function that returns one, got {type(made).__name__}")
    return made.checked()


def _resolve(reference: str) -> Any:
    module_name, colon, name = reference.partition(":")
    if not colon or not module_name or not name:
        raise GraphError(f"graph {reference!r}: wants module:function, such as operators.duplex:duplex")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    refuse_hidden(module_name.partition(".")[0])
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and module_name.startswith(error.name):
            raise GraphError(f"graph {reference!r}: no module {error.name!r} here or installed; run from the folder that holds it") from None
        raise
    try:
        return getattr(module, name)
    except AttributeError:
        known = ", ".join(key for key in vars(module) if not key.startswith("_") and callable(getattr(module, key)))
        raise GraphError(f"graph {reference!r}: module {module_name!r} has no {name!r}; it has {known}") from None


def refuse_hidden(package: str) -> None:
    """Raise GraphError if what Python would import as one of our packages is some other folder of that name."""
    spec = importlib.util.find_spec(package) if package in OURS else None
    if spec is None or not (spec.origin or spec.submodule_search_locations):
        return
    found = Path(spec.origin).parent if spec.origin else Path(next(iter(spec.submodule_search_locations or ())))
    if found.resolve() != (Path(__file__).resolve().parents[2] / package):
        raise GraphError(f"the folder {found} hides the package {package!r} of omniflow-graph; rename it, or run from another folder")
