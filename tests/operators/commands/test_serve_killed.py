"""A server that is killed at any moment leaves a recording up to a second before, and the next one goes on where it was cut."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import zmq

from omniflow_graph.engine.replay import replay
from omniflow_graph.events import SECOND
from omniflow_graph.graph.loading import load_graph
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.own_clock import own_clock
from omniflow_graph.recording import open_recording
from operators.commands.served import LIVE, served_in
from tests.conftest import FULL
from tests.simulations.commands.serving import PATIENCE, serving

KILLS = 5 if FULL else 2
SLACK = 300_000_000  # ns that this busy machine may take between a clock and a signal, beside allowance and tick


@contextmanager
def talking(address: str) -> Iterator[dict[int, int]]:
    """Send a frame each 20 ms, numbered from 0, to whoever is at the address; return when each was captured.

    While nobody is there none is kept: a server that begins would first get those of the time that it took to begin.
    """
    captured: dict[int, int] = {}
    stop = threading.Event()
    context = zmq.Context()
    sender = context.socket(zmq.PUSH)
    sender.immediate = True  # only to who is there
    sender.connect(address)

    def talk() -> None:
        seq = 0
        while not stop.wait(0.02):
            captured[seq] = time.monotonic_ns()
            frame = bytes([seq % 50, seq % 7 * 16]) * 320
            with suppress(zmq.Again):
                sender.send_multipart(encode("env-audio", seq, captured[seq], frame, clk=own_clock()), zmq.NOBLOCK)
                seq += 1

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield captured
    finally:
        stop.set()
        talker.join()
        context.destroy(linger=0)


def heard(folder: Any) -> list[int]:
    """Return the sender's numbers of what the recording holds by now; none before there is one."""
    found = list(folder.glob("*.mcap*")) if folder.is_dir() else []
    return [event.stamps.sender_seq for event in open_recording(folder).events(["env-audio"])] if any(each.stat().st_size for each in found) else []


def until_more_is_heard(folder: Any) -> None:
    before, patience = len(heard(folder)), time.monotonic() + PATIENCE
    while len(heard(folder)) == before:
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_a_killed_server_loses_a_second_and_the_next_one_goes_on(tmp_path):
    rng, lost, address = random.Random(11), [], "tcp://127.0.0.1:*"
    feed = "env-audio=omniflow/1@pull+bind+"
    folder = tmp_path / "live"
    talk = None
    try:
        for _ in range(KILLS):
            with serving(tmp_path, "--feed", f"{feed}{address}", streams="env-visual") as server:
                address = server.addresses[-1]
                if talk is None:
                    talk = talking(address)
                    captured = talk.__enter__()
                until_more_is_heard(folder)  # the first second of it is safe
                time.sleep(rng.random())
                server.popen.kill()
                killed = time.monotonic_ns()
            lost.append(killed - max(captured[seq] for seq in heard(folder)))
        with serving(tmp_path, "--feed", f"{feed}{address}", "--until-idle", 0.7, streams="env-visual") as server:
            until_more_is_heard(folder)
            talk.__exit__(None, None, None)
            talk = None
            found = server.result()
    finally:
        if talk is not None:
            talk.__exit__(None, None, None)
    assert max(lost) <= SECOND + 70_000_000 + SLACK

    recording = open_recording(folder)
    names = [segment.path.name for segment in recording.segments]
    assert names == [*(f"live.{n:03}.mcap.part" for n in range(KILLS)), f"live.{KILLS:03}.mcap"]
    way = served_in(recording)
    assert way is not None
    graph = load_graph(LIVE, way.options())
    assert replay(graph, folder).digest == replay(graph, folder, engine="direct").digest == found["digest"]
    told = [event.data["what"] for event in recording.events(["telemetry"])]
    assert told.count("serve-restarted") == KILLS
    assert [event.seq for event in recording.events(["env-audio"])] == list(range(len(heard(folder))))
    assert (found["complete"], found["refused"]) == (True, {})
