"""With keys, those who are on the list come in, and what anybody else sends is never heard."""

from __future__ import annotations

import os
import random
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from omniflow_graph.clock import WallClock
from omniflow_graph.live.curve import Curve, make_keys
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.sinks import Publisher
from omniflow_graph.live.sockets import Receiver, context


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("keys") / "keys"
    make_keys(folder, "sensor")
    make_keys(folder, "stranger")
    (folder / "allowed" / "stranger.key").unlink()
    return folder


@pytest.fixture
def server(keys) -> Iterator[Receiver]:
    ctx, curve = context(), Curve(keys)
    receiver = Receiver(ctx, endpoint_of("bind+tcp://127.0.0.1:*"), 1, curve)
    yield receiver
    receiver.close()
    curve.close(ctx)
    ctx.term()


def heard(receiver: Receiver, wait_ms: int, until: str = "") -> tuple[list[bytes] | None, list[str]]:
    """Wait for a message, or for this news of a connection."""
    news: list[str] = []
    for _ in range(wait_ms // 10):
        if receiver.socket.poll(10):
            return receiver.receive(), news
        news += receiver.news(WallClock(0).now())
        if until in news:
            break
    return None, news


def publisher(receiver: Receiver, curve: Curve | None) -> Publisher:
    return Publisher(endpoint_of(f"connect+{receiver.address}", "pub"), curve=curve, drain=0)


def test_who_is_on_the_list_comes_in(server, keys):
    with publisher(server, Curve(keys, "sensor")) as sensor:
        assert any(server.socket.poll(10) or sensor.subscribers for _ in range(1000))
        sensor.put(0, [b"hello"])
        assert heard(server, 10_000)[0] == [b"hello"]


def test_who_is_not_on_the_list_is_refused(server, keys):
    with publisher(server, Curve(keys, "stranger")):
        message, news = heard(server, 10_000, "handshake-failed")
        assert (message, news[0]) == (None, "handshake-failed")


def test_who_takes_another_machine_for_the_server_is_refused(server, keys, tmp_path):
    make_keys(tmp_path / "other", "sensor")
    with publisher(server, Curve(tmp_path / "other", "sensor")):
        assert heard(server, 500)[0] is None


def test_random_bytes_and_those_without_keys_are_never_heard(server):
    """Fails without CURVE: libzmq makes messages of any bytes."""
    host, port = server.address.removeprefix("tcp://").split(":")
    rng = random.Random(3)
    with publisher(server, None):
        for first in (b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00", b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", b"\x05\x00hello"):
            with socket.create_connection((host, int(port))) as raw:
                raw.sendall(first + rng.randbytes(5_000))
        assert heard(server, 500)[0] is None


def test_secret_keys_are_for_their_owner_only(keys):
    assert stat.S_IMODE(os.stat(keys).st_mode) == 0o700
    assert {stat.S_IMODE(os.stat(path).st_mode) for path in keys.glob("*.key_secret")} == {0o600}
    assert not list((keys / "allowed").glob("*_secret"))


def test_the_servers_keys_are_made_once_and_a_clients_never_again(keys):
    before = (keys / "server.key").read_bytes()
    assert make_keys(keys) == []
    assert (keys / "server.key").read_bytes() == before
    with pytest.raises(ValueError, match="'sensor' has keys already"):
        make_keys(keys, "sensor")


def test_a_key_that_is_missing_is_said(tmp_path, keys):
    socket: Any = zmq.Context.instance().socket(zmq.SUB)
    with pytest.raises(ValueError, match=r"server.key_secret: is no key .*`omniflow keys"):
        Curve(tmp_path).secure(socket, server=True)
    socket.close()
