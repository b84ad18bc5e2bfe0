"""In somebody's own project the plugin gives fixtures and one seed, keeps what a failing test ran, and costs nothing where it is not used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from omniflow_graph.command import main
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import load_trace
from simulations.proving.pytest_plugin import _file_name

PROJECT = """
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omniflow_graph import Graph, Session
from omniflow_graph.testing import about, assert_stops_within
from operators.duplex import duplex


def test_a_bundled_recording_by_its_name(replay, recording):
    trace = replay(duplex(model="scripted-fast"), "three_questions", keep=["decide", "play", "heard"])
    assert (trace.seed, recording("three_questions").manifest.session, len(about(trace).turns())) == (7, "three_questions", 3)
    assert recording("mine/three.mcap").manifest == recording("three_questions").manifest


def test_it_stops_within_a_second(simulate):
    assert_stops_within(simulate("barge_in"), 1_000_000_000)


@settings(max_examples=20, database=None, deadline=None)
@given(st.integers(0, 9))
def test_hypothesis_may_use_the_fixtures(replay, number):
    g = Graph("echo")
    g.sink("out", g.map("twice", g.source("mic", int), lambda event: 2 * event.data))
    assert replay(g, Session("numbers", {"mic": [(0, number)]}, 1), engine="direct")["twice"][0].data < 5


def test_another_failure_ran_nothing(omniflow_seed):
    assert omniflow_seed == 8
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> tuple[Path, str]:
    """Run the tests of a project, and return its folder and what was printed."""
    from recordings import path

    folder = tmp_path_factory.mktemp("project")
    (folder / "mine").mkdir()
    (folder / "mine" / "three.mcap").write_bytes(Path(path("three_questions")).read_bytes())
    (folder / "test_mine.py").write_text(PROJECT)
    return folder, run_in(folder, "--omniflow-seed", "7", "--tb=short")


def run_in(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return said.stdout + said.stderr


def test_one_seed_is_for_all_and_recordings_are_found_by_name_and_by_path(project):
    assert "3 failed, 1 passed" in project[1]
    assert "after the user began to talk over answer 1" in project[1]


def test_what_a_failing_test_ran_last_is_kept_and_named_in_the_report(project):
    folder, said = project
    kept = folder / ".omniflow" / "failures" / "test_mine.py--test_it_stops_within_a_second.mcap"
    assert f"the last run of this test, session 'barge_in 7', seed 7, is kept: {kept}" in said
    assert (load_trace(kept).session, load_trace(kept).seed) == ("barge_in 7", 7)
    assert main(["inspect", str(kept)]) == 0
    assert sorted(open_recording(kept).session().sources) == ["env-audio", "env-visual", "scenario"]


def test_of_a_property_the_smallest_failing_example_is_kept(project):
    folder, said = project
    kept = folder / ".omniflow" / "failures" / "test_mine.py--test_hypothesis_may_use_the_fixtures.mcap"
    assert f"session 'numbers', seed 7, is kept: {kept}" in said
    assert [event.data for event in load_trace(kept)["mic"]] == [3]


def test_of_a_test_that_ran_nothing_nothing_is_kept_and_git_does_not_see_the_folder(project):
    folder = project[0] / ".omniflow"
    assert sorted(path.name for path in (folder / "failures").iterdir()) == [
        "test_mine.py--test_hypothesis_may_use_the_fixtures.mcap", "test_mine.py--test_it_stops_within_a_second.mcap",
    ]  # fmt: skip
    assert (folder / ".gitignore").read_text() == "*\n"


def test_the_folder_can_be_chosen_and_what_was_not_kept_is_told(tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_it(simulate):\n    assert not simulate('watching', keep=['decide'])\n")
    said = run_in(tmp_path, "--omniflow-keep", "here")
    assert "is kept, without its inputs, which the run did not keep: here" in said
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["test_mine.py--test_it.mcap"]


def test_a_seed_that_is_none_is_refused(tmp_path):
    (tmp_path / "test_mine.py").write_text("def test_it():\n    pass\n")
    assert "--omniflow-seed: wants a whole number from 0 to 2**64 - 1, got -1" in run_in(tmp_path, "--omniflow-seed=-1")


def test_a_project_that_does_not_use_it_imports_nothing_for_it(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import sys\n\n\ndef test_it():\n    assert not {'omniflow_graph', 'operators', 'numpy', 'simulations.world'} & {*sys.modules}\n"
    )
    assert "1 passed" in run_in(tmp_path)


def test_the_name_of_a_test_becomes_that_of_a_file():
    assert _file_name("tests/a/test_b.py::TestC::test_d[1-x/y z]") == "tests.a.test_b.py--TestC--test_d-1-x.y_z"
    assert len(_file_name("a" * 1000)) == 150
