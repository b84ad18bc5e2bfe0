"""Find a graph by name, `module:function`, as the command line and other processes do."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable
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
    made = resolve(reference)
    given = {name: value for name, value in (options or {}).items() if value is not None}
    if callable(made):
        made = made(**_taken(reference, made, given))
    elif refused := _asked_for(given):
        raise GraphError(f"graph {reference!r}: takes no {', '.join(refused)}: it is no function; name one that returns a graph")
    if not isinstance(made, Graph):
        raise GraphError(f"graph {reference!r}: wants a Graph or a function that returns one, got {type(made).__name__}")
    return made.checked()


def _taken(reference: str, function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Pick what a function takes. Raises GraphError for what it should take and does not, and for what it needs."""
    parameters = inspect.signature(function).parameters
    any_name = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    taken = {name: value for name, value in given.items() if name in parameters or any_name}
    if refused := _asked_for(given.keys() - taken.keys()):
        raise GraphError(f"graph {reference!r}: takes no {', '.join(refused)}; it takes {', '.join(parameters) or 'nothing'}")
    needed = [each.name for each in parameters.values() if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]
    if missing := [name for name in needed if name not in taken]:
        raise GraphError(f"graph {reference!r}: needs {', '.join(missing)}, which is not given; give each parameter a default")
    return taken


def _asked_for(names: Iterable[str]) -> list[str]:
    """Leave out what is offered to every graph and need not be taken."""
    return sorted(set(names) - {"recording", "playback"})


def resolve(reference: str) -> Any:
    """Return what `module:name` stands for. Raises GraphError if there is no such thing."""
    module_name, colon, name = reference.partition(":")
    if not colon or not module_name or not name or module_name.startswith("."):
        raise GraphError(f"graph {reference!r}: wants module:function, such as operators.duplex:duplex")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    refuse_hidden(module_name.partition(".")[0])
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise GraphError(f"graph {reference!r}: no module {error.name!r} here or installed; run from the folder that holds it") from None
        raise
    try:
        return getattr(module, name)
    except AttributeError:
        known = ", ".join(key for key in vars(module) if not key.startswith("_") and callable(getattr(module, key)))
        raise GraphError(f"graph {reference!r}: module {module_name!r} has no {name!r}; it has {known or 'no functions'}") from None


def refuse_hidden(package: str) -> None:
    """Raise GraphError if what Python would import as one of our packages is some other folder of that name."""
    spec = importlib.util.find_spec(package) if package in OURS else None
    if spec is None or not (spec.origin or spec.submodule_search_locations):
        return
    found = Path(spec.origin).parent if spec.origin else Path(next(iter(spec.submodule_search_locations or ())))
    if found.resolve() != (Path(__file__).resolve().parents[2] / package):
        raise GraphError(f"the folder {found} hides the package {package!r} of omniflow-graph; rename it, or run from another folder")
