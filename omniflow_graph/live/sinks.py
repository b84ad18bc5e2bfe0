"""Put messages out on time: a thread that holds each until its moment has come, and lets go of those that are not wanted any more."""

from __future__ import annotations

import heapq
import threading
from contextlib import suppress
from typing import Any

from omniflow_graph.clock import WallClock
from omniflow_graph.errors import noted
from omniflow_graph.events import SECOND
from omniflow_graph.live.endpoints import Endpoint
from omniflow_graph.live.sockets import context, opened

LONGEST_WAIT = 0.05  # seconds between two looks at whether somebody subscribed
MOST = 100_000  # messages that wait; an hour of frames is more than anybody should be ahead

Waiting = tuple[int, int, str, list[bytes]]  # (when, in the order given, group, parts)


class Publisher:
    """Publish on one PUB endpoint, from any thread: its lock guards the socket. Times are ns of `clock`.

    `put` gives it a message with its moment, 0 for at once; `cancel` drops those of a group that wait. What waits when it is
    closed is given `drain` seconds. Leaving raises what went wrong in its thread.
    """

    def __init__(self, endpoint: Endpoint, *, clock: WallClock | None = None, curve: Any = None, drain: float = 5.0) -> None:
        self.clock, self.drain = clock or WallClock(0), drain
        self.sent = self.subscribers = self.overflow = 0
        self._waiting: list[Waiting] = []
        self._count, self._closed = 0, False
        self._failure: Exception | None = None
        self._changed = threading.Condition()
        self._context, self._curve = context(), curve
        self._socket = opened(self._context, endpoint, "XPUB", curve)  # which hears of subscriptions
        self.address = self._socket.last_endpoint.decode()
        self._thread = threading.Thread(target=self._guarded, name=f"publisher {endpoint}", daemon=True)

    def __enter__(self) -> Publisher:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._changed:
            self._closed = True
            self._until = self.clock.now() + (0 if kind else round(self.drain * SECOND))
            self._changed.notify_all()
        self._thread.join()
        if self._failure and kind is None:
            raise self._failure

    def put(self, at: int, parts: list[bytes], group: str = "") -> None:
        """Send a message at its moment, 0 for at once. Beyond 100,000 that wait it is dropped, and counted in `overflow`."""
        with self._changed:
            if not at and not self._closed:  # by whoever has it: another thread would have to be woken first
                self._socket.send_multipart(parts)
                self.sent += 1
                return
            if len(self._waiting) >= MOST:
                self.overflow += 1
                return
            heapq.heappush(self._waiting, (at, self._count, group, parts))
            self._count += 1
            if self._waiting[0][1] == self._count - 1:  # it is the next one
                self._changed.notify_all()

    def cancel(self, group: str) -> int:
        """Drop what waits of a group; returns how many messages that was."""
        with self._changed:
            before = len(self._waiting)
            self._waiting = [each for each in self._waiting if each[2] != group]
            heapq.heapify(self._waiting)
            return before - len(self._waiting)

    def wait_for_subscriber(self, seconds: float) -> bool:
        """Wait until somebody subscribed: what is sent before reaches nobody. Returns whether somebody did."""
        with self._changed:
            return self._changed.wait_for(lambda: self.subscribers > 0, seconds)

    def wait_until_sent(self) -> None:
        """Wait until nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._closed or self._failure is not None)

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception as error:  # in a thread nobody would see it: the one who leaves the block will
            noted(error, f"in the publisher at {self.address}")
            with self._changed:
                self._failure = error
                self._changed.notify_all()
        finally:
            with self._changed:
                self._closed = True
                self._socket.close(500)
            if self._curve is not None:
                self._curve.close(self._context)
            self._context.term()

    def _run(self) -> None:
        while True:
            self._look()
            with self._changed:
                now = self.clock.now()
                if self._closed and (not self._waiting or now >= self._until):
                    return
                due = self._waiting[0][0] - now if self._waiting else SECOND
                if due > 0:
                    self._changed.wait(min(due / SECOND, LONGEST_WAIT))
                    continue
                _, _, _, parts = heapq.heappop(self._waiting)
                self._socket.send_multipart(parts)
                self.sent += 1
                if not self._waiting:
                    self._changed.notify_all()

    def _look(self) -> None:
        """Learn of subscriptions."""
        import zmq

        with suppress(zmq.Again), self._changed:
            while True:
                word = self._socket.recv(zmq.NOBLOCK)
                self.subscribers += {b"\x01": 1, b"\x00": -1}.get(word[:1], 0)
                self._changed.notify_all()


class Subscriber:
    """Receive what a Publisher puts out: all, or what is published under a prefix. Use as a context manager, in one thread."""

    def __init__(self, endpoint: Endpoint, prefix: str = "", *, curve: Any = None) -> None:
        import zmq

        self._context = context()
        self._socket = opened(self._context, endpoint, "SUB", curve)
        if prefix:
            self._socket.setsockopt(zmq.UNSUBSCRIBE, b"")
            self._socket.setsockopt(zmq.SUBSCRIBE, prefix.encode())

    def __enter__(self) -> Subscriber:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close(0)
        self._context.term()

    def receive(self, wait_ms: int) -> list[bytes] | None:
        """Return the next message, or None if none came."""
        return self._socket.recv_multipart() if self._socket.poll(wait_ms) else None
