"""A trace opens in Rerun: each stream under its name, what was chosen as states, what stages cost as curves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import recordings
from omniflow_graph import RecordingError, replay
from omniflow_graph.media.rerun_export import export_rerun
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "trace.mcap"
    recording = open_recording(recordings.path("three_questions"))
    save_trace(replay(duplex(model="scripted-fast"), recording), path, recording=recording, copy_inputs=True)
    return open_recording(path)


def test_without_the_viewers_package_it_says_what_to_install(trace, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rerun", None)
    with pytest.raises(RecordingError, match=r"trace.rrd: is written with rerun-sdk; pip install 'omniflow-graph\[viz\]'"):
        export_rerun(trace, tmp_path / "trace.rrd")


@pytest.mark.peers
def test_every_stream_is_there_with_its_times(trace, tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed: pip install '.[viz]'")
    entities = held(export_rerun(trace, tmp_path / "trace.rrd"))
    assert {"/env-visual", "/env-audio", "/out-stream", "/decide/choice", "/decide/log", "/cost/decide", "/heard/played_samples"} <= entities


@pytest.mark.peers
def test_reruns_own_importer_opens_the_recording_as_it_is(tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed: pip install '.[viz]'")
    import rerun as rr

    stream = rr.RecordingStream("importer")
    stream.save(tmp_path / "imported.rrd")
    stream.log_file_from_path(recordings.path("three_questions"))
    stream.flush()
    stream.disconnect()
    assert {"/env-visual", "/env-audio"} <= held(tmp_path / "imported.rrd")


def held(path: Path) -> set[str]:
    """Let Rerun's own tool check a file, and name what is in it."""
    tool = [sys.executable, "-m", "rerun", "rrd"]
    subprocess.run([*tool, "verify", path], check=True, capture_output=True)
    told = subprocess.run([*tool, "stats", path], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^(/[^:]+): \d+$", told, re.MULTILINE))
