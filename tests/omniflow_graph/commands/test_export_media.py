"""`omniflow export` turns a recording into what other programs play, and names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from omniflow_graph import Event
from omniflow_graph.recording import Manifest, StreamInfo, write_recording

STREAMS = {"env-audio": StreamInfo("audio", rate_hz=16_000, format="pcm-s16"), "words": StreamInfo("text", "out")}


@pytest.fixture
def talk(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_recording("talk.mcap", Manifest("talk", streams=STREAMS), [Event(0, "env-audio", 0, bytes(32_000)), Event(5, "words", 0, "hello")])
    return tmp_path


def test_a_folder_gets_a_file_for_each_stream(omniflow, talk):
    assert omniflow("export", "talk.mcap", "out") == (0, "out\n", "")
    assert sorted(path.name for path in (talk / "out").iterdir()) == ["env-audio.wav", "manifest.json", "words.jsonl"]


def test_a_name_that_ends_like_a_video_becomes_one(omniflow, talk):
    assert omniflow("export", "talk.mcap", "talk.mkv") == (0, "talk.mkv\n", "")
    assert (talk / "talk.mkv").read_bytes()[:4] == bytes.fromhex("1a45dfa3")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.mcap", "out"], "nowhere.mcap: there is no such file"),
        (["notes.txt", "out"], "notes.txt: is no recording (not an MCAP file)"),
        (["talk.mcap", "."], "is not empty; name a new folder"),
        (["talk.mcap", "talk.avi"], "wants a name that ends in .mp4 or .mkv, or a folder"),
        (["talk.mcap", "none/talk.mp4"], "none/talk.mp4: cannot be written (No such file or directory)"),
        (["talk.mcap"], "the following arguments are required: DEST"),
    ],
)
def test_what_cannot_be_exported_is_refused_and_leaves_nothing(omniflow, talk, arguments, words):
    (talk / "notes.txt").write_text("no recording")
    assert words in omniflow.refused("export", *arguments)
    assert sorted(path.name for path in talk.iterdir()) == ["notes.txt", "talk.mcap"]
