"""A cluster of processes does what one does; whatever goes wrong in one is told, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from omniflow_graph import Event
from omniflow_graph.engine.cluster import Job, _portable, run_cluster
from omniflow_graph.engine.replay import replay
from omniflow_graph.errors import RunError
from omniflow_graph.recording import Manifest, StreamInfo, write_recording
from tests.omniflow_graph.engine.spread import TROUBLE, spread
from tests.omniflow_graph.engine.troubled import Trouble

ROOT = Path(__file__).resolve().parents[3]
GRAPH = spread()
NAMES = ("ann", "bob", "cat", "dan")


@pytest.fixture
def recordings(tmp_path, monkeypatch) -> tuple[str, ...]:
    """Four sessions; the third has trouble in its last event, if any is asked for."""
    monkeypatch.chdir(ROOT)
    streams = {"mic": StreamInfo("value")}
    for n, name in enumerate(NAMES):
        data = [k + n for k in range(9)] + [TROUBLE if name == "cat" else 9]
        write_recording(tmp_path / f"{name}.mcap", Manifest(name, 40, streams), [Event(4 * k, "mic", k, value) for k, value in enumerate(data)])
    return tuple(str(tmp_path / f"{name}.mcap") for name in NAMES)


def words_of_members(folder: Path) -> dict[int, dict]:
    """Read who took part: {pid: what it said}."""
    return {int(path.stem): json.loads(path.read_text()) for path in folder.glob("*.json")}


def nothing_is_left(folder: Path) -> bool:
    """Tell whether all members that left word have gone, and their folder with them."""
    members = words_of_members(folder)
    for pid in members:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    return [Path(word["folder"]).exists() for word in members.values()] == [False] * len(members) != []


def test_two_processes_do_what_one_does_in_a_private_folder(tmp_path, recordings):
    job = Job("tests.omniflow_graph.engine.spread:spread", recordings, {"folder": str(tmp_path)}, seed=5, batch=2, keep=("loud",))
    traces = run_cluster(job, GRAPH, 2)
    assert traces == {name: replay(GRAPH, path, engine="direct", seed=5, keep=["loud"]) for name, path in zip(NAMES, recordings)}
    assert traces["ann"].digests != replay(GRAPH, recordings[0], engine="direct", seed=6).digests
    assert {word["mode"] for word in words_of_members(tmp_path).values()} == {"0o700"}
    assert len(list(tmp_path.glob("*.worked"))) == 2
    assert nothing_is_left(tmp_path)


def test_what_an_operator_raises_in_one_process_comes_back_as_itself(tmp_path, recordings):
    job = Job("tests.omniflow_graph.engine.spread:spread", recordings, {"folder": str(tmp_path), "trouble": "an operator raises"})
    with pytest.raises(Trouble) as caught:
        run_cluster(job, GRAPH, 2)
    assert (str(caught.value), caught.value.__notes__) == ("no, not that", ["in map 'loud', session 'cat', at 36 ns (0.000 s)"])
    assert nothing_is_left(tmp_path)


def test_a_process_that_is_killed_is_named(tmp_path, recordings):
    os.mkfifo(tmp_path / "who")
    killed = []

    def kill() -> None:
        pid = int((tmp_path / "who").read_text())
        killed.append(words_of_members(tmp_path)[pid]["member"])
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    job = Job("tests.omniflow_graph.engine.spread:spread", recordings, {"folder": str(tmp_path), "trouble": "a member waits to be killed"})
    with pytest.raises(RunError, match=r"process [01] of the cluster was killed by signal 9 before it was done: x+") as caught:
        run_cluster(job, GRAPH, 2)
    assert str(caught.value).startswith(f"process {killed[0]} of")
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize(
    ("trouble", "kind", "words"),
    [
        ("a member vanishes", RunError, "process 1 of the cluster left with code 4 before it was done: "),
        ("a member cannot begin", Trouble, "no graph today"),
    ],
)
def test_nobody_waits_for_a_process_that_never_began(tmp_path, recordings, trouble, kind, words):
    job = Job("tests.omniflow_graph.engine.spread:spread", recordings, {"folder": str(tmp_path), "trouble": trouble})
    with pytest.raises(kind) as caught:
        run_cluster(job, GRAPH, 2)
    assert str(caught.value).startswith(words)
    assert nothing_is_left(tmp_path)


class Locked(Exception):
    """Hold what no pickle can."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.lock = threading.Lock()


class Twice(Exception):
    """Come back from a pickle as something else."""

    def __init__(self, words: str) -> None:
        super().__init__(words * 2)


def noted(error: Exception) -> Exception:
    error.__notes__ = ["in map 'loud'"]
    return error


@pytest.mark.parametrize("error", [Trouble("no"), KeyError("no"), RunError("no")])
def test_an_error_that_survives_a_pickle_stays_itself(error):
    assert _portable(noted(error)) is error


@pytest.mark.parametrize(("error", "words"), [(Locked("no"), "Locked: no"), (Twice("no"), "Twice: nono")])
def test_an_error_that_no_pickle_can_hold_comes_back_in_words(error, words):
    said = _portable(noted(error))
    assert (type(said), str(said), said.__notes__) == (RunError, words, ["in map 'loud'"])
