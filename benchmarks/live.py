"""How long a frame is on its way through a live graph, beside a bare poller loop: `python -m benchmarks.live`.

Sender, server and receiver are processes of their own. A frame holds when it was sent; the receiver says how long ago that was.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from omniflow_graph import Event, Graph, Pcm16, seconds
from omniflow_graph.live.codecs.omniflow1 import encode
from omniflow_graph.live.own_clock import own_clock

STAMP, FRAME = 8, 640  # bytes: when it was sent; 20 ms of sound
LENGTH, PICTURE = 6.0, 50_000


def passing(*, window: float = 0.2) -> Graph:
    """Pass the first bytes of each frame on, and of each window the last frame's."""
    g = Graph("passing")
    mic, eye = g.source("env-audio", Pcm16), g.source("env-visual")
    stamps = g.map("stamps", mic, stamp)
    aligned = g.align("window", stamps, eye, length=seconds(window))
    g.sink("out", stamps, g.stage("decided", aligned, lambda state, event: (state, [event.data.ready])))
    return g


def stamp(event: Event[Pcm16]) -> bytes:
    """Pick when a frame was sent."""
    return event.data[:STAMP]


def bare(address: str, out: str) -> None:
    """Do with a poller what a server does, without graph, log or clock."""
    import zmq

    context = zmq.Context()
    sub, pub, poller = context.socket(zmq.SUB), context.socket(zmq.PUB), zmq.Poller()
    sub.setsockopt(zmq.SUBSCRIBE, b"")
    sub.bind(address)
    pub.bind(out)
    poller.register(sub, zmq.POLLIN)
    print("ready", file=sys.stderr, flush=True)
    while True:
        for each, _ in poller.poll(5):
            topic, _, payload = each.recv_multipart()
            if topic == b"env-audio":
                pub.send_multipart([b"live/stamps", b"", payload[:STAMP]])


def send(address: str, sessions: int, pictures: int) -> None:
    """Be the sensors of some sessions: 50 frames of sound a second each, and some pictures."""
    import zmq

    context = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.connect(address)
    socket.recv()
    from tests.omniflow_graph.live.codecs.pictures import JPEG

    picture = JPEG + bytes(PICTURE)
    begin = time.monotonic_ns()
    for n in range(int(LENGTH * 50)):
        for k in range(sessions):
            due = begin + n * 20_000_000 + k * 20_000_000 // sessions
            time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
            head: dict[str, Any] = {"clk": own_clock(), "session": f"s{k}" if sessions > 1 else "live"}
            if pictures and n % (50 // pictures) == 0:
                socket.send_multipart(encode("env-visual", n * pictures // 50, time.monotonic_ns(), picture, **head))
            now = time.monotonic_ns()
            socket.send_multipart(encode("env-audio", n, now, now.to_bytes(STAMP, "little") + bytes(FRAME - STAMP), **head))
    context.destroy(linger=1000)


def receive(out: str, wanted: int) -> dict[str, list[float]]:
    """Return how old each stamp was when it came, in ms."""
    import zmq

    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.connect(out)
    ages: list[float] = []
    while len(ages) < wanted and socket.poll(5_000):
        topic, _, payload = socket.recv_multipart()
        if topic.endswith(b"/stamps"):
            ages.append((time.monotonic_ns() - int.from_bytes(payload, "little")) / 1e6)
    context.destroy(linger=0)
    return {"frame": ages}


def served(folder: Path, sessions: int, pictures: int, *, plain: bool) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Measure one server; returns the ages of frames, and what it said of itself."""
    address, out = f"ipc://{folder}/in", f"ipc://{folder}/out"
    python = [sys.executable, "-m"]
    if plain:
        server = [*python, "benchmarks.live", "bare", address, out]
    else:
        feed = f"env-audio,env-visual=omniflow/1@bind+{address}"
        server = [*python, "omniflow_graph.command", "serve", "--graph", "benchmarks.live:passing", "--feed", feed, "--out", out]
        server += ["--record", str(folder / "rec"), "--until-idle", "1.5", "--json"]
    with ExitStack() as held:
        process = subprocess.Popen(server, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        held.callback(process.kill)
        assert process.stderr is not None
        print(process.stderr.readline().strip(), file=sys.stderr)
        sender = subprocess.Popen([*python, "benchmarks.live", "send", address, str(sessions), str(pictures)])
        held.callback(sender.kill)
        ages = receive(out, int(LENGTH * 50) * sessions)
        sender.wait(30)
        said: dict[str, Any] = {}
        if not plain:
            text, errors = process.communicate(timeout=60)
            with suppress(IndexError):
                said = json.loads(text.splitlines()[-1])
            if not said:
                print(errors, file=sys.stderr)
    return ages, said


def told(name: str, ages: list[float]) -> None:
    """Print the middle and the tail."""
    print(f"{name:44} n={len(ages):5}  p50 {np.percentile(ages, 50):7.2f} ms  p99 {np.percentile(ages, 99):7.2f} ms  max {max(ages):7.2f} ms")


def main() -> None:
    """Measure all of it, side by side."""
    import tempfile

    for sessions, pictures in ((1, 0), (1, 10), (8, 10)):
        for name, plain in (("a bare poller loop", True), ("omniflow serve", False)):
            with tempfile.TemporaryDirectory() as folder:
                ages, said = served(Path(folder), sessions, pictures, plain=plain)
            told(f"{name}, {sessions} session(s), {pictures} pictures/s", ages["frame"])
            if said:
                all_of = said.get("sessions", [said])
                late, misses = sum(each["late"] for each in all_of), sum(each["deadline_misses"] for each in all_of)
                print(f"    late {late}, deadlines missed {misses}, the reader looked away for at most {said['reader_gap_ms']} ms")


if __name__ == "__main__":
    match = sys.argv[1:]
    if not match:
        main()
    elif match[0] == "bare":
        bare(*match[1:])
    else:
        send(match[1], int(match[2]), int(match[3]))
