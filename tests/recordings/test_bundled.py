"""The sample sessions are whole, small, what they say they are, and each has its licence."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from omniflow_graph.canonical import edge_digest
from omniflow_graph.events import SECOND, seconds
from omniflow_graph.recording import open_recording
from recordings import FOLDER, bundled, path

FRAME_NS = 20_000_000
NAMES = ["dialogue_zh", "three_questions"]


def sound(name: str, stream: str) -> list:
    return list(open_recording(path(name)).events([stream]))


def test_the_bundled_sessions_are_known_by_name():
    assert [name for name, file in bundled().items() if file.parent == FOLDER] == NAMES
    assert [path(name) for name in bundled()] == list(bundled().values())
    with pytest.raises(KeyError, match=r"no sample session 'four_questions' is bundled; there are dialogue_zh, nano_barge_in, .*, three_questions"):
        path("four_questions")


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_session_is_whole_and_as_its_digests_say(name):
    recording = open_recording(path(name))
    held = {stream: list(recording.events([stream])) for stream in recording.manifest.streams}
    assert (recording.manifest.session, recording.damage, recording.manifest.ordered) == (name, None, True)
    assert {stream: (info.events, info.digest) for stream, info in recording.manifest.streams.items()} == {
        stream: (len(events), edge_digest(events).hex()) for stream, events in held.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_session_is_small_and_has_its_licence(name):
    file = path(name)
    licence = file.with_name(f"{name}.LICENCE.md").read_text("utf-8")
    assert file.stat().st_size < 700_000
    assert licence.startswith(f"# Licence of {name}.mcap")
    assert f"{name}.LICENCE.md" in open_recording(file).manifest.licence


@pytest.mark.parametrize("name", NAMES)
def test_the_microphone_of_a_bundled_session_never_pauses(name):
    recording = open_recording(path(name))
    frames = recording.session().sources["env-audio"]
    assert [(event.time, event.seq, len(event.data)) for event in frames] == [(k * FRAME_NS, k, 640) for k in range(len(frames))]
    assert recording.manifest.end == len(frames) * FRAME_NS


def test_three_questions_has_two_pictures_a_second_for_22_seconds():
    recording = open_recording(path("three_questions"))
    pictures = list(recording.events(["env-visual"]))
    assert (recording.manifest.end, [event.time for event in pictures]) == (seconds(22), [k * SECOND // 2 for k in range(44)])
    assert {Image.open(io.BytesIO(event.data)).size for event in pictures} == {(320, 240)}


def test_the_answers_of_the_dialogue_are_pieces_of_a_second_within_their_turns():
    turns, pieces = sound("dialogue_zh", "turns"), sound("dialogue_zh", "out-stream")
    for turn in turns:
        mine = [event for event in pieces if turn.data.start_ns <= event.time < turn.data.end_ns]
        assert turn.time == turn.data.start_ns == mine[0].time
        assert [after.time - before.time for before, after in pairwise(mine)] == [SECOND] * (len(mine) - 1)
        assert [len(event.data) for event in mine[:-1]] == [48_000] * (len(mine) - 1)
        assert mine[-1].time + len(mine[-1].data) // 2 * SECOND // 24_000 == turn.data.end_ns
    assert [turn.data.text for turn in turns] == ["地球到月球的平均距离大约是三十八万公里。", "圆周率约等于三点一四一五九。"]
    assert open_recording(path("dialogue_zh")).manifest.streams["out-stream"].role == "out"


def test_the_user_of_the_dialogue_is_silent_while_the_assistant_speaks():
    frames = sound("dialogue_zh", "env-audio")
    for turn in sound("dialogue_zh", "turns"):
        meanwhile = [np.abs(np.frombuffer(e.data, "<i2").astype(int)).max() for e in frames if turn.data.start_ns <= e.time < turn.data.end_ns]
        before = [np.abs(np.frombuffer(e.data, "<i2").astype(int)).max() for e in frames if 0 < turn.data.start_ns - e.time < seconds(2)]
        assert max(meanwhile) == 0
        assert max(before) > 3000
