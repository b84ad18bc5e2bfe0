"""Codes become sound chunk by chunk: as long as they are, whatever the chunks, and a state stays what it was."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.voice import drawn

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def said(weights, chunks, steps=2):
    from operators.minicpm_o.voice import begin, step

    state, found = begin(weights, drawn.prompt(), steps), []
    for n, chunk in enumerate(chunks):
        state, samples = step(weights, state, chunk, last=n == len(chunks) - 1)
        found.append(samples)
    return found


@pytest.mark.parametrize(("version", "lengths"), [("hift", [10 * 960 - 3840, 9600, 5760 + 3840]), ("causal", [9600, 9600, 5760 + 3840])])
def test_all_samples_of_all_codes_come_out(version, lengths):
    codes = drawn.codes(26)
    found = said(drawn.voice(version), [codes[:13], codes[10:23], codes[20:]])
    assert [len(each) for each in found] == lengths
    assert [each.dtype == np.float32 and np.abs(each).max() <= 0.99 for each in found] == [True] * 3
    assert bool((found[0][:3840] == 0).all()) is (version == "causal")  # it lags behind, and says nothing meanwhile


@pytest.mark.parametrize("version", ["hift", "causal"])
def test_a_last_call_without_codes_brings_what_was_held_back(version):
    codes = drawn.codes(13)
    *_, rest = said(drawn.voice(version), [codes, []])
    assert len(rest) == 3840


@pytest.mark.parametrize("version", ["hift", "causal"])
def test_the_state_that_was_given_stays_as_it_is(version):
    from operators.minicpm_o.voice import begin, step

    weights, codes = drawn.voice(version), drawn.codes(33)
    state, _ = step(weights, begin(weights, drawn.prompt(), 2), codes[:13])
    once = step(weights, state, codes[10:23])[1]
    step(weights, state, codes[20:33])
    assert np.array_equal(step(weights, state, codes[10:23])[1], once)


def test_waves_of_the_newer_vocoder_do_not_depend_on_how_frames_are_cut():
    import torch

    from operators.minicpm_o.voice import causal

    weights, mel = drawn.voice("causal"), torch.randn(1, 80, 90, generator=torch.Generator().manual_seed(5))
    found = []
    for cut in (90, 40, 7):
        tail, waves = causal.begin(weights.vocoder), []
        pieces = mel.split(cut, 2)
        for n, piece in enumerate(pieces):
            tail, wave = causal.go_on(weights.vocoder, weights.noise, tail, piece, last=n == len(pieces) - 1)
            waves.append(wave)
        found.append(torch.cat(waves, 1)[0, -90 * 480 :])
    assert [len(each) for each in found] == [90 * 480] * 3
    assert [float((each - found[0]).abs().max()) < 1e-5 for each in found] == [True] * 3
    assert tail.mel.shape[2] <= causal.SHAPE_BEFORE + causal.DELAY  # and what cannot matter is let go


def test_an_answer_holds_two_seconds_beside_its_prompt_however_long_it_is():
    from operators.minicpm_o.voice import begin, step

    weights = drawn.voice("causal")
    state, sizes = begin(weights, drawn.prompt(), 2), []
    for _ in range(6):
        state, _ = step(weights, state, drawn.codes(28))
        sizes.append((state.flow.keys.shape[4], state.flow.encoded.keys.shape[3]))
    assert sizes == [(62, 62), (112, 112), (112, 112), (112, 112), (112, 112), (112, 112)]


def test_a_whole_utterance_is_as_long_as_its_codes():
    from operators.minicpm_o.voice import whole

    mel, samples = whole(drawn.voice("hift"), drawn.prompt(), drawn.codes(9), 2)
    assert (mel.shape, samples.shape) == ((80, 18), (9 * 960,))
    mel, samples = whole(drawn.voice("causal"), drawn.prompt(), drawn.codes(9), 2)
    assert (mel.shape, samples.shape) == ((80, 18), (9 * 960,))


def test_another_voice_sounds_otherwise():
    from dataclasses import replace

    from operators.minicpm_o.voice import whole

    weights, one = drawn.voice("hift"), drawn.prompt()
    other = replace(one, speaker=-one.speaker)
    assert np.abs(whole(weights, one, drawn.codes(9), 2)[0] - whole(weights, other, drawn.codes(9), 2)[0]).max() > 0.01


@pytest.mark.parametrize(
    ("codes", "last", "words"),
    [
        ([1, 2, 6561, 3], True, "wants codes of 0 to 6560, got 6561; 6561 says that there are no more"),
        ([1, 2, 3], False, "wants more than 3 codes that are not the last, got 3; wait for more"),
    ],
)
def test_codes_that_are_none_are_refused(codes, last, words):
    from operators.minicpm_o.voice import begin, step

    weights = drawn.voice("hift")
    with pytest.raises(ValueError, match=words):
        step(weights, begin(weights, drawn.prompt(), 1), codes, last)


def test_no_step_and_no_code_are_refused():
    from operators.minicpm_o.voice import begin, whole

    with pytest.raises(ValueError, match="wants 1 step or more, got 0"):
        begin(drawn.voice("hift"), drawn.prompt(), 0)
    with pytest.raises(ValueError, match="wants 1 code or more, got none"):
        whole(drawn.voice("hift"), drawn.prompt(), [])


def test_more_than_the_noise_reaches_is_refused():
    with pytest.raises(ValueError, match="wants at most 30000 frames at once with what came before, got 30001"):
        drawn.voice("hift").noise.of_frames(29_990, 11)
