"""A recording is found by its path, or by the name under which a package brings it along."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.recording.named import brought, named, recordings_at
from recordings import bundled


def test_the_bundled_recordings_are_brought_along():
    assert brought() == bundled()
    assert {name: named(name) for name in bundled()} == bundled()


def test_what_is_here_goes_before_what_is_brought(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "three_questions").mkdir()
    assert named("three_questions") == Path("three_questions")


def test_any_other_name_is_a_path():
    assert [named(each) for each in ("talk.mcap", "talk", Path("a/b.mcap"))] == [Path("talk.mcap"), Path("talk"), Path("a/b.mcap")]


def test_nothing_is_no_name():
    with pytest.raises(RecordingError, match=r"^a recording without a name; name a file that ends in \.mcap$"):
        named("")


@pytest.fixture
def sessions(tmp_path, monkeypatch) -> Path:
    """Work beside a folder with a recording, one in segments, and folders that are none."""
    monkeypatch.chdir(tmp_path)
    for name in ("walk/walk.000.mcap", "walk/walk.001.mcap", "runs/a.mcap", "runs/b.mcap", "tour.mcap/tour.000.mcap"):
        path = Path("sessions", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("talk.mcap", "notes.txt"):
        Path("sessions", name).touch()
    return Path("sessions")


def test_a_folder_stands_for_the_recordings_in_it_files_as_well_as_folders_of_segments(sessions):
    assert recordings_at(sessions) == [sessions / name for name in ("talk.mcap", "tour.mcap", "walk")]


def test_a_file_a_folder_of_segments_and_a_folder_without_recordings_stand_for_themselves(sessions):
    Path("empty").mkdir()
    for path in (sessions / "talk.mcap", sessions / "walk", Path("empty"), Path("nowhere.mcap")):
        assert recordings_at(path) == [path]
