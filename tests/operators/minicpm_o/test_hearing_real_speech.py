"""Of real speech, with the real weights of Whisper base, our encoder hears what transformers' own does."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from operators.minicpm_o.config import Config, Hearing
from operators.minicpm_o.hearing import clip_states, second_states
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import log_mel
from tests.operators.minicpm_o import whisper_base
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
SPEECH = Path(__file__).parents[2] / "data" / "librivox_0930.wav"


@pytest.fixture(scope="module")
def weights():
    needs_torch()
    import torch

    from operators.minicpm_o.modules import _hearing

    held = whisper_base.state_dict(whisper_base.arrays(whisper_base.content()))
    of = Hearing(whisper_base.WIDTH, whisper_base.LAYERS, whisper_base.HEADS, whisper_base.INNER)
    config = replace(Config(), hearing=of)
    with torch.device("meta"):
        encoder = _hearing(config)
    encoder.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in held.items()}, assign=True)
    return Weights(config, "fp32", "cpu", None, None, None, encoder.requires_grad_(False).eval(), None)


@pytest.fixture(scope="module")
def frames():
    needs_torch()
    with wave.open(str(SPEECH)) as opened:
        speech = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").astype(np.float32) / 32_768
    return log_mel(np.pad(speech, (0, 30 * 16_000 - len(speech))))


def test_frames_are_those_of_whispers_extractor(frames):
    from transformers import WhisperFeatureExtractor

    with wave.open(str(SPEECH)) as opened:
        speech = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").astype(np.float32) / 32_768
    wanted = WhisperFeatureExtractor()(speech, sampling_rate=16_000, return_tensors="np").input_features[0].T
    assert np.abs(frames - wanted).max() < 1e-4


def test_a_clip_as_one_chunk_is_heard_as_transformers_does(weights, frames):
    import torch

    with torch.inference_mode():
        wanted = weights.hearing(torch.from_numpy(frames.T.copy())[None]).last_hidden_state[0].numpy()
        got = clip_states(weights, [frames], chunked=False)[0].numpy()
    assert (got.shape, float(wanted.std()) > 0.1) == ((1500, 512), True)
    assert np.abs(got - wanted).max() < 1e-3


def test_second_by_second_it_is_heard_as_a_clip_whose_seconds_do_not_see_later_ones(weights, frames):
    import torch

    found, cache = [], None
    with torch.inference_mode():
        for k in range(4):
            window = frames[max(0, 100 * k - 2) : 100 * k + 102]
            cache, states = second_states(weights, cache, window, first=k == 0)
            found.append(states[0].numpy())
        wanted = clip_states(weights, [frames[:600]], chunked=True)[0].numpy()[:200]
    assert np.abs(np.concatenate(found) - wanted).max() < 1e-3
