"""A recording replays to one digest, however often, wherever and beside whatever it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph import Trace, replay
from omniflow_graph.engine.cluster import Job, run_cluster
from omniflow_graph.graph.graph import Graph
from omniflow_graph.recording import Recording, open_recording
from operators.duplex import duplex
from operators.turns import turns
from recordings import path

ROOT = Path(__file__).resolve().parents[1]
FULL = pytest.mark.full

# Of runs in integers only, which no machine computes otherwise.
GOLDEN = {
    "three_questions": {
        "decisions": "abaa3bf29fcad200efe00a6e4108c867d7d5630e3b285fd8ad9838d3a9dfa531",
        "media": "48519624f3d0a6a0e6552340545472a272ed39c33ff2ac17c9c1f56fb43f5376",
    },
    "dialogue_zh": {
        "decisions": "344e56f16f1d1aa061adbd7461d7e509bfb449b90d4b8a49fc84f42296064621",
        "media": "6c6cd91ef426cbd03890a5cfcf346d12b12cedef9c55fc558991120ee4ecdf04",
    },
}
# Of runs whose ears and voice compute with floats: what is said, from when, why; and how long it sounds, in ms.
GOLDEN_TURNS = {
    "three_questions": [
        (5.29, 2375, "An astronaut in an orange suit.", "user speech 2 ended at 4.18 s"),
        (11.29, 2250, "The cat is looking straight at us.", "user speech 3 ended at 10.32 s"),
        (19.29, 3575, "An old palace with curved roofs, under a blue sky.", "user speech 4 ended at 18.10 s"),
    ],
    "dialogue_zh": [(11.29, 2375, "An astronaut in an orange suit.", "user speech 2 ended at 10.14 s")],
}

RUNS = [
    ("three_questions", "scripted-fast"),
    ("dialogue_zh", "recorded"),
    pytest.param("three_questions", "scripted", marks=FULL),
    pytest.param("dialogue_zh", "scripted", marks=FULL),
]
every_run = pytest.mark.parametrize(("name", "model"), RUNS)


@cache
def opened(name: str) -> Recording:
    return open_recording(path(name))


@cache
def pipeline(name: str, model: str) -> Graph:
    return duplex(model=model, recording=opened(name))


@cache
def reference(name: str, model: str) -> Trace:
    """Run it once, without Bytewax."""
    return replay(pipeline(name, model), opened(name), engine="direct")


def spread(name: str, model: str, processes: int) -> Trace:
    """Run it on several processes."""
    job = Job("operators.duplex:duplex", (str(path(name)),), {"model": model, "playback": "simulated"})
    return run_cluster(job, pipeline(name, model), processes)[name]


def told(name: str, model: str, hash_seed: int | str) -> dict[str, Any]:
    """Run it in a process of its own, in which text and bytes hash otherwise."""
    command = [sys.executable, "-m", "omniflow_graph.command", "replay", name, "--model", model, "--json"]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def digests_of(told: dict[str, Any]) -> dict[str, str]:
    return {edge: about["digest"] for edge, about in told["edges"].items()}


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_computed_in_integers_is_the_same_on_every_machine(name):
    assert reference(name, "scripted-fast").digest == GOLDEN[name]


WAYS = [{"batch": 1}, {"batch": 16}, {"batch": 256}, {"workers": 2}, pytest.param({"batch": 1, "workers": 2}, marks=FULL)]


@every_run
@pytest.mark.parametrize("options", WAYS, ids=str)
def test_neither_batches_nor_threads_show(name, model, options):
    assert replay(pipeline(name, model), opened(name), **options).digests == reference(name, model).digests


@every_run
def test_processes_do_not_show(name, model):
    assert spread(name, model, 2).digests == reference(name, model).digests


@every_run
def test_how_python_hashes_does_not_show(name, model):
    assert digests_of(told(name, model, 1)) == reference(name, model).digests


@every_run
def test_a_run_leaves_nothing_behind_that_shows_in_the_next(name, model):
    assert [replay(pipeline(name, model), opened(name)).digests for _ in range(2)] == [reference(name, model).digests] * 2


# In full


@FULL
@every_run
def test_twenty_runs_are_one(name, model):
    assert {replay(pipeline(name, model), opened(name)).digest["media"] for _ in range(20)} == {reference(name, model).digest["media"]}


@FULL
@every_run
def test_five_ways_to_hash_give_one_digest(name, model):
    assert [digests_of(told(name, model, seed)) for seed in (0, 1, 42, 12345, "random")] == [reference(name, model).digests] * 5


@pytest.fixture
def loaded_cores() -> Iterator[None]:
    """Keep every core busy with something else."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    yield
    for process in busy:
        process.kill()
        process.wait()


@FULL
@every_run
def test_what_else_the_machine_does_does_not_show(name, model, loaded_cores):
    runs = [replay(pipeline(name, model), opened(name), workers=workers).digests for workers in (1, 2, 2)]
    runs += [spread(name, model, 2).digests, digests_of(told(name, model, "random"))]
    assert runs == [reference(name, model).digests] * 5


@FULL
@pytest.mark.parametrize("name", GOLDEN_TURNS)
def test_real_ears_and_a_real_voice_give_the_same_turns_at_the_same_times(name):
    found = turns(reference(name, "scripted"))
    assert [(turn.start / 1e9, turn.text, turn.cause) for turn in found] == [(start, text, cause) for start, _, text, cause in GOLDEN_TURNS[name]]
    assert [(turn.end - turn.start) / 1e6 for turn in found] == pytest.approx([ms for _, ms, _, _ in GOLDEN_TURNS[name]], abs=50)
