"""Read what a player acknowledged, whoever wrote it: the player here, another program, a recording of either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omniflow_graph import Event, RecordingError
from omniflow_graph.events import SECOND
from omniflow_graph.trace.why import brief
from operators.words import Ack

WANTED = {"response": int, "played_samples": int, "final": bool, "epoch": int, "time": int}
KINDS = tuple(WANTED.values())  # in the order of an Ack


def read_ack(event: Event[Any]) -> Ack:
    """Read an acknowledgement: a record, or a map. Raises RecordingError for what is none.

    One without `final` does not end its answer, one without `epoch` is of the first, one without `time` speaks of when it came.

    >>> read_ack(Event(7, "playback", 0, {"response": 1, "played_samples": 480}))
    Ack(response=1, played_samples=480, final=False, epoch=0, time=7)
    """
    data = event.data
    if type(data) is Ack and tuple(map(type, data)) == KINDS:  # from the player here, many times a second
        return data
    given = data if isinstance(data, Mapping) else {name: getattr(data, name) for name in WANTED if hasattr(data, name)}
    fields = {"final": False, "epoch": 0, "time": event.time, **{name: given[name] for name in WANTED if name in given}}
    if any(type(fields.get(name)) is not kind for name, kind in WANTED.items()):
        where = f"stream {event.stream!r}, event {event.seq} at {event.time / SECOND:.3f} s"
        got = f"{brief(data)}; replay with --playback simulated"
        raise RecordingError(f"{where}: wants what was heard of an answer (response, epoch, played_samples, time), got {got}")
    return Ack(**fields)
