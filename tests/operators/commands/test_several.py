"""`omniflow replay` takes many recordings at once: each comes to what it comes to alone, on one process or several."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from omniflow_graph.recording import open_recording, write_recording
from recordings import bundled
from tests.operators.commands.rooms import FAST, room

COMMAND = [sys.executable, "-m", "omniflow_graph.command", "replay"]
GRAPH = """
import os, signal
from pathlib import Path
from omniflow_graph import Graph, seconds
from omniflow_graph.engine import flow

flow.EPOCH = 0  # a snapshot after each batch

def fall(event):
    word = Path(__file__).with_name("fallen")
    if event.time == seconds(3.0) and len(list(word.parent.glob("fallen.*"))) < 2:
        word.with_suffix(f".{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return len(event.data)

def falling():
    g = Graph("falling")
    window = g.align("window", g.map("loud", g.source("env-audio"), fall), length=seconds(1.0))
    g.sink("out", g.stage("count", window, lambda n, event: (n + len(event.data.events), [n]), state=0, cost=seconds(0.4)))
    return g
"""


@pytest.fixture
def rooms(tmp_path, monkeypatch) -> Path:
    """A folder of five recordings, and beside it a module with a graph that kills its process, twice."""
    (tmp_path / "rooms").mkdir()
    events = list(room(tmp_path, (0.5, 1.5), (2.5, 3.2)).events())
    manifest = open_recording(tmp_path / "room.mcap").manifest
    for n in range(5):
        write_recording(tmp_path / "rooms" / f"{n}.mcap", replace(manifest, session=f"room {n}"), events[n:])
    (tmp_path / "falling_graph.py").write_text(GRAPH)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*sys.path])
    return tmp_path


def alone(omniflow, *arguments: str) -> dict[str, dict[str, str]]:
    """Replay each recording by itself: {session: its digests}."""
    found = [omniflow("replay", path, *arguments, "--json").json for path in sorted(Path("rooms").iterdir())]
    return {each["session"]: each["digest"] for each in found}


def digests(found: dict) -> dict[str, dict[str, str]]:
    return {each["session"]: each["digest"] for each in found["sessions"]}


@pytest.mark.parametrize("how", [(), ("--workers", "2"), ("--processes", "2")], ids=str)
def test_each_comes_to_what_it_comes_to_alone_in_the_order_of_the_names(omniflow, rooms, how):
    code, out, err = omniflow("replay", "rooms", *FAST, *how, "--json")
    found = json.loads(out.splitlines()[-1])
    assert (code, err, found["complete"], found["duration_s"]) == (0, "", True, 22.5)
    assert list(digests(found).items()) == list(alone(omniflow, *FAST).items())
    assert {"wall_s", "x_realtime", "load_s"} <= set(found)


def test_files_stand_in_folders_of_the_sessions_names(omniflow, rooms):
    assert omniflow("replay", "rooms/0.mcap", "rooms/3.mcap", *FAST, "--out", "out").code == 0
    names = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file())
    assert names == [f"room_{n}/{name}" for n in (0, 3) for name in ("speech.wav", "trace.mcap", "turns.json")]
    assert omniflow("why", "out/room_3").code == 0


def test_a_line_for_each_is_shown(omniflow, rooms):
    out = omniflow("replay", "rooms", *FAST).out
    assert [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")] == [f"room {n}" for n in range(5)]
    assert "22.50 s in " in out


def test_a_model_that_gives_a_recording_back_is_given_each_its_own(omniflow, rooms):
    assert omniflow("replay", "rooms", *FAST, "--copy-inputs", "--out", "out").code == 0
    traces = [str(path) for path in sorted(Path("out").rglob("trace.mcap"))]
    found = omniflow("replay", *traces, "--model", "recorded", "--json").json
    spoken = [[(turn["start_s"], turn["text"]) for turn in each["turns"]] for each in found["sessions"]]
    assert spoken == [[(turn["start_s"], turn["text"]) for turn in json.loads(path.read_text())] for path in sorted(Path("out").rglob("turns.json"))]


def test_bundled_names_may_be_among_them(omniflow, rooms):
    found = omniflow("replay", *bundled(), "rooms/1.mcap", *FAST, "--json").json
    assert [each["session"] for each in found["sessions"]] == [*bundled(), "room 1"]


BAD = [
    (("rooms/0.mcap", "rooms/0.mcap"), "are all of a session called room_0; replay them one at a time"),
    (("rooms", "--recover", "r", "--pace", "2"), "--recover: goes with --engine bytewax and without --pace"),
    (("rooms", "--addresses", "127.0.0.1:1;127.0.0.1:2"), "--addresses: wants host:port;host:port and --process"),
    (("rooms", "--addresses", "127.0.0.1:1", "--process", "1"), "--addresses: wants host:port;host:port and --process"),
    (("rooms", "rooms/9.mcap"), "rooms/9.mcap: there is no such file"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_what_cannot_be_replayed_together_is_refused(omniflow, rooms, arguments, words):
    assert words in omniflow.refused("replay", *arguments, *FAST)


def test_a_run_that_is_through_is_not_run_again_and_another_one_is_refused(omniflow, rooms):
    first = omniflow("replay", "rooms", *FAST, "--recover", "kept", "--json").json
    again = omniflow("replay", "rooms", *FAST, "--recover", "kept", "--json").json
    assert digests(again) == digests(first) == alone(omniflow, *FAST)
    assert "holds another run" in omniflow.refused("replay", "rooms", *FAST, "--seed", 1, "--recover", "kept")


def test_one_recording_that_is_recovered_is_told_as_one(omniflow, rooms):
    found = omniflow("replay", "rooms/0.mcap", *FAST, "--recover", "kept", "--json").json
    assert (found["session"], found["digest"]) == ("room 0", alone(omniflow, *FAST)["room 0"])
    assert "what was said, when and why" in omniflow("replay", "rooms/0.mcap", *FAST, "--recover", "kept").out


def test_when_a_process_dies_all_are_started_again_and_it_is_said(omniflow, rooms):
    arguments = ("--graph", "falling_graph:falling", "--batch", "20")
    code, out, err = omniflow("replay", "rooms", *arguments, "--recover", "kept", "--processes", "2", "--json")
    said = [line for line in err.splitlines() if "was killed by signal 9 before it was done" in line]
    assert (code, len(said) >= 1, len(list(rooms.glob("fallen.*")))) == (0, True, 2)
    assert all(line.endswith("all are started again, from the last snapshot") for line in err.splitlines())
    assert digests(json.loads(out.splitlines()[-1])) == alone(omniflow, *arguments)


def test_a_cluster_of_hosts_shares_the_sessions(omniflow, rooms):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    addresses = ";".join(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    command = [*COMMAND, "rooms", *FAST, "--addresses", addresses, "--json", "--process"]
    hosts = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for n in range(2)]
    found = [json.loads(host.communicate(timeout=120)[0].splitlines()[-1]) for host in hosts]
    shares = [digests(each) for each in found]
    assert shares[0] | shares[1] == alone(omniflow, *FAST)
    assert not set(shares[0]) & set(shares[1])


@pytest.mark.full
def test_killed_five_times_at_random_moments_it_goes_on_with_two_one_and_two_processes(omniflow, rooms):
    events = list(open_recording(bundled()["three_questions"]).events())
    manifest = open_recording(bundled()["three_questions"]).manifest
    (rooms / "long").mkdir()
    for n in range(60):
        write_recording(rooms / "long" / f"{n:02}.mcap", replace(manifest, session=f"long {n:02}"), events[n:])
    undisturbed = digests(omniflow("replay", "long", *FAST, "--json").json)
    dice, killed = random.Random(7), 0
    command = [*COMMAND, "long", *FAST, "--recover", "kept", "--json", "--processes"]
    for processes in ("2", "1", "2", "2", "1"):
        run = subprocess.Popen([*command, processes], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            run.wait(2.0 + 3 * dice.random())
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            killed += 1
    assert killed == 5, "it was through too soon"
    for processes in ("2", "1", "2"):
        done = subprocess.run([*command, processes], capture_output=True, text=True, check=True)
        assert digests(json.loads(done.stdout.splitlines()[-1])) == undisturbed
