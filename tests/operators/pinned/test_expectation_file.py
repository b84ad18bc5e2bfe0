"""An expectation stands beside its recording, small, line by line, and comes back as it was."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniflow_graph.errors import RecordingError
from operators.pinned.expectation import Edge, Expectation, Row, Settings, pin
from operators.pinned.expectation_file import place, read, recordings_in, text_of, write
from recordings import FOLDER
from tests.omniflow_graph.trace.parrot import traced

SETTINGS = Settings("tests.omniflow_graph.trace.parrot:parrot", window=0.5, seed=-3)
PINNED = pin(traced(), SETTINGS, exact="here")


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "talk.expected.json"
    write(path, PINNED)
    return path


def test_it_comes_back_as_it_was(kept):
    assert (read(kept), [path.name for path in kept.parent.iterdir()]) == (PINNED, ["talk.expected.json"])


def test_a_turn_that_was_cut_short_comes_back_with_what_was_heard_of_it(tmp_path):
    turn = {"start_s": 1.0, "end_s": 2.5, "text": "one two", "cause": "he asked"}
    wanted = replace(PINNED, turns=[turn, {**turn, "stopped": True, "heard": "one"}])
    write(tmp_path / "talk.expected.json", wanted)
    assert read(tmp_path / "talk.expected.json") == wanted


counts = st.lists(st.integers(0, 2**40), unique=True).map(sorted)


@given(times=counts, first=st.integers(0, 9), wide=st.integers(0, 9), followed=st.booleans())
def test_many_events_come_back_however_irregular(tmp_path_factory, times, first, wide, followed):
    made_of = [(("mic", first * n, first * n + wide),) if followed else () for n in range(len(times))]
    rows = tuple(Row(time, n * n, f"{n:06x}", None, of) for n, (time, of) in enumerate(zip(times, made_of)))
    wanted = Expectation(SETTINGS, "everywhere", {}, "", {}, 0, [], {"loud": Edge("", rows)})
    path = tmp_path_factory.getbasetemp() / "many.expected.json"
    write(path, wanted)
    assert read(path) == wanted


def test_an_event_stands_on_a_line_of_its_own_and_what_is_regular_on_one():
    lines = [line.strip() for line in text_of(PINNED).splitlines()]
    mark = PINNED.edges["think"].rows[1].mark
    assert f'[3100000000, 1, "{mark}", "k=2  text=1 up to 9", [["window", 2, 2]]]' in "\n".join(lines)
    rows = tuple(Row(20_000_000 * n, n, "abcdef", None, (("mic", n, n),)) for n in range(75))
    packed = text_of(Expectation(SETTINGS, "everywhere", {}, "", {}, 0, [], {"loud": Edge("00", rows)}))
    assert json.loads(packed)["edges"]["loud"] == {
        "digest": "00", "times": [[0, 20_000_000, 75]], "seqs": [[0, 1, 75]], "marks": ["abcdef" * 50, "abcdef" * 25],
        "made_of": "mic", "from": [[0, 1, 75]], "to": [[0, 1, 75]],
    }  # fmt: skip


def test_those_of_the_bundled_sessions_are_small():
    sizes = {path.name: path.stat().st_size for path in FOLDER.glob("*.expected.json")}
    assert sorted(sizes) == ["dialogue_zh.expected.json", "three_questions.expected.json"]
    assert max(sizes.values()) < 60_000


BROKEN = [
    (lambda text: "", "cannot be read as an expectation (Expecting value"),
    (lambda text: "<<<<<<< ours\n" + text, "cannot be read as an expectation (Expecting value"),
    (lambda text: "[]", "cannot be read as an expectation (wants a map, got a list)"),
    (lambda text: "{}", "('format' is missing); delete it, and write it anew with --accept"),
    (lambda text: text.replace('"format": 1', '"format": 2'), "(another version of omniflow-graph wrote it)"),
    (lambda text: text.replace('"seed"', '"sede"'), "unexpected keyword argument 'sede'"),
    (lambda text: text.replace('"turns"', '"terns"'), "unexpected keyword argument 'terns'"),
    (lambda text: text.replace('"exact": "here"', '"exact": "there"'), "(exact: not what omniflow writes there)"),
    (lambda text: text.replace('"window": 0.5', '"window": "wide"'), "(window: not what"),
    (lambda text: text.replace('"seed": -3', '"seed": null'), "(settings: not what"),
    (lambda text: text.replace('"windows": 0', '"windows": "none"'), "(windows: not what"),
    (lambda text: text.replace('"turns": []', '"turns": [{"start_s": 1}]'), "(turns: not what"),
    (lambda text: text.replace('"turns": []', '"turns": [{"start_s": 1.0, "end_s": 2.0, "text": "", "cause": "", "stopped": true}]'), "(turns: not"),
    (lambda text: text.replace('"turns": []', '"turns": 7'), "'int' object is not iterable"),
    (lambda text: text.replace("[1100000000, 0,", '["early", 0,'), "(events: not what"),
    (lambda text: text.replace("[1100000000, 0,", "[1100000000,"), "not enough values to unpack"),
    (lambda text: text.replace("abcdef", "ghijkl"), "non-hexadecimal number found"),
    (lambda text: text.replace('"times": [[0, ', '"times": [[0, 1, 99999], [0, '), "an edge has 3 marks, and not as many times"),
    (lambda text: text.replace('"times": [[0, ', '"times": [[0, 1, 99999], [0, 1, -99999], [0, '), "an edge has 3 marks, and not as many times"),
    (lambda text: text.replace('"events"', '"evens"'), "('marks' is missing)"),
    (lambda text: "[" * 100_000, "cannot be read as an expectation (maximum recursion depth exceeded"),
]


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_what_is_no_expectation_is_refused(tmp_path, change, words):
    path = tmp_path / "talk.expected.json"
    rows = tuple(Row(n, n, "abcdef", None, ()) for n in range(3))
    write(path, Expectation(SETTINGS, "here", {}, "", {}, 0, [], {"loud": Edge("", rows), "think": PINNED.edges["think"]}))
    path.write_text(change(path.read_text()))
    with pytest.raises(RecordingError) as refused:
        read(path)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"{path}: cannot be read")


# Which recordings there are


def names(path) -> dict[str, str]:
    return {name: found.relative_to(path.parent).as_posix() for name, found in recordings_in(path).items()}


@pytest.fixture
def folder(tmp_path):
    """A folder with two recordings, one in segments, one that is lost, and what is none."""
    folder = tmp_path / "sessions"
    (folder / "walk").mkdir(parents=True)
    (folder / "out").mkdir()
    for name in ("talk.mcap", "walk/walk.000.mcap", "walk/walk.001.mcap", "out/trace.mcap", "lost.expected.json", "talk.expected.json", "notes.txt"):
        (folder / name).touch()
    return folder


def test_a_folder_holds_files_and_folders_of_segments_and_what_is_missing(folder):
    assert names(folder) == {"lost": "sessions/lost.mcap", "talk": "sessions/talk.mcap", "walk": "sessions/walk"}


def test_one_recording_stands_for_itself(folder, monkeypatch):
    assert names(folder / "talk.mcap") == {"talk": "talk.mcap"}
    assert names(folder / "walk") == {"walk": "walk"}
    monkeypatch.chdir(folder / "walk")
    assert list(recordings_in(Path("."))) == ["walk"]
    assert list(recordings_in(Path(".."))) == ["lost", "talk", "walk"]


def test_an_expectation_stands_beside_the_file_or_the_folder_of_segments(folder, monkeypatch):
    monkeypatch.chdir(folder / "walk")
    assert [place(path) for path in (folder / "talk.mcap", folder / "walk", Path("."))] == [
        folder / "talk.expected.json", folder / "walk.expected.json", folder / "walk.expected.json",
    ]  # fmt: skip


def test_a_folder_without_recordings_and_a_name_that_stands_for_two_are_refused(folder):
    shutil.move(folder / "out" / "trace.mcap", folder / "trace.mcap")
    with pytest.raises(RecordingError, match="out: a folder without recordings; name one"):
        recordings_in(folder / "out")
    (folder / "walk.mcap").touch()
    with pytest.raises(RecordingError, match="sessions: holds 'walk' twice, as a file and as a folder of segments; rename one of them"):
        recordings_in(folder)
