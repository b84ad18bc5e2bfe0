"""LeRobot's own camera server is read and its own client reads us, in version 0.4.4: `pip install --no-deps` of it, and of what its cameras need."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from omniflow_graph import Graph, Jpeg
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.live.codecs.record import Record, picture_size
from omniflow_graph.live.codecs.registry import writer_of
from omniflow_graph.live.endpoints import feeds_of
from omniflow_graph.live.feed import LiveFeed
from omniflow_graph.live.live_session import Rules
from tests.omniflow_graph.live.codecs.pictures import jpeg

pytest.importorskip("lerobot.cameras.zmq", exc_type=ImportError, reason="needs lerobot 0.4.4")
pytestmark = pytest.mark.peers
FRAMES, PATIENCE = 5, 60


def free_port() -> int:
    """Find a port: the server takes no other than a number."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Synthetic:
    """Be a camera without hardware; all else of the server is its own."""

    def __init__(self, config: Any) -> None:
        self.shape = (config.height, config.width, 3)

    def connect(self) -> None:
        pass

    def disconnect(self) -> None:
        pass

    def read(self) -> Any:
        return np.full(self.shape, 120, np.uint8)


def serve(port: int) -> None:
    """Run the server as it is."""
    from lerobot.cameras.zmq import image_server  # type: ignore[import-not-found]

    image_server.OpenCVCamera = Synthetic
    image_server.ImageServer({"fps": 30, "cameras": {"front": {"shape": [48, 64]}}}, port).run()


def test_its_server_is_read():
    g = Graph("eye")
    g.sink("out", g.source("env-visual", Jpeg))
    port = free_port()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    feed = LiveFeed(g, feeds_of([f"env-visual=lerobot?camera=front@tcp://127.0.0.1:{port}"]), rules=Rules(idle=60_000_000_000))
    patience = threading.Timer(PATIENCE, feed.stop)
    try:
        seen = []

        def watch(session: str, chunk: Any) -> None:
            seen.extend(chunk.events.get("env-visual", ()))
            if len(seen) >= FRAMES:
                feed.stop()

        with feed:
            patience.start()
            sessions: list[Any] = [feed]
            trace = compile_flow(g).run(sessions, watch=watch, finish=lambda trace: (feed.finished(trace.session), trace)[1]).get("live")
    finally:
        patience.cancel()
        server.terminate()
        server.join()
    assert trace is not None, f"nothing was read within {PATIENCE} s"
    pictures = trace["env-visual"]
    assert {picture_size("test", event.data) for event in pictures} == {(64, 48)}
    assert all(event.stamps is not None and event.stamps.captured is not None for event in pictures)
    assert (len(pictures) >= FRAMES, feed.refused) == (True, {})


def test_its_client_reads_what_is_written():
    import zmq
    from lerobot.cameras.zmq import ZMQCamera, ZMQCameraConfig  # type: ignore[import-not-found]

    write, over = writer_of("lerobot?camera=front", "env-visual"), threading.Event()
    with zmq.Context() as context, context.socket(zmq.XPUB) as sender:
        port = sender.bind_to_random_port("tcp://127.0.0.1")

        def publish() -> None:
            while not over.wait(0.02):
                with suppress(zmq.Again):
                    sender.send_multipart(write(Record("env-visual", jpeg(64, 48))), zmq.NOBLOCK)

        sensor = threading.Thread(target=publish)
        sensor.start()
        camera = ZMQCamera(ZMQCameraConfig("127.0.0.1", port=port, camera_name="front", timeout_ms=30_000))
        try:
            camera.connect(warmup=False)
            assert [camera.read().shape for _ in range(FRAMES)] == [(48, 64, 3)] * FRAMES
        finally:
            if camera.is_connected:
                camera.disconnect()
            over.set()
            sensor.join()
