"""The voice makes of codes what both published runtimes made of them: mels, waves, caches of the same shapes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import DATA, needs_torch

pytestmark = pytest.mark.model
FOLDER = DATA / "g_token2wav"


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def test_both_versions_are_as_recorded():
    from operators.minicpm_o.goldens.token2wav import token2wav

    found = token2wav(FOLDER)
    assert (found.notes, found.cases, found.exact_mismatches, found.passes) == ([], 17, 0, True)
    assert found.max_abs_diff < 5e-5


@pytest.mark.parametrize("version", ["v011", "v107"])
def test_from_codes_to_waves_it_is_off_by_no_more_than_a_mel_s_last_digits_make(version):
    from operators.minicpm_o.goldens.inputs import arrays, described
    from operators.minicpm_o.goldens.token2wav import built
    from operators.minicpm_o.voice import Prompt, begin, step

    recorded, held = described(FOLDER / "token2wav.json"), arrays(FOLDER / "token2wav.npz")
    prompt = Prompt(tuple(held["prompt_tokens"]), held["prompt_mel"][0], held["spk_emb"][0])
    weights = built(FOLDER, version)
    state, far = begin(weights, prompt, recorded["n_timesteps_stream"]), []
    for n, chunk in enumerate(recorded["cases"][f"{version}_stream"]):
        state, samples = step(weights, state, chunk["tokens"], chunk["last"])
        far.append(float(np.abs(samples - held[f"{version}_wav{n}"]).max()))
    assert max(far) < 5e-4  # 2e-4 with one thread, 7e-5 with two
    assert max(far[:2]) < 5e-5  # before anything has been summed up for long


def test_a_weight_that_is_a_little_off_is_found(monkeypatch):
    from operators.minicpm_o.goldens import token2wav

    made = token2wav.weight

    def off(seed, name, shape, scale, offset):
        return made(seed, name, shape, scale, offset) * (1.001 if name == "flow.encoder_proj.weight" else 1)

    monkeypatch.setattr(token2wav, "weight", off)
    found = token2wav.token2wav(FOLDER)
    assert not found.passes
    assert any("chunk 0, mel" in note for note in found.notes)
