"""What all operators at work have in common: a cell and its way out, and the guards at what functions return."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, ClassVar, Protocol

import numpy as np

from omniflow_graph.chance import Rng
from omniflow_graph.engine.messages import Arrival, Start, Step
from omniflow_graph.errors import RunError, blame
from omniflow_graph.events import Causes, Event, Window, made
from omniflow_graph.graph.nodes import Node, first_state, takes_rng

Take = Callable[[int, Event[Any]], None]  # (number of the input, event)

PLAIN = frozenset((bytes, str, int, bool, float, type(None), Window))  # payloads that nobody can change


def bound(fn: Callable[..., Any], place: str, session: str, seed: int) -> Callable[..., Any]:
    """Hand chance to a function that asks for it: draws of its own, of this place in the graph."""
    if not takes_rng(fn):
        return fn
    rng = Rng(seed, session, place)
    return lambda *args: fn(*args, rng=rng)


def begun(node: Node, session: str) -> Any:
    """Return the state in which an operator begins a session."""
    try:
        return first_state(node)
    except Exception as error:
        blame(error, node.whose, session, 0)
        raise


def pair(returned: Any, wanted: str) -> Any:
    """Return what an operator with state returned, if it is a pair. Raises TypeError if it is not."""
    if type(returned) is not tuple or len(returned) != 2:
        raise TypeError(f"returns {type(returned).__name__}; wants {wanted}")
    return returned


def settled(data: Any) -> Any:
    """Return a payload that its operator cannot change any more: what was put out has to stay what it was.

    Arrays are made read-only, or copied if they are views of one that can be written; lists, maps and the like are
    copied. Raises TypeError for an Event.
    """
    if isinstance(data, tuple) and PLAIN.issuperset(map(type, data)):  # most are records of numbers and text
        return data
    if isinstance(data, Event):
        raise TypeError(f"answers a whole Event of {data.stream!r}; wants its payload, event.data")
    if isinstance(data, np.ndarray):
        data = data.copy() if isinstance(data.base, np.ndarray) and data.base.flags.writeable else data
        data.flags.writeable = False
    elif isinstance(data, tuple) and not isinstance(data, Window):
        items = [item if type(item) in PLAIN else settled(item) for item in data]
        if any(new is not old for new, old in zip(items, data)):
            return type(data)._make(items) if hasattr(data, "_make") else tuple(items)  # type: ignore[attr-defined]
    elif isinstance(data, (list, dict, set, bytearray)):
        return deepcopy(data)
    return data


class Edge:
    """Be an operator's way out: number what it answers, keep it, and deliver it to those in the island who read it."""

    def __init__(self, node: Node, session: str) -> None:
        self.name, self.whose = node.name, f"session {session!r}, {node.whose}"
        self.made: list[Event[Any]] = []
        self.takers: list[tuple[Take, int]] = []
        self.seq, self.last = 0, -1

    def put(self, event: Event[Any]) -> None:
        """Put out an event."""
        self.made.append(event)
        for take, port in self.takers:
            take(port, event)

    def answer(self, time: int, data: Any, made_of: Causes, now: int) -> None:
        """Put out an answer, numbered, after checking that its time is possible."""
        if type(time) is not int or time < now or time < self.last:
            self._refuse(time, now)
        if type(data) not in PLAIN:
            data = settled(data)
        event = made(Event, (time, self.name, self.seq, data, made_of, None))
        self.last = time
        self.seq += 1
        self.made.append(event)
        for take, port in self.takers:
            take(port, event)

    def drain(self) -> list[Event[Any]]:
        """Hand over what was put out since the last time."""
        out, self.made = self.made, []
        return out

    def _refuse(self, time: Any, now: int) -> None:
        whose = self.whose
        if type(time) is not int:
            raise RunError(f"{whose}: an answer has the time {time!r}; wants nanoseconds as an int, use seconds(...)")
        if time < now:
            raise RunError(f"{whose}: answers at {time}, which is before its cause at {now}; answer at the cause's time or later")
        raise RunError(f"{whose}: answers at {time} after it answered at {self.last}; times on an edge never decrease")


class Host(Protocol):
    """Be where cells work: an island."""

    start: Start
    logs: list[Step | Arrival]
    first_end: float  # before this no edge has ended
    now: float

    def at(self, time: int, rank: int) -> None:
        """Ask for a turn."""
        ...

    def over(self, node: Node) -> float:
        """Return the End of an operator's forward inputs."""
        ...


class Cell(Protocol):
    """Be one operator at work. What most kinds do is written here; each kind says what it does otherwise."""

    changes: ClassVar[tuple[str, ...]] = ()  # the attributes that change as a session goes on
    node: Node
    rank: int
    island: Host
    edge: Edge

    def begin(self) -> None:
        """Ask for what comes about without any event."""

    def take(self, port: int, event: Event[Any]) -> None:
        """Be given an event on input `port`."""
        ...

    def take_all(self, port: int, events: Sequence[Event[Any]]) -> None:
        """Be given events of input `port`, in order."""
        for event in events:
            self.take(port, event)

    def turn(self, time: int) -> None:
        """Do what this instant holds."""

    def promise(self, inputs: list[float]) -> float:
        """Say before which time no event will follow, given the same of the inputs."""
        return min(inputs)

    def ended(self) -> float:
        """Say when this edge has ended."""
        return self.island.over(self.node)

    def snapshot(self) -> bytes:
        """Return all that is to be known to go on. Raises RunError for a state that cannot be kept."""
        try:
            return pickle.dumps([self.edge.seq, self.edge.last, *(getattr(self, name) for name in self.changes)])
        except Exception as error:  # whatever an object of the user's raises when it is pickled
            raise RunError(
                f"{self.edge.whose}: its state cannot be kept for recovery ({error}); keep plain values, arrays and bytes in it"
            ) from error

    def restore(self, content: bytes) -> None:
        """Go on where a snapshot was taken."""
        self.edge.seq, self.edge.last, *values = pickle.loads(content)
        for name, value in zip(self.changes, values):
            setattr(self, name, value)


def is_open(cell: Cell, time: int) -> bool:
    """Tell whether an operator's inputs are still open at this time."""
    return time < cell.island.first_end or time < cell.island.over(cell.node)
