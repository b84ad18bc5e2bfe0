"""The sessions of nano's world are what their stories say: in sound, in pictures, in what is right to answer; and they are small."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from omniflow_graph import replay
from omniflow_graph.events import SECOND
from omniflow_graph.recording import open_recording
from operators.duplex import duplex
from recordings import FOLDER, bundled, path
from simulations.commands.nano import MANIFEST
from simulations.nano.judging import said_in
from simulations.nano.sessions import pictures_of, sounding
from simulations.nano.stories import STORIES, Story, told, write
from tests.simulations.nano.standing_in import needs_espeak

NAMES = [story.name for story in STORIES]
each_story = pytest.mark.parametrize("story", STORIES, ids=NAMES)


def test_all_stories_are_bundled_in_less_than_4_mb():
    assert sorted(NAMES) == [name for name in bundled() if name.startswith("nano_")]
    assert sum(file.stat().st_size for file in (FOLDER / "nano").iterdir()) < 4_000_000


def test_they_show_what_nano_can_do():
    kinds = {
        word for story in STORIES for word in ("stop", "tell me when", "uh huh", "count to", "hello") if any(word in said for _, said in story.said)
    }
    assert kinds == {"stop", "tell me when", "uh huh", "count to", "hello"}
    assert [story.name for story in STORIES if not story.said] == ["nano_unasked", "nano_noise_only"]
    assert [story.name for story in STORIES if not story.answers] == ["nano_noise_only"]
    assert [story.name for story in STORIES if not story.seen] == ["nano_no_camera"]


@each_story
def test_a_recording_says_what_its_story_is(story: Story):
    recording = open_recording(path(story.name))
    assert (recording.damage, recording.manifest.ordered, recording.manifest.end) == (None, True, story.length * SECOND)
    assert recording.manifest.notes == {"prompt": story.prompt, "story": story.about, "answers": [list(answer) for answer in story.answers]}
    pictures = list(recording.events(["env-visual"])) if story.seen else []
    assert [event.time for event in pictures] == [second * SECOND + 900_000_000 for second in range(story.length if story.seen else 0)]
    assert {Image.open(io.BytesIO(event.data)).size for event in pictures} <= {(64, 64)}


@needs_espeak
@each_story
def test_the_oracle_tells_the_story(story: Story):
    of = told(story)
    assert tuple((turn.window, " ".join(turn.line.split()[: turn.words])) for turn in of.turns) == story.answers


@needs_espeak
@pytest.mark.parametrize("story", [STORIES[0], STORIES[-1]], ids=lambda story: story.name)
def test_a_recording_holds_the_sound_and_the_pictures_of_its_story(story: Story):
    of, recording = told(story), open_recording(path(story.name))
    sound = np.concatenate([np.frombuffer(event.data, "<i2") for event in recording.events(["env-audio"])])
    pictures = [np.asarray(Image.open(io.BytesIO(event.data))) for event in recording.events(["env-visual"])]
    assert np.array_equal(sound, sounding(of))
    assert np.array_equal(pictures, pictures_of(of.drawn))


@needs_espeak
def test_the_same_story_is_written_the_same(tmp_path):
    assert write(STORIES[3], tmp_path).read_bytes() == path(STORIES[3].name).read_bytes()


@pytest.mark.skipif(not MANIFEST.is_file(), reason="there are no weights; `make nano` trains them")
def test_nano_tells_the_stories():
    told_right = []
    for story in STORIES:
        recording = open_recording(path(story.name))
        trace = replay(duplex(model="nano", recording=recording), recording, keep=["decide"])
        told_right.append(tuple((turn.window, turn.text) for turn in said_in(trace)) == story.answers)
    assert sum(told_right) >= len(STORIES) - 1
