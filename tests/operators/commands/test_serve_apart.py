"""Sessions of one server are apart: an operator's error ends the one it happened in, and the others come out as if they were alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import zmq

from omniflow_graph import replay
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.recording import open_recording
from operators.commands.served import LIVE, served_in
from tests.operators.commands.breaking import BREAKS
from tests.simulations.commands.serving import PATIENCE, running

GRAPH = "tests.operators.commands.breaking:breaking"
FRAMES = 60  # 20 ms each; the 31st breaks what is to break


def talk(address: str) -> None:
    """Send the frames of all sessions, side by side, as they would come."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.connect(address)
        for n in range(FRAMES):
            for session in ("whole", *BREAKS):
                first = BREAKS.get(session, b"\0") if n == 30 else b"\0"
                head = {"session": session, "clk": own_clock()}
                sender.send_multipart(encode("env-audio", n, time.monotonic_ns(), first + bytes(639), **head))


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> tuple[Path, int, dict[str, Any], str]:
    """Serve them all; return where they were recorded, what the server returned, what it printed and what it said."""
    folder = tmp_path_factory.mktemp("apart")
    options = ("--graph", GRAPH, "--record", folder, "--until-idle", 1, "--json")
    with running("serve", "--feed", "env-audio=omniflow/1@pull+bind+tcp://127.0.0.1:*", *options, wait=True) as server:
        talk(server.addresses[0])
        out, err = server.popen.communicate(timeout=PATIENCE)
    return folder, server.popen.returncode, {each["session"]: each for each in json.loads(out.splitlines()[-1])["sessions"]}, err


def test_an_error_ends_the_session_it_happened_in(served):
    _, code, found, err = served
    assert (code, set(found)) == (1, {"whole", *BREAKS})
    for where in BREAKS:
        assert (found[where]["complete"], found[where]["failed"]) == (False, f"ZeroDivisionError: broke the {where}")
        assert f"omniflow: session '{where}' failed: ZeroDivisionError: broke the {where}" in err


def test_its_recording_says_so_and_breaks_in_the_same_way_when_it_is_replayed(served):
    folder, *_ = served
    for where in BREAKS:
        recording = open_recording(folder / where)
        told = [event.data for event in recording.events(["telemetry"]) if event.data["what"] == "failed"]
        assert [(each["error"], each["why"]) for each in told] == [("ZeroDivisionError", f"broke the {where}")]
        with pytest.raises(ZeroDivisionError, match=f"broke the {where}"):
            replay(graph_of(folder), folder / where)


def test_the_other_one_goes_on_to_its_end_and_replays_to_the_same_trace(served):
    folder, _, found, _ = served
    assert (found["whole"]["complete"], found["whole"]["edges"]["hear"]["events"]) == (True, FRAMES)
    assert replay(graph_of(folder), folder / "whole").digest == found["whole"]["digest"]


def graph_of(folder: Path) -> Any:
    way = served_in(open_recording(folder / "whole"))
    assert way is not None
    return load_graph(LIVE, way.options())
