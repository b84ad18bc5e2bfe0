"""What travels between the steps of a dataflow: stretches of one session, edge by edge, and what is noted beside events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from omniflow_graph.events import Event

BATCH = 1024  # events that enter at a time, unless told otherwise: each time all steps have their turn, which costs as much as 30 events


class Start(NamedTuple):
    """Tell an operator which session begins: it stands in the first chunk on every stream."""

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


class Chunk(NamedTuple):
    """Hold a stretch of one session. Between steps it travels whole: a message an event would cost more than the event.

    `ticks` and `ends` are promises of edges (an End also of a sink) that hold once the chunk's events are taken in.
    """

    events: dict[str, list[Event[Any]]]
    logs: list[Step | Arrival]
    ticks: dict[str, int]
    ends: dict[str, int]
    start: Start | None = None


def by_stream(events: Iterable[Event[Any]]) -> dict[str, list[Event[Any]]]:
    """Sort events by the edge they are on, as a chunk holds them."""
    found: dict[str, list[Event[Any]]] = {}
    for event in events:
        stream = event[1]
        if stream in found:
            found[stream].append(event)
        else:
            found[stream] = [event]
    return found
