"""What is plugged in is published as a sensor's records: numbered, stamped, each at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from omniflow_graph.clock import WallClock
from omniflow_graph.command import main
from omniflow_graph.live.codecs.record import Record, picture_size
from omniflow_graph.live.codecs.registry import codec_of, writer_of
from omniflow_graph.live.devices import Sensed
from omniflow_graph.live.endpoints import endpoint_of
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.live.sinks import Publisher, Subscriber
from simulations.commands.sensing import Sensing, devices_of
from tests.omniflow_graph.live.test_devices import lavfi  # noqa: F401

PATIENCE = 60_000  # ms
CAMERA = "lavfi:testsrc=size=64x48:rate=10:duration=2"


class Ears:
    """Subscribe in a thread, and keep what comes, up to so many messages."""

    def __init__(self, messages: int) -> None:
        self.found: list[list[bytes]] = []
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.subscribe(b"")
        self.address = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.thread = threading.Thread(target=self._listen, args=(messages,))

    def _listen(self, messages: int) -> None:
        while len(self.found) < messages and self.socket.poll(PATIENCE):
            self.found.append(self.socket.recv_multipart())

    def __enter__(self) -> Ears:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.context.destroy(linger=0)


@pytest.mark.usefixtures("lavfi")
def test_a_camera_is_published_until_it_ends(capsys):
    with Ears(4) as ears:
        feed = f"env-visual=omniflow/1@connect+{ears.address}"
        assert main(["publish", "--camera", CAMERA, "--feed", feed, "--session", "ann", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"sent": 4}
    records = [record for parts in ears.found for record in codec_of("omniflow/1", "env-visual").read(parts)]
    assert [(record.seq, record.session, record.clock) for record in records] == [(n, "ann", own_clock()) for n in range(4)]
    assert {picture_size("test", record.data) for record in records} == {(64, 48)}
    assert len({record.generation for record in records}) == 1
    assert [record.captured for record in records] == sorted(record.captured or 0 for record in records)


class Still:
    """Be a clock that stands still."""

    def now(self) -> int:
        return 1_000_000_000


def frames(*data: bytes, fails: bool = False) -> Iterator[Sensed]:
    yield from (Sensed(each, 20_000_000) for each in data)
    if fails:
        raise OSError("unplugged")


def sensed(**devices: Iterator[Sensed]) -> tuple[Sensing, Publisher, Subscriber]:
    """Let devices be sensed; who subscribes has what they give."""
    publisher = Publisher(endpoint_of("tcp://127.0.0.1:*", "pub", True))
    streams = {name.replace("_", "-"): device for name, device in devices.items()}
    clock: Any = Still()
    writers = {stream: writer_of("omniflow/1", stream) for stream in streams}
    return Sensing(streams, writers, dict.fromkeys(streams, publisher), clock), publisher, Subscriber(endpoint_of(publisher.address))


def test_a_frame_is_dated_when_it_began():
    sensing, publisher, subscriber = sensed(env_audio=frames(b"aa", b"bb"))
    with publisher, subscriber:
        assert publisher.wait_for_subscriber(60)
        assert sensing.run() == 2
        read = [codec_of("omniflow/1", "env-audio").read(subscriber.receive(PATIENCE) or []) for _ in range(2)]
    assert read == [[Record("env-audio", data, 980_000_000, n, None, own_clock(), 1_000_000_000)] for n, data in enumerate((b"aa", b"bb"))]


def test_what_a_device_raises_is_raised():
    sensing, publisher, subscriber = sensed(env_audio=frames(b"aa", fails=True))
    with publisher, subscriber, pytest.raises(OSError, match="unplugged"):
        sensing.run()
    assert sensing.sent == 1


def test_one_that_was_stopped_sends_nothing():
    sensing, publisher, subscriber = sensed(env_audio=frames(b"aa"))
    sensing.stopped = True
    with publisher, subscriber:
        assert sensing.run() == 0


def test_a_length_of_nothing_is_over_at_once():
    sensing, publisher, subscriber = sensed(env_audio=frames(b"aa"))
    sensing.clock, sensing.length = WallClock(), 0
    with publisher, subscriber:
        assert sensing.run() == 0


@pytest.mark.usefixtures("lavfi")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "publish: wants a recording, or --mic or --camera or both"),
        (["three_questions", "--camera", CAMERA], "publish: wants a recording, or --mic"),
        (["--camera", CAMERA, "--fps", "0"], "--fps: wants 0.01 to 120, got 0.0"),
        (["--camera", CAMERA, "--pace", "2"], "--pace: wants a recording, not a device"),
        (["--camera", CAMERA, "--faults", "loss(permille=20)"], "--faults: wants a recording, not a device"),
        (["--camera", "/dev/video77"], "camera '/dev/video77': cannot be opened"),
    ],
)
def test_what_cannot_be_sensed_is_said(args, words, capsys):
    assert main(["publish", *args, "--feed", "env-visual=omniflow/1@tcp://127.0.0.1:*"]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err


@pytest.mark.usefixtures("lavfi")
def test_what_is_fed_is_what_is_sensed():
    with pytest.raises(ValueError, match="--feed: wants env-visual, which --mic and --camera give, got env-visual, env-audio"):
        devices_of(None, CAMERA, 2, ["env-visual", "env-audio"])
