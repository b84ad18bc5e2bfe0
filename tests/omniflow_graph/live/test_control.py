"""Commands come in on a socket, are done, recorded and answered; and no bytes there can do more than be refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgpack
import pytest
import zmq

from omniflow_graph import Graph
from omniflow_graph.engine.flow import run_bytewax
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.control import open_control, take_command
from omniflow_graph.live.endpoints import endpoint_of, feeds_of
from omniflow_graph.live.feed import Door, LiveFeed
from omniflow_graph.live.live_session import Rules
from tests.omniflow_graph.live.listed import ListLog


def graph() -> Graph:
    g = Graph("talk")
    g.sink("out", g.merge("all", *(g.source(name) for name in ("mic", "messages", "mode", "control"))))
    return g


@contextmanager
def controlled(kind: int = zmq.DEALER) -> Iterator[tuple[LiveFeed, dict[str, ListLog], Any]]:
    """Open a feed with a control socket, and a client of it."""
    logs: dict[str, ListLog] = {}
    door = Door(lambda name: logs.setdefault(name, ListLog()))  # type: ignore[arg-type]
    feed = LiveFeed(graph(), feeds_of(["mic=omniflow/1?kind=audio@pull+bind+tcp://127.0.0.1:*"]), door, Rules(0), control=take_command)
    endpoint = endpoint_of("tcp://127.0.0.1:*", "router", True)
    address = feed.open_socket(lambda context: open_control(context, endpoint)).last_endpoint.decode()
    context = zmq.Context()
    client = context.socket(kind)
    client.connect(address)
    try:
        with feed:
            yield feed, logs, client
    finally:
        context.destroy(linger=0)


def ask(client: Any, command: Any) -> dict[str, Any]:
    client.send(command if isinstance(command, bytes) else msgpack.packb(command))
    assert client.poll(10_000)
    return msgpack.unpackb(client.recv())


@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.REQ])
def test_a_session_is_opened_spoken_to_and_closed(kind):
    with controlled(kind) as (feed, logs, client):
        for command in ({"do": "open", "system": "Be brief."}, {"do": "text", "text": "Hello"}, {"do": "mode", "mode": "duplex"}, {"do": "close"}):
            assert ask(client, {**command, "session": "ann"}) == {"ok": True, "session": "ann", "read": True}
        feed.stop()
        trace = run_bytewax(feed_graph := graph(), [feed])["ann"]  # type: ignore[list-item]
    assert feed_graph.sources() == ["mic", "messages", "mode", "control"]
    said = [(event.stream, event.data) for event in logs["ann"].events]
    assert said == [
        ("control", {"do": "open", "system": "Be brief."}),
        ("control", {"do": "text", "text": "Hello"}),
        ("messages", "Hello"),
        ("control", {"do": "mode", "mode": "duplex"}),
        ("mode", "duplex"),
        ("control", {"do": "close"}),
    ]
    assert [event.data for event in trace["control"]] == [data for stream, data in said if stream == "control"]
    assert trace.complete


def test_a_paused_session_hears_nothing_until_it_is_resumed():
    with controlled() as (feed, logs, client):
        ask(client, {"do": "open"})
        ask(client, {"do": "pause"})
        assert feed.sessions["live"].paused
        ask(client, {"do": "resume"})
        assert not feed.sessions["live"].paused
    assert [event.data["do"] for event in logs["live"].events if event.stream == "control"] == ["open", "pause", "resume"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"do": "text", "text": "x"}, "session 'live': is not under way; open it first"),
        ({"do": "open", "session": 5}, "wants session to be a text, got int"),
        ({"do": "open", "session": "../x"}, "session '../x'"),
        ({"do": "fly"}, "wants a map with do"),
        (b"\xc1", "its msgpack cannot be read"),
        (b"", "its msgpack cannot be read"),
        (bytes(70_000), "msgpack of 70000 bytes"),
    ],
)
def test_what_cannot_be_done_is_answered_with_why(command, words):
    with controlled() as (feed, logs, client):
        feed.door = Door(refuse_odd_names)
        answer = ask(client, command)
    assert (answer["ok"], words in answer["why"], logs) == (False, True, {})


def refuse_odd_names(name: str) -> Any:
    from omniflow_graph import RecordingError

    raise RecordingError(f"session {name!r}: cannot be the name of a folder")


def test_a_message_of_many_parts_is_refused_and_the_next_one_is_taken():
    with controlled() as (_, logs, client):
        client.send_multipart([b"x"] * 1000)
        assert client.poll(10_000)
        *_, answer = client.recv_multipart()
        assert msgpack.unpackb(answer) == {"ok": False, "why": "wants one part of msgpack"}
        assert ask(client, {"do": "open"})["ok"]
    assert list(logs) == ["live"]


def test_what_comes_after_a_session_was_closed_is_refused():
    with controlled() as (feed, _, client):
        ask(client, {"do": "open"})
        ask(client, {"do": "close"})
        sender = client.context.socket(zmq.PUSH)
        sender.connect(feed.addresses[0])
        sender.send_multipart(encode("mic", 0, 0, b"aa"))
        assert ask(client, {"do": "text", "text": "x"})["why"] == "session 'live': is not under way; open it first"
        while not feed.refused:
            ask(client, b"")
    assert feed.refused == {"session 'live': has ended": 1}
