"""The vocoder learns which filter and which noise make a sound, looking three frames ahead and no further."""

import numpy as np
import pytest

from simulations.nano.training import vocoder
from simulations.nano.training.causal import CACHE, begin_weights, zeros
from simulations.nano.training.vocoder import BLOCKS, WIDTH, Example, batch, forward, loss, train, tune
from tests.simulations.nano.training.babble import LINES

torch = pytest.importorskip("torch", reason="wants the extra model")

NORM = np.zeros(82, np.float32), np.ones(82, np.float32)


def outputs(weights, frames):
    with torch.no_grad():
        return forward(weights, frames[:, CACHE:], frames[:, :CACHE], zeros(BLOCKS, len(frames), CACHE, WIDTH))[0]


def test_steps_bring_the_loss_down():
    losses = []
    train(LINES, NORM, 6, 1, lambda *shown: losses.append(shown[3]))
    assert losses[-1] < 0.9 * losses[0]


def test_tuning_goes_on_from_the_weights_and_leaves_them():
    weights = begin_weights(vocoder.shapes(), 1)
    before = {name: value.detach().clone() for name, value in weights.items()}
    tuned = tune(weights, [(line, line.frames) for line in LINES], 2, 1)
    assert all(bool((weights[name] == before[name]).all()) for name in weights)
    assert any(bool((tuned[name] != before[name]).any()) for name in weights)


def test_a_frame_is_made_of_the_past_and_three_frames_more():
    weights = begin_weights(vocoder.shapes(), 1)
    frames = torch.tensor(np.random.default_rng(2).standard_normal((1, CACHE + 20, 82)), dtype=torch.float32)
    other = frames.clone()
    other[:, CACHE + 12 :] += 1.0
    same = (outputs(weights, frames) == outputs(weights, other)).all(dim=-1)[0].tolist()
    assert same == [True] * 12 + [False] * 8  # the twelfth output is of the ninth frame


def test_a_batch_pairs_frames_with_spectra_three_frames_before_them():
    frames = np.arange(80)[:, None] * np.ones((1, 82))
    example = Example(LINES[0]._replace(samples=np.zeros(80 * 240, "<i2")), frames)
    given, voice, sound = batch([example], np.random.default_rng(1), size=3, time=8)
    assert given.shape == (3, 14, 82)
    assert voice.shape == sound.shape == (3, 8, 481)
    assert torch.isfinite(loss(begin_weights(vocoder.shapes(), 1), (given, voice, sound)))
