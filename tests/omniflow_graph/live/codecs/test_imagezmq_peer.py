"""The sender of imagezmq itself is read: `pip install --no-deps imagezmq` beside numpy and pyzmq."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omniflow_graph import Graph, Jpeg
from omniflow_graph.engine.flow import compile_flow
from omniflow_graph.live.endpoints import feeds_of
from omniflow_graph.live.feed import LiveFeed
from omniflow_graph.live.live_session import Rules
from tests.omniflow_graph.live.codecs.pictures import JPEG

imagezmq = pytest.importorskip("imagezmq", exc_type=ImportError)


@pytest.mark.peers
def test_pictures_of_its_sender_come_in_as_jpeg_and_are_acknowledged():
    g = Graph("eye")
    g.sink("out", g.source("env-visual", Jpeg))
    with LiveFeed(g, feeds_of(["env-visual=imagezmq@rep+bind+tcp://127.0.0.1:*"]), rules=Rules(idle=500_000_000)) as feed:
        sender = imagezmq.ImageSender(connect_to=feed.addresses[0], REQ_REP=True)
        assert [sender.send_jpg("front", JPEG), sender.send_image("front", np.zeros((8, 8, 3), np.uint8))] == [b"OK", b"OK"]
        sender.close()
        feed.stop()
        sessions: list[Any] = [feed]
        trace = compile_flow(g).run(sessions, finish=lambda trace: (feed.finished(trace.session), trace)[1])["live"]
    pictures = [event.data for event in trace["env-visual"]]
    assert pictures[0] == JPEG
    assert [picture[:2] for picture in pictures] == [b"\xff\xd8"] * 2
    assert feed.refused == {}
