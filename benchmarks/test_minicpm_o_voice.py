"""The published model's voice, in its published sizes with drawn weights, beside the same work through plain torch calls: at most 1.1 times.

CPU time of one thread, both sides in turn, and the median of pairs counts. The estimator is nine tenths of a voice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
MOST, PAIRS = 1.1, 7
FRAMES, PAST, PROMPT = 50, 350, 250  # of a second; remembered before it; of five seconds of somebody's voice


@pytest.fixture(scope="module", params=["hift", "causal"])
def voice(request):
    needs_torch()
    from operators.minicpm_o.fit.fitting import drawn_voice
    from operators.minicpm_o.voice.shapes import FlowSizes, VocoderSizes

    return drawn_voice(FlowSizes(), VocoderSizes(request.param))


def ratio(ours: Callable[[], Any], theirs: Callable[[], Any]) -> float:
    """Return how many times as long ours takes."""
    found = []
    for _ in range(PAIRS):
        taken = []
        for work in (ours, theirs):
            began = time.process_time()
            work()
            taken.append(time.process_time() - began)
        found.append(taken[0] / taken[1])
    return median(found)


def plain(held: dict, rows: Any, times: Any, tails: Any, keys: Any) -> tuple[Any, Any, Any]:
    """Evaluate the estimator as one writes it down: rows [2, n, 320] at times [2], behind what is remembered of each block."""
    import torch
    from torch.nn import functional as f

    def linear(name, x):
        return f.linear(x, held[f"{name}.weight"], held[f"{name}.bias"])

    def normed(x, shift, scale):
        return f.layer_norm(x, (512,), eps=1e-6) * (1 + scale) + shift

    angles = (times * 1000)[:, None] * torch.exp(-np.log(10_000) * torch.arange(128) / 128)
    said = linear("t_embedder.mlp.2", f.silu(linear("t_embedder.mlp.0", torch.cat((angles.cos(), angles.sin()), -1))))[:, None]
    rows, new_tails, new_keys = linear("in_proj", rows), [], []
    for n in range(16):
        name = f"blocks.{n}"
        of = linear(f"{name}.adaLN_modulation.1", f.silu(said)).chunk(9, -1)
        x = normed(rows, of[0], of[1])
        q, k, v = (linear(f"{name}.attn.to_{each}", x).view(2, -1, 8, 64).transpose(1, 2) for each in "qkv")
        q, k = (f.layer_norm(x, (64,), held[f"{name}.attn.{y}_norm.weight"], held[f"{name}.attn.{y}_norm.bias"]) for x, y in ((q, "q"), (k, "k")))
        k, v = torch.cat((k, keys[n][..., :64]), 2), torch.cat((v, keys[n][..., 64:]), 2)
        new_keys.append(torch.cat((k, v), -1))
        rows = rows + of[2] * linear(f"{name}.attn.proj", f.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        first = torch.cat((tails[n][:, :512], normed(rows, of[6], of[7]).transpose(1, 2)), 2)
        x = f.conv1d(first, held[f"{name}.conv.block.1.weight"], held[f"{name}.conv.block.1.bias"]).transpose(1, 2)
        x = f.mish(f.layer_norm(x, (512,), held[f"{name}.conv.block.3.weight"], held[f"{name}.conv.block.3.bias"]))
        second = torch.cat((tails[n][:, 512:], x.transpose(1, 2)), 2)
        x = f.conv1d(second, held[f"{name}.conv.block.6.weight"], held[f"{name}.conv.block.6.bias"]).transpose(1, 2)
        rows = rows + of[8] * x
        new_tails.append(torch.cat((first[..., -2:], second[..., -2:]), 1))
        x = f.gelu(linear(f"{name}.mlp.fc1", normed(rows, of[3], of[4])), approximate="tanh")
        rows = rows + of[5] * linear(f"{name}.mlp.fc2", x)
    shift, scale = linear("final_layer.adaLN_modulation.1", f.silu(said)).chunk(2, -1)
    return linear("final_layer.linear", normed(rows, shift, scale)), torch.stack(new_tails), torch.stack(new_keys)


def test_a_chunk_of_the_estimator(voice, record_property):
    """What is remembered is kept by both, in one piece for the next chunk."""
    if voice.version == "causal":
        pytest.skip("both versions have the same estimator")
    import torch

    from operators.minicpm_o.voice import dit

    part, draw = voice.flow.part("decoder.estimator"), torch.Generator().manual_seed(1)
    held = {key.removeprefix("decoder.estimator."): each for key, each in voice.flow.held.items() if key.startswith("decoder.estimator.")}
    rows, tails = torch.randn(2, FRAMES, 320, generator=draw), torch.randn(16, 2, 1024, 2, generator=draw)
    keys, at = torch.randn(16, 2, 8, PAST, 128, generator=draw), torch.full((2,), 0.3)

    def ours():
        with torch.inference_mode():
            what, room = dit.timed(part, at[:1]), keys.new_empty((16, 2, 8, PAST + FRAMES, 128))
            found, after = dit.evaluate(part, rows, what.blocks[0], what.end[0], dit.Kept(tails, (keys,)), room)
            return found, after, room

    def theirs():
        with torch.inference_mode():
            return plain(held, rows, at, tails, keys)

    for one, other in zip(ours(), theirs()):
        assert float((one - other).abs().max()) < 1e-3
    found = ratio(ours, theirs)
    record_property("ratio", found)
    print(f"a chunk of the estimator: {found:.2f}")
    assert found < MOST


def test_a_second_of_speech(voice, record_property):
    """Said in 10 steps behind five seconds of prompt and two of what was said before: no more than plain calls and a tenth of the rest."""
    import torch

    from operators.minicpm_o.fit.running import drawn_prompt
    from operators.minicpm_o.voice import begin, step

    rng = np.random.default_rng(0)
    state = begin(voice, drawn_prompt(rng), 10)
    for _ in range(3):
        state, _ = step(voice, state, rng.integers(0, 6561, 28).tolist())
    held = {key.removeprefix("decoder.estimator."): each for key, each in voice.flow.held.items() if key.startswith("decoder.estimator.")}
    rows, tails, keys, at = torch.randn(2, FRAMES, 320), torch.randn(16, 2, 1024, 2), torch.randn(16, 2, 8, PAST, 128), torch.full((2,), 0.3)
    codes, taken = rng.integers(0, 6561, 28).tolist(), []

    def theirs():
        with torch.inference_mode():
            for _ in range(10):
                plain(held, rows, at, tails, keys)

    for _ in range(3):
        spent = []
        for work in (lambda: step(voice, state, codes), theirs):
            began = time.process_time()
            work()
            spent.append(time.process_time() - began)
        taken.append(spent)
    ours, estimator = (median(each) for each in zip(*taken))
    record_property("seconds", ours)
    print(f"a second of speech, {voice.version}: {ours:.2f} s of CPU; its estimator alone by plain calls {estimator:.2f} s")
    assert ours < 1.5 * estimator
