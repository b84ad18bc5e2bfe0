"""Tell whether a run fails, and whether two runs fail in the same way: a smaller session that fails otherwise proves nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from omniflow_graph import Graph, Trace
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.plan import Plan, plan
from omniflow_graph.session import Feed

Property = Callable[[Trace], Any]  # fails by returning False or raising AssertionError


class Failure(NamedTuple):
    """Say how a run failed. Two are the same if the kind and the place are: the words may speak of other times."""

    kind: str  # False, or the class of what was raised
    place: str = ""  # file:line where it was raised
    words: str = ""

    def __str__(self) -> str:
        """Say it on one line."""
        words = " ".join(self.words.split())
        return f"{words} ({self.kind.partition(':')[2]}, {self.place})" if self.place else words

    def same(self, other: Failure | None) -> bool:
        """Tell whether it is the same failure."""
        return other is not None and self[:2] == other[:2]


def failure_of(trace: Trace, holds: Property) -> Failure | None:
    """Ask a property of a trace, and return how that fails, or None. Raises what the property raises besides AssertionError.

    >>> failure_of(Trace("s", Graph("g")), lambda trace: trace.complete) is None
    True
    >>> failure_of(Trace("s", Graph("g")), lambda trace: not trace.complete)
    Failure(kind='False', place='', words='the property returns False')
    """
    try:
        answer = holds(trace)
    except AssertionError as error:
        raised = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__module__}:{type(error).__qualname__}"
        return Failure(kind, f"{Path(raised.filename).name}:{raised.lineno}", str(error) or raised.line or kind)
    return Failure("False", "", "the property returns False") if answer is False else None


def failing(graph: Graph | Plan, holds: Property, wanted: Failure, *, seed: int = 0) -> Callable[[Feed], bool]:
    """Return a function that runs a graph over a session and tells whether the property fails there in the way that is wanted.

    A run that breaks off, and a property that raises something else, is another failure.
    """
    planned = graph if isinstance(graph, Plan) else plan(graph)

    def fails(session: Feed) -> bool:
        try:
            return wanted.same(failure_of(run_direct(planned, session, seed=seed), holds))
        except Exception:  # whatever an operator, or the property, makes of a session that nobody recorded
            return False

    return fails
