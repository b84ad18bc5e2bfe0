"""A receiver takes what is whole and not too much, never waits, and connects again when its peer was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from omniflow_graph.clock import WallClock
from omniflow_graph.live.codecs.record import MOST_BYTES
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.sockets import Receiver, context

CLOCK = WallClock(0)


@pytest.fixture
def ctx() -> Iterator[Any]:
    made = context()
    yield made
    made.destroy(linger=0)


def received(receiver: Receiver, wait_ms: int = 10_000) -> list[bytes] | None:
    """Wait for a message, looking after the connection as the reader does."""
    for _ in range(wait_ms // 10):
        if receiver.socket.poll(10):
            return receiver.receive()
        receiver.news(CLOCK.now())
    return None


@pytest.mark.parametrize(("kind", "peer"), [("sub", zmq.XPUB), ("pull", zmq.PUSH), ("dealer", zmq.DEALER)])
@pytest.mark.parametrize("bind", [True, False], ids=["bind", "connect"])
def test_each_kind_of_socket_receives_and_never_waits(ctx, kind, peer, bind):
    sender = ctx.socket(peer)
    if bind:
        receiver = Receiver(ctx, endpoint_of(f"{kind}+bind+tcp://127.0.0.1:*"), 3)
        sender.connect(receiver.address)
    else:
        port = sender.bind_to_random_port("tcp://127.0.0.1")
        receiver = Receiver(ctx, endpoint_of(f"{kind}+tcp://127.0.0.1:{port}"), 3)
    assert receiver.receive() is None
    if peer == zmq.XPUB:
        assert receiver.socket.poll(0) == 0  # a bound SUB takes in a new peer when it is next asked
        while not sender.poll(10):
            receiver.socket.poll(1)
    sender.send_multipart([b"a", b"", b"c"])
    assert received(receiver) == [b"a", b"", b"c"]
    receiver.close()


def test_a_request_is_answered(ctx):
    receiver = Receiver(ctx, endpoint_of("rep+bind+inproc://camera"), 2)
    camera = ctx.socket(zmq.REQ)
    camera.connect("inproc://camera")
    camera.send_multipart([b"{}", b"jpeg"])
    assert (received(receiver), camera.recv()) == ([b"{}", b"jpeg"], b"OK")
    receiver.close()


def test_of_a_message_with_too_many_parts_no_more_is_kept_than_shows_it(ctx):
    receiver = Receiver(ctx, endpoint_of("pull+bind+inproc://x"), 3)
    sender = ctx.socket(zmq.PUSH)
    sender.connect("inproc://x")
    sender.send_multipart([b"p"] * 20_000)
    sender.send_multipart([b"next"])
    assert (received(receiver), received(receiver)) == ([b"p"] * 4, [b"next"])
    receiver.close()


def test_a_receiver_that_was_cut_off_for_a_message_that_is_too_long_connects_again(ctx):
    """Fails without connecting anew: libzmq does not do it by itself."""
    sender = ctx.socket(zmq.XPUB)
    sender.linger = 0
    port = sender.bind_to_random_port("tcp://127.0.0.1")
    receiver = Receiver(ctx, endpoint_of(f"tcp://127.0.0.1:{port}"), 1)
    assert sender.recv() == b"\x01"
    sender.send(bytes(MOST_BYTES + 1))
    sender.setsockopt(zmq.XPUB_VERBOSE, 1)
    news: list[str] = []
    for _ in range(1000):
        news += receiver.news(CLOCK.now())
        if sender.poll(10) and sender.recv() == b"\x01":  # it subscribes again
            break
    sender.send(b"small")
    assert (received(receiver), news[:2]) == ([b"small"], ["connected", "disconnected"])
    receiver.close()


def test_an_address_that_is_taken_is_said(ctx):
    receiver = Receiver(ctx, endpoint_of("pull+bind+tcp://127.0.0.1:*"), 3)
    with pytest.raises(ValueError, match=r"cannot be opened \(address already in use"):
        Receiver(ctx, endpoint_of(f"pull+bind+{receiver.address}"), 3)
    receiver.close()
