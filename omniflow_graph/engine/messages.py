"""What travels on a stream beside events, ticks and End: where a session starts, what a stage did, what a sink got."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from omniflow_graph.events import Event


class Start(NamedTuple):
    """Tell an operator which session begins: the first message on every edge."""

    session: str
    allowance: int
    costs: Mapping[tuple[str, int], int] | None
    seed: int


class Step(NamedTuple):
    """Record when a stage worked, on which seqs of its input, and which ones it dropped."""

    stage: str
    start: int
    done: int
    taken: tuple[int, ...]
    dropped: tuple[int, ...]


class Arrival(NamedTuple):
    """Record that a sink got an event."""

    sink: str
    event: Event[Any]
