"""A recorded session of a minute through the duplex pipeline: how many times real time, in memory and written."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.minute import record_minutes
from omniflow_graph import replay
from omniflow_graph.engine.cluster import Job, run_job
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import save_trace
from operators.commands.settings import warm
from operators.duplex import duplex
from recordings import path


@pytest.fixture(scope="module")
def minute(tmp_path_factory) -> Path:
    """Record sixteen sessions of a minute."""
    return record_minutes(tmp_path_factory.mktemp("minutes"), 16)


def told(benchmark, length: float, run) -> None:
    benchmark.extra_info["seconds"] = length
    benchmark.pedantic(run, rounds=5, warmup_rounds=1)


def test_a_minute_in_memory(benchmark, minute):
    told(benchmark, 60, lambda: replay(duplex(model="scripted-fast"), minute / "minute 0000.mcap"))


def test_a_minute_written(benchmark, minute, tmp_path):
    def run() -> None:
        recording = open_recording(minute / "minute 0000.mcap")
        save_trace(replay(duplex(model="scripted-fast"), recording), tmp_path / "trace.mcap", recording=recording)

    told(benchmark, 60, run)


def test_sixteen_sessions_of_a_minute(benchmark, minute):
    paths = {path.stem: str(path) for path in minute.glob("*.mcap")}
    finishing = {"recordings": paths, "out": None, "model": None, "copy_inputs": False, "run": {}}
    options = {"model": "scripted-fast", "playback": "simulated"}
    job = Job("operators.duplex:duplex", tuple(paths.values()), options, finish="operators.commands.outcome:finished", finishing=finishing)
    told(benchmark, 16 * 60, lambda: run_job(job))


def test_the_demo_with_a_real_ear_and_a_real_voice(benchmark):
    from operators.scripted import voice

    graph, recording = duplex(), open_recording(path("three_questions"))
    warm(graph)

    def run() -> None:
        voice.say.cache_clear()  # the words are said anew each time
        replay(graph, recording)

    told(benchmark, 22, run)
