"""Read sensor feeds from ZeroMQ: one reader thread stamps, orders and logs; the graph takes from its queue.

The wire format is `omniflow/1`: `[topic, msgpack header {v, seq, t_cap_ns}, payload]`. Every record is in the log
before it is in the graph, so the log is the recording, and replaying it gives the same trace.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

import msgpack

from omniflow_graph.clock import WallClock
from omniflow_graph.errors import noted
from omniflow_graph.events import SECOND, End, Event
from omniflow_graph.graph.graph import Graph
from omniflow_graph.live.sequencer import Sequencer

POLL_MS = 5
WAITING = 10_000  # messages, at most, between the reader and the graph
REASONS = 100  # kept apart; a hostile sender can think of any number
LIMIT = 1 << 63  # of seq and capture time: what a recording can hold
HEADER_LIMITS = {"max_array_len": 64, "max_map_len": 64, "max_str_len": 4096, "max_bin_len": 4096, "max_ext_len": 0}


class CodecError(ValueError):
    """Say why a message on the wire is no record."""


def encode(topic: str, seq: int, captured: int, payload: bytes) -> list[bytes]:
    """Write one record in the wire format `omniflow/1`."""
    header: Any = msgpack.packb({"v": 1, "seq": seq, "t_cap_ns": captured})
    return [topic.encode(), header, payload]


def decode(parts: Sequence[bytes]) -> tuple[str, int | None, int | None, bytes]:
    """Read one record: topic, sender's seq, capture time, payload. Raises CodecError, and nothing else."""
    if len(parts) != 3:
        raise CodecError(f"omniflow/1: wants 3 parts, got {len(parts)}")
    try:
        topic = parts[0].decode()
        header = msgpack.unpackb(parts[1], raw=False, strict_map_key=True, **HEADER_LIMITS)
    except ValueError as error:
        raise CodecError(f"omniflow/1: topic or header cannot be read: {error}") from None
    if not isinstance(header, dict) or header.get("v") != 1:
        raise CodecError("omniflow/1: wants a header {v: 1, ...}")
    seq, captured = header.get("seq"), header.get("t_cap_ns")
    if any(value is not None and (type(value) is not int or not 0 <= value < LIMIT) for value in (seq, captured)):
        raise CodecError("omniflow/1: seq and t_cap_ns are integers, 0 or more, of 63 bits")
    return topic, seq, captured, parts[2]


class LiveFeed:
    """Feed a graph from sockets. Use as a context manager; run it like a session: `compile_flow(g).run([feed])`.

    `sockets` are open zmq sockets that receive. `log` is called with every event before the graph gets it; if it
    raises, the session ends, and leaving the block raises its error. What cannot be read is counted in `refused`, by
    reason. `stop()` ends the session.
    """

    costs: Mapping[tuple[str, int], int] | None = None

    def __init__(
        self, name: str, graph: Graph, sockets: Sequence[Any], *, allowance: int, log: Callable[[Event[Any]], None], clock: WallClock | None = None
    ) -> None:
        lengths = (node.length for node in graph.nodes.values() if node.kind == "align")
        self.name, self.allowance, self.log, self.sources = name, allowance, log, graph.sources()
        self.sequencer = Sequencer(self.sources, allowance, gcd(*lengths) or SECOND)
        self.refused: dict[str, int] = {}
        self.end_time: int | None = None
        self._sockets, self._clock = sockets, clock or WallClock(0)
        self._messages: queue.Queue[Any] = queue.Queue(maxsize=WAITING)
        self._stop, self._left = threading.Event(), threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._read, name=f"reader {name}", daemon=True)

    def __enter__(self) -> LiveFeed:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.stop()
        self._left.set()
        self._thread.join()
        if self._failure and kind is None:
            raise self._failure

    def stop(self) -> None:
        """End the session after what has been received."""
        self._stop.set()

    def poll(self, most: int) -> list[Any]:
        """Return up to `most` messages (events, ticks, End), waiting at most 5 ms for the first."""
        messages: list[Any] = []
        try:
            messages.append(self._messages.get(timeout=POLL_MS / 1000))
            while len(messages) < most:
                messages.append(self._messages.get_nowait())
        except queue.Empty:  # fewer than asked for
            pass
        return messages

    def _read(self) -> None:
        try:
            self._receive()
        except Exception as error:  # in a thread nobody would see it: the one who leaves the block will
            noted(error, f"in the reader of live session {self.name!r}")
            self._failure = error
        ends: list[End] = self.sequencer.end(self._clock.now())
        self.end_time = ends[0].time if ends else 0
        self._put(ends)

    def _receive(self) -> None:
        import zmq

        poller = zmq.Poller()
        for each in self._sockets:
            poller.register(each, zmq.POLLIN)
        while not self._stop.is_set():
            for each, _ in poller.poll(POLL_MS):
                self._admit(each.recv_multipart())
            self._put(self.sequencer.tick(self._clock.now()))

    def _admit(self, parts: list[bytes]) -> None:
        try:
            topic, seq, captured, payload = decode(parts)
            event = self.sequencer.admit(topic, payload, arrived=self._clock.now(), captured=captured, sender_seq=seq)
        except (CodecError, KeyError) as error:
            reason = str(error.args[0])[:200]
            known = reason if reason in self.refused or len(self.refused) < REASONS else "other"
            self.refused[known] = self.refused.get(known, 0) + 1
            return
        self.log(event)
        self._put([event])

    def _put(self, messages: Sequence[Any]) -> None:
        """Hand over to the graph. Waits while that is behind, but not for one that has gone."""
        for message in messages:
            while True:
                try:
                    self._messages.put(message, timeout=0.1)
                    break
                except queue.Full:
                    if self._left.is_set():
                        return
