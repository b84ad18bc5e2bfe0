"""Go on after a crash: what a run has done so far, in a folder.

    about.json    which run it is: another one is refused
    db/           Bytewax's snapshots: how far each session was played, and the state of its operators
    logs/         what a session's trace holds so far; its length is part of the snapshot, and what is beyond is cut off
    done/         what came of the sessions that ended

Snapshots and logs are pickles, so the folder is private (mode 0700): whoever can write to it can run code as you.
"""

from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from omniflow_graph.engine.messages import Arrival, Step
from omniflow_graph.events import SECOND, Event, Window, made
from omniflow_graph.graph.graph import Graph
from omniflow_graph.trace.trace import Note, Tracer
from omniflow_graph.trace.why import between

EPOCH = SECOND  # of the wall, between snapshots; one costs some 20 ms
PATIENCE = 100  # tenths of a second to wait for the processes of a run that was killed
PARTS = 4  # databases: as many processes can write at a time


@dataclass(frozen=True)
class Recovery:
    """Be the folder of one run."""

    folder: Path

    def prepare(self, about: dict[str, Any]) -> None:
        """Make the folder, or find the run in it. Raises ValueError if it holds another one."""
        from bytewax.recovery import init_db_dir

        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        known = self.folder / "about.json"
        if known.exists() and json.loads(known.read_text()) != about:
            raise ValueError(f"{self.folder}: holds another run (of another graph, seed or set of recordings); name another folder, or remove it")
        for name in ("logs", "done"):
            (self.folder / name).mkdir(exist_ok=True)
        if not known.exists():
            (self.folder / "db").mkdir(exist_ok=True)
            init_db_dir(self.folder / "db", PARTS)
            _written(known, json.dumps(about).encode())

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Keep other runs out; yields a file descriptor that processes of this run inherit, since the last of them unlocks.

        Raises ValueError if another run, or what a killed one left behind, does not let go.
        """
        with open(self.folder / "lock", "wb") as file:
            left = PATIENCE
            while not _lock(file.fileno()):
                if not left:
                    raise ValueError(f"{self.folder}: another run is at work in it; wait until that has ended, or name another folder")
                left -= 1
                threading.Event().wait(0.1)
            yield file.fileno()

    def config(self) -> Any:
        """Return what Bytewax wants to know."""
        from bytewax.recovery import RecoveryConfig

        return RecoveryConfig(self.folder / "db")

    def log(self, session: str, graph: Graph, length: int = 0) -> Log:
        """Open the log of a session, cut back to this length."""
        return Log(self.folder / "logs" / _file_name(session), length, graph)

    def keep(self, session: str, result: Any) -> None:
        """Keep what came of a session that ended. Its log stays: a crash before the next snapshot ends it once more."""
        _written(self.folder / "done" / _file_name(session), pickle.dumps((session, result)))

    def results(self) -> dict[str, Any]:
        """Return what came of the sessions that ended."""
        return dict(pickle.loads(path.read_bytes()) for path in sorted((self.folder / "done").iterdir()) if path.suffix != ".part")


class Log:
    """Append what a session's trace holds, from where a snapshot was taken.

    What is on other edges, too, is left out and put back when the log is read: the events in a window, which would
    otherwise be written over and over, and those that a sink got.
    """

    def __init__(self, path: Path, length: int, graph: Graph) -> None:
        self.path, self.graph = path, graph
        self._file = open(path, "ab")  # noqa: SIM115 - closed by `read_into`
        self._file.truncate(length)
        self._length = length

    def add(self, note: Note) -> None:
        """Write down what came about in a stretch of the session."""
        events = {edge: ([self._bare(edge, event) for event in of], digests) for edge, (of, digests) in note.events.items()}
        steps = [log for log in note.logs if isinstance(log, Step)]
        arrivals = [(log.sink, log.event.stream, log.event.seq) for log in note.logs if isinstance(log, Arrival)]
        self._length += self._file.write(pickle.dumps((events, steps, arrivals), pickle.HIGHEST_PROTOCOL))

    def length(self) -> int:
        """Return how long the log is; all of it outlives this process."""
        self._file.flush()
        return self._length

    def read_into(self, tracer: Tracer) -> Tracer:
        """Close the log and write down all that it holds."""
        self._file.close()
        edges, arrived = tracer.trace.edges, []
        with open(self.path, "rb") as file:
            while file.peek(1):
                events, steps, arrivals = pickle.load(file)
                full = {edge: ([made(Event, fields) for fields in rows], digests) for edge, (rows, digests) in events.items()}
                tracer.add(Note(full, steps, {}))
                arrived += arrivals
        for node in self.graph.nodes.values():  # windows in windows come first: they are declared first
            if node.kind == "align":
                edges[node.name][:] = [_whole(event, edges, node.inputs) for event in edges[node.name]]
        tracer.add(Note({}, [Arrival(sink, *between(edges[stream], seq, seq)) for sink, stream, seq in arrived], {}))
        return tracer

    def _bare(self, edge: str, event: Event[Any]) -> tuple[Any, ...]:
        time, stream, seq, data, made_of, stamps = event
        if type(data) is Window and edge in self.graph.nodes and self.graph.nodes[edge].kind == "align":
            data = data._replace(events=())
        return time, stream, seq, data, made_of, stamps


def _whole(event: Event[Any], edges: dict[str, list[Event[Any]]], inputs: tuple[str, ...]) -> Event[Any]:
    """Put the events back into a window: they are those that it was made of."""
    if type(event.data) is not Window:
        return event
    rank = {name: n for n, name in enumerate(inputs)}
    held = [each for stream, first, last in event.made_of for each in between(edges[stream], first, last)]
    held.sort(key=lambda each: (each.time, rank[each.stream], each.seq))
    return event._replace(data=event.data._replace(events=tuple(held)))


def _lock(descriptor: int) -> bool:
    import fcntl  # there is none on Windows

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _file_name(session: str) -> str:
    return sha256(session.encode()).hexdigest()[:32]


def _written(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole, or not at all."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    os.replace(part, path)
