"""Ctrl-C and SIGTERM end a replay cleanly: early, with what was done by then, or at once where nothing can be kept."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from omniflow_graph.trace.stored import load_trace
from operators.commands.stopping import Stop, stoppable
from tests.operators.commands.rooms import ASK, answered, room

ROOT = Path(__file__).resolve().parents[3]
GATES = """
import os
import threading
from pathlib import Path
from omniflow_graph import Graph

Path(f"{os.getpid()}.was_here").touch()

def wait(event=None):
    return open("gate").read()  # a named pipe: waits until whoever holds its other end lets go

def slow(event):
    if event.seq == 100:
        wait()
    threading.Event().wait(0.02 if event.seq > 100 else 0)  # so that word of a stop arrives before the end
    return event.seq

def slowly():
    g = Graph("slowly")
    g.sink("out", g.map("slow", g.source("env-audio"), slow))
    return g

def held():
    g = Graph("held")
    g.sink("out", g.map("wait", g.source("env-audio"), wait))
    return g
"""
GATE = "\nwait()\n"


def begun(here: Path, *arguments: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120"}
    command = [sys.executable, "-m", "omniflow_graph.command", *arguments, "--out", "out"]
    return subprocess.Popen(command, cwd=here, env=environment, stdout=subprocess.PIPE, text=True, **options)


class Watched:
    """Be a replay in a terminal whose progress can be read."""

    def __init__(self, here: Path, *arguments: str) -> None:
        self.screen, terminal = pty.openpty()
        self.process = begun(here, *arguments, stderr=terminal)
        os.close(terminal)
        self.read = b""

    def until(self, second: float) -> None:
        """Wait until it says that it has come so far."""
        while not any(float(shown) >= second for shown in re.findall(rb"(\d+\.\d) s", self.read)):
            try:
                self.read += os.read(self.screen, 1 << 16)
            except OSError:
                pytest.fail(f"it ended before it came to {second} s: {self.read.decode()}")

    def end(self) -> tuple[int, str, str]:
        """Return exit code, stdout, and what else was said after the bar was wiped away."""
        out = self.process.communicate()[0]
        try:
            while more := os.read(self.screen, 1 << 16):
                self.read += more
        except OSError:  # nobody else has it open any more
            os.close(self.screen)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.read.decode())
        return self.process.returncode, out, " ".join(line for line in re.split(r"[\r\n]+", text) if line.strip() and "replaying" not in line)


def alone(process: subprocess.Popen, number: int) -> None:
    process.send_signal(number)


def with_its_children(process: subprocess.Popen, number: int) -> None:
    """Signal the whole group, as a terminal does."""
    os.killpg(process.pid, number)


@pytest.fixture
def gated(here) -> Path:
    (here / "gated_graphs.py").write_text(GATES)
    (here / "gated_module.py").write_text(GATES + GATE)
    os.mkfifo(here / "gate")
    return here


def stopped_at_the_gate(here: Path, arguments: list[str], number: int, send: Callable) -> tuple[int, str, str]:
    """Begin, wait until it waits at the gate, and stop it there."""
    process = begun(here, "replay", "room.mcap", *arguments, stderr=subprocess.PIPE, start_new_session=True)
    with ThreadPoolExecutor(1) as beside:
        other_end = beside.submit(opened_once_over, process, here / "gate")
        with open(here / "gate", "wb"):  # waits for whoever opens the other end
            if process.poll() is not None:
                pytest.fail(f"it ended before it came to the gate: {process.communicate()[1]}")
            send(process, number)
            if "--processes" not in arguments:
                process.wait()
        out, err = process.communicate()
        os.close(other_end.result())
    return process.returncode, out, err


def opened_once_over(process: subprocess.Popen, gate: Path) -> int:
    """Open the other end when the process is over, since one that died before it came there would be waited for forever."""
    process.wait()
    return os.open(gate, os.O_RDONLY | os.O_NONBLOCK)


def nobody_is_left(here: Path, processes: int) -> bool:
    """Tell whether so many processes were here, and have gone."""
    pids = [int(path.stem) for path in here.glob("*.was_here")]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    return len(pids) == processes


# Early, with what was done


@pytest.mark.parametrize(("number", "options"), [(signal.SIGINT, ()), (signal.SIGTERM, ("--workers", "2"))])
def test_a_run_that_is_asked_to_stop_keeps_what_was_done(here, number, options):
    recording = room(here, end=30)
    watched = Watched(here, *ASK, "--pace", "4", *options)
    watched.until(3.1)
    watched.process.send_signal(number)
    code, out, said = watched.end()
    assert (code, said) == (128 + number, "")
    assert "stopped before its end; this is what was done by then" in out
    stored, whole = load_trace(here / "out"), answered(recording, str(here / "script.yaml"))
    done = {edge: len(events) for edge, events in stored.edges.items() if events}
    assert {edge: stored.payloads[edge] for edge in done} == {edge: whole.payloads[edge][:n] for edge, n in done.items()}
    assert (stored.complete, done["decide"] in range(2, 28), done["text"]) == (False, True, 2)
    assert [turn["start_s"] for turn in json.loads((here / "out" / "turns.json").read_text())] == [2.29]
    with wave.open(str(here / "out" / "speech.wav")) as sound:
        assert sound.getnframes() == (done_until := stored["listen"][-1].time * 24_000 // 10**9)
    assert 3.0 < done_until / 24_000 < 28


@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, with_its_children), pytest.param(signal.SIGTERM, alone, marks=pytest.mark.full)])
def test_processes_that_are_asked_to_stop_keep_what_was_done(gated, number, send):
    arguments = ["--graph", "gated_graphs:slowly", "--processes", "2", "--batch", "1"]
    code, out, err = stopped_at_the_gate(gated, arguments, number, send)
    assert (code, err) == (128 + number, "")
    assert "stopped before its end; this is what was done by then" in out
    stored = load_trace(gated / "out")
    assert (stored.complete, [event.data for event in stored["slow"]]) == (False, list(range(len(stored["slow"]))))
    assert 100 < len(stored["slow"]) < 225
    assert nobody_is_left(gated, 3)


# At once


def test_a_second_signal_ends_it_at_once(here):
    watched = Watched(here, *ASK, "--pace", "0.001")
    watched.until(0.0)
    watched.process.send_signal(signal.SIGINT)
    watched.process.send_signal(signal.SIGTERM)
    code, *said = watched.end()
    assert (code - 128 in (signal.SIGINT, signal.SIGTERM), said) == (True, ["", "omniflow: stopped at once"])  # the kernel chooses which comes first
    assert list((here / "out").iterdir()) == []


FULL = pytest.mark.full
WAITS = [
    pytest.param(["--graph", "gated_module:held"], signal.SIGINT, alone, id="loading, Ctrl-C"),
    pytest.param(["--graph", "gated_module:held"], signal.SIGTERM, alone, id="loading, SIGTERM", marks=FULL),
    pytest.param(["--graph", "gated_graphs:held", "--engine", "direct"], signal.SIGTERM, alone, id="direct, SIGTERM"),
]


@pytest.mark.parametrize(("arguments", "number", "send"), WAITS)
def test_what_cannot_end_early_ends_at_once_and_leaves_nothing(gated, arguments, number, send):
    assert stopped_at_the_gate(gated, arguments, number, send) == (128 + number, "", "omniflow: stopped at once\n")
    assert nobody_is_left(gated, 1)


# In this process


class Running:
    stopped = False


def test_the_run_is_told_to_stop_and_interrupted_only_at_the_second_time():
    stop = Stop(Running())
    stop(signal.SIGTERM, None)
    assert (stop.run.stopped, stop.signal, stop.at_once) == (True, signal.SIGTERM, False)
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT, None)
    stop.quiet.speak()
    assert (stop.signal, stop.at_once) == (signal.SIGTERM, True)


def test_what_rust_says_between_is_not_heard(capfd):
    stop = Stop()
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT, None)
    os.write(2, b"thread panicked")
    stop.quiet.speak()
    os.write(2, b"heard again")
    stop.quiet.speak()
    assert capfd.readouterr().err == "heard again"


def test_signals_mean_what_they_meant_once_the_block_is_left():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stoppable() as stop:
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == [stop, stop]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_what_is_told_of_the_signals_says_nothing_of_the_run():
    stop = Stop(run="a session of gigabytes")  # signal.signal() has it written down
    assert repr(stop) == repr(Stop())
