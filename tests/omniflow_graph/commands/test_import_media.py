"""`omniflow import` makes a recording of sound and pictures, and says what is in it and what is not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omniflow_graph import seconds
from omniflow_graph.recording import open_recording
from tests.omniflow_graph.media.bags import bag
from tests.omniflow_graph.media.test_importing import wav


@pytest.fixture
def sound(tmp_path) -> Path:
    return wav(tmp_path / "hello.wav", np.zeros(16_000, "<i2"))


@pytest.fixture
def folder(tmp_path, sound) -> Path:
    """A second of sound, and a picture every tenth of a second."""
    folder = tmp_path / "media"
    folder.mkdir()
    sound.rename(folder / "env-audio.wav")
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")
    for n in range(10):
        (folder / f"000000.{n}00000000.jpg").write_bytes(picture.getvalue())
    return folder


def test_what_was_made_is_said(omniflow, sound, tmp_path):
    dest = tmp_path / "hello.mcap"
    assert omniflow("import", sound, dest) == (0, f"{dest}: session 'hello', 1.00 s, 50 events on env-audio\n", "")
    assert open_recording(dest).manifest.end == seconds(1)


def test_json_is_one_object(omniflow, sound, tmp_path):
    dest = tmp_path / "hello.mcap"
    answer = omniflow("import", sound, dest, "--name", "greeting", "--licence", "CC0", "--json")
    wanted = {"file": str(dest), "session": "greeting", "duration_s": 1.0, "streams": {"env-audio": 50}, "left_out": []}
    assert (answer.code, answer.json) == (0, wanted)
    assert (open_recording(dest).manifest.session, open_recording(dest).manifest.licence) == ("greeting", "CC0")


def test_what_was_left_out_is_said(omniflow, folder, tmp_path):
    (folder / "notes.txt").write_text("...")
    dest, said = tmp_path / "a.mcap", ["1 other file: notes.txt", "5 pictures: at most 5 a second are kept; --fps keeps more"]
    first, *rest = omniflow("import", folder, dest, "--fps", "5").out.splitlines()
    assert (first.startswith(f"{dest}: session 'media', 1.00 s, "), rest) == (True, [f"  left out: {words}" for words in said])
    assert omniflow("import", folder, dest, "--fps", "5", "--json").json["left_out"] == said
    assert open_recording(dest).manifest.notes == {"left_out": said}


def test_numbered_files_are_units_of_a_length_that_can_be_given(omniflow, tmp_path):
    for n in range(3):
        (tmp_path / "units").mkdir(exist_ok=True)
        wav(tmp_path / "units" / f"{n}.wav", np.zeros(16_000, "<i2"))
    assert omniflow("import", tmp_path / "units", tmp_path / "a.mcap", "--json").json["duration_s"] == 3.0
    assert omniflow("import", tmp_path / "units", tmp_path / "a.mcap", "--unit", "1.5", "--json").json["duration_s"] == 4.0


def test_topics_and_the_rate_of_a_bag_are_named(omniflow, tmp_path):
    pieces = [(n * 10_000_000, topic, "AudioData", {"data": bytes(960)}) for n in range(100) for topic in ("/left", "/right")]
    bag(tmp_path / "bag.mcap", *pieces, (0, "/said", "String", {"data": "hello"}))
    command = ("import", tmp_path / "bag.mcap", tmp_path / "a.mcap", "--topic", "/right", "--topic", "/said", "--rate", "48000", "--json")
    found = omniflow(*command).json
    assert (found["duration_s"], found["streams"]) == (1.0, {"env-audio": 50, "said": 1})
    assert found["left_out"] == ["topic /left (audio_common_msgs/msg/AudioData, 100 messages)"]


@pytest.mark.parametrize(("fps", "kept"), [("100", 10), ("5", 5), ("0.5", 1)])
def test_only_so_many_pictures_a_second_are_kept(omniflow, folder, tmp_path, fps, kept):
    assert omniflow("import", folder, tmp_path / "a.mcap", "--fps", fps, "--json").json["streams"] == {"env-visual": kept, "env-audio": 50}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.wav", "a.mcap"], "nowhere.wav: there is no such file or folder; wants a video, a sound file, or a folder"),
        (["notes.txt", "a.mcap"], "notes.txt: cannot be decoded as sound or video"),
        (["hello.wav", "none/a.mcap"], "none/a.mcap: cannot be written (No such file or directory)"),
        (["hello.wav", "taken"], "taken: is a folder; name a file that ends in .mcap"),
        (["hello.wav", "a.mcap", "--fps", "0"], "wants fps to be more than 0 and at most 1000, got 0.0"),
        (["hello.wav", "a.mcap", "--fps", "nan"], "wants fps to be more than 0 and at most 1000, got nan"),
        (["hello.wav", "a.mcap", "--fps", "-1"], "wants fps to be more than 0 and at most 1000, got -1.0"),
        (["hello.wav", "a.mcap", "--unit", "1"], "hello.wav: is no folder of numbered WAV files, so --unit has no meaning; leave it out"),
        (["hello.wav", "a.mcap", "--fps", "many"], "argument --fps: invalid float value: 'many'"),
        (["hello.wav"], "the following arguments are required: DEST"),
    ],
)
def test_what_cannot_be_imported_is_refused_and_leaves_nothing(omniflow, sound, tmp_path, monkeypatch, arguments, words):
    (tmp_path / "notes.txt").write_text("no sound")
    (tmp_path / "taken").mkdir()
    monkeypatch.chdir(tmp_path)
    assert words in omniflow.refused("import", *arguments)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hello.wav", "notes.txt", "taken"]
