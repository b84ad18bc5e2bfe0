"""Take commands on a ROUTER socket, from DEALERs and REQs: msgpack in, msgpack out, `{"ok": true}` or `{"ok": false, "why": ...}`."""

from __future__ import annotations

from typing import Any

import msgpack

from omniflow_graph.live.codecs.record import CodecError
from omniflow_graph.live.codecs.text import read_msgpack
from omniflow_graph.live.commands import COMMANDS, SAID, checked_command
from omniflow_graph.live.endpoints import Endpoint
from omniflow_graph.live.feed import LiveFeed
from omniflow_graph.live.live_session import LiveSession
from omniflow_graph.live.sockets import opened

MOST_PARTS = 3  # who it is, nothing (from a REQ), the command


def open_control(context: Any, endpoint: Endpoint, curve: Any = None) -> Any:
    """Open the socket that commands come in on."""
    return opened(context, endpoint, "ROUTER", curve)


def address_of(socket: Any) -> str:
    """Return where it is, with a port that the system chose."""
    return socket.last_endpoint.decode()


def take_command(socket: Any, feed: LiveFeed, now: int) -> None:
    """Take one command, do it, and answer. Whatever comes in, nothing is raised."""
    import zmq

    who, *parts = _received(socket)
    try:
        if len(parts) not in (1, 2) or (len(parts) == 2 and parts[0]):
            raise CodecError("wants one part of msgpack")
        given = read_msgpack(COMMANDS, parts[-1])
        answer = {"ok": True, **done(feed, given, now)}
    except ValueError as error:
        answer = {"ok": False, "why": str(error)[:400]}
    packed: Any = msgpack.packb(answer)
    try:
        socket.send_multipart([who, *parts[:-1], packed], zmq.NOBLOCK)
    except zmq.ZMQError:  # it did not wait for its answer
        return


def _received(socket: Any) -> list[bytes]:
    import zmq

    parts = [socket.recv()]
    while socket.getsockopt(zmq.RCVMORE):
        part = socket.recv()
        if len(parts) <= MOST_PARTS:
            parts.append(part)
    return parts


def done(feed: LiveFeed, given: Any, now: int) -> dict[str, Any]:
    """Do what a command asks for. Raises ValueError for what cannot be done."""
    command = checked_command(given)
    name = given.get("session", feed.door.session)
    if type(name) is not str:
        raise ValueError(f"wants session to be a text, got {type(name).__name__}")
    if command["do"] != "open" and (name not in feed.sessions or name in feed.ended):
        raise ValueError(f"session {name[:64]!r}: is not under way; open it first")
    session = feed.begin(name, now)
    feed.admitted(session, _told, command, now)
    if command["do"] in ("pause", "resume"):
        session.paused = command["do"] == "pause"
    if command["do"] == "close":
        feed.end(name, now)
    return {"session": name, "read": COMMANDS in feed.sources}


def _told(session: LiveSession, command: dict[str, Any], now: int) -> None:
    """Put a command on the streams that are for it."""
    session.heard = now
    session.say(COMMANDS, command, now)
    for stream, key in (("messages", "text"), ("mode", "mode")):
        if stream in SAID and key in command and stream in session.sequencer.sources:
            session.say(stream, command[key], now)
