"""Compare the voice with what both published runtimes made of the same codes: mels, waves, caches. Weights come from a recipe beside them.

A wave is compared as it is made of the recorded mel, and at the recorded pitch where the older runtime summed that up in float32 over
a whole utterance. What is off in a mel's last digits, as on any other machine or with another number of threads, moves a pitch, and a
pitch that is summed up moves a wave by more than 1e-4 after some seconds: with one thread by 2e-4, with two by 7e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from operators.minicpm_o.door import torch
from operators.minicpm_o.goldens.inputs import arrays, described
from operators.minicpm_o.goldens.recipe import weight
from operators.minicpm_o.goldens.tally import Tally
from operators.minicpm_o.voice import Prompt, VoiceWeights, begin, whole
from operators.minicpm_o.voice.hift import pitch_of, sounded
from operators.minicpm_o.voice.noise import BANDS, HARMONICS, Noise
from operators.minicpm_o.voice.streaming import VoiceState, sound_on, spoken
from operators.minicpm_o.voice.weights import made

VERSIONS = {"v011": "hift", "v107": "hift_causal"}  # the packages stepaudio2-minicpmo 0.1.1 and minicpmo-utils 1.0.7
FRAMES = 4000  # of the table that the reference began with
TABLE = 24_000  # samples of the breath that the newer one had, over and over
BUFFER = 16  # steps that the reference has room for; those that are not used are rubbish


def token2wav(folder: Path) -> Tally:
    """Compare both versions, chunk by chunk, and an utterance at once."""
    tally, recorded, held = Tally(), described(folder / "token2wav.json"), arrays(folder / "token2wav.npz")
    prompt = Prompt(tuple(held["prompt_tokens"].tolist()), held["prompt_mel"][0], held["spk_emb"][0])
    made_of = {version: built(folder, version) for version in VERSIONS}
    for version, weights in made_of.items():
        if f"{version}_stream" in recorded["cases"]:
            tally.near(f"{version}, noise", weights.noise.flow[:, :, : held["rand_noise_head"].shape[2]].numpy(), held["rand_noise_head"])
            _streamed(tally, version, weights, begin(weights, prompt, recorded["n_timesteps_stream"]), recorded["cases"], held)
    if "whole" in recorded["cases"]:
        _whole(tally, made_of["v011"], prompt, recorded["cases"]["whole"], held)
    return tally


def built(folder: Path, version: str) -> VoiceWeights:
    """Draw the weights of one version after the recipe."""
    recipe, parts = described(folder / "recipe.json"), {"flow": {}, "hift": {}, "hift_causal": {}}
    for name, each in recipe["tensors"].items():
        part, _, key = name.partition(".")
        if part in ("flow", VERSIONS[version]):
            parts[part][key] = torch().from_numpy(weight(recipe["seed"], name, each["shape"], each["scale"], each["offset"]))
    start = weight(recipe["seed"], "rand_noise", (1, BANDS, FRAMES), 3**0.5, 0.0)
    breath = weight(recipe["seed"], "sine_waves", (1, TABLE, HARMONICS), 0.5, 0.5) if version == "v107" else None
    noise = Noise(torch().from_numpy(start), None, None if breath is None else torch().from_numpy(breath))
    return made(parts["flow"], parts[VERSIONS[version]], None, noise, where=f"{folder}, {version}")


def _streamed(tally: Tally, version: str, weights: VoiceWeights, state: VoiceState, cases: Mapping[str, Any], held: Mapping[str, np.ndarray]) -> None:
    """Compare what is remembered of the prompt, and each chunk."""
    tally.same(f"{version}, vocoder", weights.version, "causal" if version == "v107" else "hift")
    setup = cases[f"{version}_setup"]
    tally.like(f"{version}, convolutions of the encoder", state.flow.encoded.rows.numpy(), setup["conformer_cnn_cache"])
    tally.like(f"{version}, keys of the encoder", state.flow.encoded.keys.numpy(), setup["conformer_att_cache"])
    for name, kept in (("cnn", state.flow.rows), ("att", state.flow.keys)):
        tally.like(f"{version}, {name} of the estimator", kept.numpy(), setup[f"estimator_{name}_cache_{state.flow.steps}steps"])
    tail = state.tail
    for n, chunk in enumerate(cases[f"{version}_stream"]):
        tally.cases += 1
        name, wanted = f"{version}, chunk {n}", held[f"{version}_mel{n}"]
        state, mel, samples = spoken(weights, state, chunk["tokens"], chunk["last"])
        tally.near(f"{name}, mel", mel, wanted)
        tally.same(f"{name}, samples", samples.shape, held[f"{version}_wav{n}"].shape)
        with torch().inference_mode():
            tail, wave = sound_on(weights, tail, torch().from_numpy(wanted)[None], last=chunk["last"])
        tally.near(f"{name}, wave", wave[0].numpy(), held[f"{version}_wav{n}"])
        if "att" in chunk:
            tally.same(f"{name}, keys of the estimator", [BUFFER, *state.flow.keys.shape[1:]], chunk["att"])
            tally.same(f"{name}, keys of the encoder", list(state.flow.encoded.keys.shape), chunk["conf"])
            tally.like(f"{name}, keys of the encoder", state.flow.encoded.keys.numpy(), chunk["conf_cs"])
            tally.like(f"{name}, keys of the estimator", state.flow.keys.numpy(), chunk["est_cs"])


def _whole(tally: Tally, weights: VoiceWeights, prompt: Prompt, recorded: Mapping[str, Any], held: Mapping[str, np.ndarray]) -> None:
    """Compare an utterance at once: its mel, its pitch, and its wave at the pitch that was recorded."""
    tally.cases += 1
    mel, _ = whole(weights, prompt, held["tokens"].tolist(), recorded["n_timesteps"])
    tally.near("whole, mel", mel, held["whole_mel"])
    with torch().inference_mode():
        frames, hz = torch().from_numpy(mel)[None], torch().from_numpy(held["whole_f0"])
        tally.near("whole, pitch in kHz", pitch_of(weights.vocoder, frames).numpy() / 1000, held["whole_f0"] / 1000)
        wave, source = sounded(weights.vocoder, weights.noise, frames, hz)
    tally.like("whole, source", source.numpy(), recorded["source"])
    tally.near("whole, wave", wave[0].numpy(), held["whole_wav"])
