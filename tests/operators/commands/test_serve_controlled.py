"""Who commands a live session is obeyed while it runs, and what was ordered is in the recording, which replays to the same trace."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest
import zmq

from omniflow_graph import replay
from omniflow_graph.events import SECOND, Event
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.recording import Manifest, StreamInfo, open_recording, write_recording
from operators.commands.served import LIVE, served_in
from tests.simulations.commands.serving import PATIENCE, running, serving


@pytest.fixture(scope="module")
def silence(tmp_path_factory) -> Any:
    """A recording of two silent seconds."""
    path = tmp_path_factory.mktemp("room") / "room.mcap"
    manifest = Manifest("room", streams={"env-audio": StreamInfo("audio", rate_hz=16_000)}, end=2 * SECOND)
    write_recording(path, manifest, [Event(n * 20_000_000, "env-audio", n, bytes(640)) for n in range(100)])
    return path


def received(socket: Any, edge: str) -> dict[str, Any]:
    """Wait for a message of an edge, and return its header."""
    while socket.poll(PATIENCE * 1000):
        header = msgpack.unpackb(socket.recv_multipart()[1])
        if header["edge"] == edge:
            return header
    raise AssertionError(f"nothing on {edge}")


def test_a_session_is_interrupted_and_the_recording_says_so(silence, tmp_path):
    script = tmp_path / "script.yaml"
    script.write_text("- when: {at: 0.1}\n  say: " + "One two three four five six seven eight nine ten. " * 4 + "\n")
    ports = ("--out", "tcp://127.0.0.1:*", "--control", "tcp://127.0.0.1:*")
    args = ("--script", script, "--window", 0.2, "--until-idle", 1, "--echo", "gate", *ports)
    context = zmq.Context()
    try:
        with serving(tmp_path / "rec", *args, streams="env-audio") as server:
            sensors, out, control = server.addresses
            ears, mouth = context.socket(zmq.SUB), context.socket(zmq.REQ)
            ears.subscribe(b"live/")
            ears.connect(out)
            mouth.connect(control)
            with running("publish", silence, "--feed", f"env-audio=omniflow/1@connect+{sensors}", "--json") as sensor:
                received(ears, "speech")
                mouth.send(bytes(msgpack.packb({"do": "interrupt"}) or b""))
                assert msgpack.unpackb(mouth.recv()) == {"ok": True, "session": "live", "read": True}
                flushed = received(ears, "flush")
                sensor.result()
                served = server.result()
    finally:
        context.destroy(linger=0)
    (turn,) = served["turns"]
    assert (turn["stopped"], round(turn["end_s"] * SECOND), flushed["response"]) == (True, flushed["time"], 1)
    recording = open_recording(tmp_path / "rec" / "live")
    (order,) = recording.events(["control"])
    assert order.data == {"do": "interrupt"}
    assert turn["start_s"] * SECOND < order.time <= flushed["time"]  # what it cost to obey was measured
    way = served_in(recording)
    assert way is not None
    assert way.settings == {"control": True, "echo": "gate"}
    assert replay(load_graph(LIVE, way.options()), tmp_path / "rec" / "live").digest == served["digest"]
