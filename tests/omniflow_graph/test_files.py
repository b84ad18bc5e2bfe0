"""A file has its name once it is whole, and what was made in vain is taken away again."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from omniflow_graph import RecordingError
from omniflow_graph.files import cleared, whole, written


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_gets_its_name_when_it_is_written(tmp_path):
    with written(tmp_path / "a.txt") as part:
        part.write_text("new")
        assert files(tmp_path) == ["a.txt.part"]
    assert (files(tmp_path), (tmp_path / "a.txt").read_text()) == (["a.txt"], "new")


def failing(path: Path) -> None:
    """Write half of a file."""
    with suppress(KeyError), written(path) as part:
        part.write_text("ne")
        raise KeyError


def in_vain(made: Path, *others: Path) -> None:
    """Make a folder, and other files, for something that then fails."""
    with suppress(KeyError), cleared(made):
        made.mkdir(parents=True, exist_ok=True)
        for other in others:
            other.touch()
        raise KeyError


def test_what_fails_leaves_the_file_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    failing(tmp_path / "a.txt")
    with written(tmp_path / "a.txt"):
        pass  # nothing is to be said
    assert (files(tmp_path), (tmp_path / "a.txt").read_text()) == (["a.txt"], "old")


def test_where_nothing_can_be_written_the_file_is_named(tmp_path):
    words = r"a.txt: cannot be written \(No such file or directory\); name another folder"
    with pytest.raises(RecordingError, match=words), written(tmp_path / "nowhere" / "a.txt") as part:
        part.write_text("new")


def test_what_stands_in_the_way_is_named_before_anything_is_written(tmp_path):
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "b.txt.part").mkdir()
    for name in ("a.txt", "b.txt"):
        with pytest.raises(RecordingError, match=f"{name}: cannot be written \\(Is a directory\\); name another folder"), written(tmp_path / name):
            raise AssertionError
    assert files(tmp_path) == ["a.txt", "b.txt.part"]


def test_a_pipe_or_a_link_that_stands_in_the_way_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "a.txt.part")
    (tmp_path / "precious").write_text("old")
    (tmp_path / "b.txt.part").symlink_to(tmp_path / "precious")
    for name in ("a.txt", "b.txt"):
        with written(tmp_path / name) as part:
            part.write_text("new")
    assert {name: (tmp_path / name).read_text() for name in files(tmp_path)} == {"a.txt": "new", "b.txt": "new", "precious": "old"}


def test_a_file_is_read_as_a_whole_if_it_is_one_and_not_too_long(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"12345")
    assert whole(tmp_path / "a.txt", 5) == b"12345"
    with pytest.raises(RecordingError, match=r"a.txt: is longer than 4 bytes; name another file"):
        whole(tmp_path / "a.txt", 4)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(RecordingError, match=f"{path}: is no file; name one"):
            whole(path)
    for path, error in ((tmp_path, IsADirectoryError), (tmp_path / "nowhere", FileNotFoundError)):
        with pytest.raises(error):
            whole(path)


def test_folders_that_were_made_in_vain_are_taken_away(tmp_path):
    (tmp_path / "here").mkdir()
    in_vain(tmp_path / "here" / "a" / "b")
    assert files(tmp_path) == ["here"]


def test_folders_that_hold_something_or_were_there_stay(tmp_path):
    in_vain(tmp_path / "a" / "b", tmp_path / "a" / "c")
    assert files(tmp_path) == ["a", "a/c"]
    (tmp_path / "a" / "c").unlink()
    in_vain(tmp_path / "a")
    assert files(tmp_path) == ["a"]
    with cleared(tmp_path / "d"):
        (tmp_path / "d").mkdir()
    assert files(tmp_path) == ["a", "d"]
