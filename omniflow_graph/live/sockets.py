"""Sockets as the reader uses them: never waiting, up to so many parts a message, and connected again when the peer is gone.

A SUB whose peer was cut off for a message that is too long never connects again by itself (libzmq 4.3.5); a monitor tells.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from omniflow_graph.live.codecs.record import MOST_BYTES
from omniflow_graph.live.endpoints import Endpoint

HEARTBEAT_MS, LOST_MS = 200, 600  # a peer that is silent for so long is lost
FIRST_BACKOFF, LONGEST_BACKOFF = 100_000_000, 5_000_000_000
QUEUED = 1000  # messages in libzmq
NEEDS = "live sessions need pyzmq; pip install 'omniflow-graph[live]'"


def context() -> Any:
    """Return a new context. Raises ValueError without pyzmq."""
    try:
        import zmq
    except ImportError:
        raise ValueError(NEEDS) from None
    return zmq.Context()


def opened(context: Any, endpoint: Endpoint, kind: str, curve: Any = None, before: Callable[[Any], object] = lambda socket: None) -> Any:
    """Open a socket of a kind (SUB, PUB, ...) at an endpoint; it is handed to `before` before it has any peer.

    Raises ValueError if the address cannot be had.
    """
    import zmq

    socket = context.socket(getattr(zmq, kind))
    socket.linger = 0
    socket.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES)
    socket.setsockopt(zmq.RCVHWM, QUEUED)
    socket.setsockopt(zmq.SNDHWM, QUEUED)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, LOST_MS)
    if kind == "SUB":
        socket.setsockopt(zmq.SUBSCRIBE, b"")
    if curve is not None:
        curve.secure(socket, server=endpoint.bind)
    before(socket)
    try:
        (socket.bind if endpoint.bind else socket.connect)(endpoint.address)
    except zmq.ZMQError as error:
        socket.disable_monitor()
        socket.close()
        raise ValueError(f"{endpoint}: cannot be opened ({str(error).lower()}); name another address") from None
    return socket


class Receiver:
    """Receive from one endpoint. Belongs to the thread that reads."""

    def __init__(self, context: Any, endpoint: Endpoint, most_parts: int, curve: Any = None) -> None:

        self.endpoint, self.most = endpoint, most_parts
        self.socket = opened(context, endpoint, endpoint.kind.upper(), curve, self._watch)
        self.backoff, self.retry_at = FIRST_BACKOFF, None

    def _watch(self, socket: Any) -> None:
        import zmq

        failed = zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        self.monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | failed)

    @property
    def address(self) -> str:
        """Return the address, with the port that the system chose."""
        return self.socket.last_endpoint.decode()

    def receive(self) -> list[bytes] | None:
        """Return the next message, or None if there is none; of one with too many parts one more than allowed."""
        import zmq

        try:
            parts = [self.socket.recv(zmq.NOBLOCK)]
        except zmq.Again:
            return None
        while self.socket.getsockopt(zmq.RCVMORE):
            part = self.socket.recv()
            if len(parts) <= self.most:
                parts.append(part)
        if self.endpoint.kind == "rep":
            self.socket.send(b"OK")
        return parts

    def news(self, now: int) -> list[str]:
        """Return what became of connections: "disconnected", "connected", "handshake-failed"; connects again where that is due."""
        import zmq
        from zmq.utils.monitor import recv_monitor_message

        found = []
        while self.monitor.get(zmq.EVENTS) & zmq.POLLIN:
            what = recv_monitor_message(self.monitor)["event"]
            if what == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                found.append("connected")
                self.backoff, self.retry_at = FIRST_BACKOFF, None
            elif what == zmq.EVENT_DISCONNECTED:
                found.append("disconnected")
                self.retry_at = None if self.endpoint.bind else now + self.backoff
            else:
                found.append("handshake-failed")
        if self.retry_at is not None and now >= self.retry_at:
            self._connect_again(now)
        return found

    def _connect_again(self, now: int) -> None:
        import zmq

        with suppress(zmq.ZMQError):  # it is not connected at the moment, which is why
            self.socket.disconnect(self.endpoint.address)
        self.socket.connect(self.endpoint.address)
        self.backoff = min(2 * self.backoff, LONGEST_BACKOFF)
        self.retry_at = now + self.backoff

    def close(self) -> None:
        """Close the socket and its monitor."""
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(0)
