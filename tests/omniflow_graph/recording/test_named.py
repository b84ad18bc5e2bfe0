"""A recording is found by its path, or by the name under which a package brings it along."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.recording.named import brought, named
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
