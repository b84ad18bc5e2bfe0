"""What is published goes out at its moment and in order, and what was cancelled never does."""

from __future__ import annotations

import pytest

from omniflow_graph.clock import WallClock
from omniflow_graph.live import sinks
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.sinks import Publisher, Subscriber

MS = 1_000_000
ANYWHERE = endpoint_of("tcp://127.0.0.1:*", "pub", True)


def drained(subscriber: Subscriber, messages: int) -> list[bytes]:
    """Receive so many messages of one part."""
    found = [subscriber.receive(10_000) for _ in range(messages)]
    assert all(found)
    return [parts[0] for parts in found if parts]


def test_messages_go_out_in_the_order_of_their_moments_and_not_before():
    clock = WallClock(0)
    with Publisher(ANYWHERE, clock=clock) as publisher, Subscriber(endpoint_of(publisher.address)) as subscriber:
        assert publisher.wait_for_subscriber(10)
        now = clock.now()
        for name, ms in ((b"c", 600), (b"b", 400), (b"d", 600)):
            publisher.put(now + ms * MS, [name])
        publisher.put(0, [b"a"])
        assert drained(subscriber, 4) == [b"a", b"b", b"c", b"d"]
        assert clock.now() - now >= 600 * MS
        publisher.wait_until_sent()  # what has just been received is counted right after it was sent
        assert publisher.sent == 4


def test_what_is_cancelled_is_not_sent():
    with Publisher(ANYWHERE) as publisher, Subscriber(endpoint_of(publisher.address)) as subscriber:
        assert publisher.wait_for_subscriber(10)
        far = publisher.clock.now() + 3_600_000 * MS
        for n in range(5):
            publisher.put(far + n, [b"speech"], "ann")
        publisher.put(far, [b"other"], "bob")
        assert (publisher.cancel("ann"), publisher.cancel("ann")) == (5, 0)
        publisher.put(0, [b"after"])
        assert drained(subscriber, 1) == [b"after"]
        publisher.cancel("bob")


def test_a_subscriber_may_ask_for_a_session_only():
    with Publisher(ANYWHERE) as publisher, Subscriber(endpoint_of(publisher.address), "ann/") as subscriber:
        assert publisher.wait_for_subscriber(10)
        for topic in (b"bob/text", b"ann/text"):
            publisher.put(0, [topic])
        assert drained(subscriber, 1) == [b"ann/text"]
        assert subscriber.receive(0) is None


def test_what_waits_when_it_is_closed_still_goes_out():
    with Publisher(ANYWHERE) as publisher, Subscriber(endpoint_of(publisher.address)) as subscriber:
        assert publisher.wait_for_subscriber(10)
        publisher.put(publisher.clock.now() + 50 * MS, [b"last"])
        publisher.__exit__(None)
        assert drained(subscriber, 1) == [b"last"]


def test_beyond_a_limit_messages_are_dropped_and_counted(monkeypatch):
    monkeypatch.setattr(sinks, "MOST", 2)
    with Publisher(ANYWHERE, drain=0) as publisher:
        for _ in range(5):
            publisher.put(1 << 62, [b"x"])
        assert publisher.overflow == 3


def test_an_error_in_its_thread_is_raised_when_it_is_left():
    publisher = Publisher(ANYWHERE)
    publisher.put(1, ["no bytes"])  # type: ignore[list-item]
    with pytest.raises(TypeError) as caught, publisher:
        publisher.wait_until_sent()
    assert caught.value.__notes__ == [f"in the publisher at {publisher.address}"]
