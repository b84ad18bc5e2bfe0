"""What the models differ in: voices, and how a line is cut into windows."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph import Event, seconds
from operators.models import MODELS, Parts
from operators.voice import say, tone
from operators.words import Say

LINE = "An old palace."


@pytest.mark.parametrize(("name", "voice"), [("scripted", say), ("scripted-fast", tone)])
@pytest.mark.parametrize("window", [0.1, 1.0, 1.7])
def test_the_parts_of_a_line_joined_are_its_whole_sound(name, voice, window):
    model, parts = MODELS[name](length=seconds(window)), Parts(voice, seconds(window))(LINE)
    given = [model.voice(None, Event(0, "speech", n, Say(1, n, n + 1 == parts, "", LINE)))[1][0] for n in range(parts)]
    assert np.array_equal(np.concatenate([wave.samples for wave in given]), voice(LINE))
    assert [wave.last for wave in given] == [False] * (parts - 1) + [True]
    assert all(len(wave.samples) == window * 24_000 for wave in given[:-1])
    assert len(given[-1].samples) > 0


def test_a_line_without_sound_is_one_part():
    assert Parts(say, seconds(1))("") == 1


def test_a_cut_is_a_wave_without_samples():
    state, waves = MODELS["scripted-fast"](length=seconds(1)).voice(None, Event(0, "speech", 0, Say(4, 0, True, "", "", cut=True)))
    assert (state, [(w.response, w.cut, len(w.samples)) for w in waves]) == (None, [(4, True, 0)])


def test_a_model_has_the_same_costs_whatever_its_voice():
    costs = {name: MODELS[name](length=seconds(1)).costs for name in ("scripted", "scripted-fast")}
    assert costs["scripted"] == costs["scripted-fast"] == {"decide": 120_000_000, "speech": 20_000_000, "wave": 150_000_000}
