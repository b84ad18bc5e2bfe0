"""What the models differ in: voices, and how a line is cut into windows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Event, seconds
from omniflow_graph.recording import Manifest, Recording, open_recording, write_recording
from operators.models import MODELS, Pace, costs_of, in_integers, senses_of
from operators.omni_flow.playback.marks import even_marks
from operators.scripted.voice import say, tone
from operators.words import Say

LINE = "An old palace."


@pytest.mark.parametrize(("name", "voice"), [("scripted", say), ("scripted-fast", tone)])
@pytest.mark.parametrize("cuts", [(), (3,), (2, 3, 9)])
def test_the_parts_of_a_line_joined_are_its_whole_sound_and_its_marks_those_of_the_line(name, voice, cuts):
    model, spans = MODELS[name](length=seconds(1)), pairwise((0, *cuts, len(LINE)))
    says = [Say(1, n, end == len(LINE), LINE[begin:end], LINE, begin) for n, (begin, end) in enumerate(spans)]
    given = [model.voice(None, Event(0, "speech", n, say))[1][0] for n, say in enumerate(says)]
    assert np.array_equal(np.concatenate([wave.samples for wave in given]), voice(LINE))
    assert [wave.last for wave in given] == [False] * len(cuts) + [True]
    assert given[-1].marks[-1] == (len(voice(LINE)), len(LINE))
    assert all(mark in even_marks(LINE, len(voice(LINE))) for wave in given for mark in wave.marks if mark.characters in (2, 6, 14))


def test_how_long_words_take_adds_up_to_the_sound():
    pace = Pace(tone, 0)
    assert pace(LINE) == (seconds(0.12), seconds(0.24), seconds(0.48))
    assert pace("") == ()


@pytest.mark.parametrize(
    ("window", "decide", "speech", "wave"), [(1.0, 120, 20, 150), (0.5, 70, 12.5, 90), (0.2, 40, 8, 54), (0.1, 30, 6.5, 42), (2.0, 220, 35, 270)]
)
def test_a_model_costs_less_in_a_shorter_window_whatever_its_voice(window, decide, speech, wave):
    costs = {name: MODELS[name](length=seconds(window)).costs for name in ("scripted", "scripted-fast")}
    assert costs["scripted"] == costs["scripted-fast"] == {"decide": decide * 1e6, "speech": speech * 1e6, "wave": wave * 1e6}


@pytest.mark.parametrize("window", [0.1, 0.2, 0.5, 1.0, 2.0])
def test_no_stage_takes_longer_than_the_window(window):
    assert max(costs_of(seconds(window)).values()) < seconds(window)


def of(folder: Path, **about) -> Recording:
    write_recording(folder / "a.mcap", Manifest("a", **about), [])
    return open_recording(folder / "a.mcap")


@pytest.mark.parametrize(
    ("about", "senses"),
    [
        ({}, "scripted-fast"),
        ({"model": "scripted"}, "scripted"),
        ({"model": "scripted-fast"}, "scripted-fast"),
        ({"model": "a model of ours"}, "scripted-fast"),
        ({"model": "recorded"}, "scripted-fast"),
        ({"model": "recorded", "notes": {"senses": "scripted"}}, "scripted"),
        ({"model": "recorded", "notes": {"senses": ["scripted"]}}, "scripted-fast"),
    ],
)
def test_what_was_heard_is_heard_again_by_the_ears_of_then(tmp_path, about, senses):
    recording = of(tmp_path, **about)
    assert senses_of(recording) == senses
    assert in_integers("recorded", recording) == (senses == "scripted-fast")
    assert (in_integers("scripted", recording), in_integers("scripted-fast", recording), in_integers(None, recording)) == (False, True, False)
