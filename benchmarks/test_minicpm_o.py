"""Each part of the published model beside the same work through plain transformers calls, in layers of the published size: no slower than 1.1 times.

Weights are random, one layer each but for the encoder's two. Both sides run in turn, and the median of pairs counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from omniflow_graph.clock import wall_seconds
from operators.minicpm_o.config import Config
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.small import write

pytestmark = pytest.mark.model
MOST, PAIRS = 1.1, 9
ROWS, PAST = 79, 512  # of a window that sees, hears and listens; of the cache before it


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    needs_torch()
    from operators.minicpm_o.loading import load

    whole = Config()
    of = Config(
        replace(whole.language, vocab_size=1000, num_hidden_layers=1),
        replace(whole.sight, num_hidden_layers=1),
        replace(whole.hearing, encoder_layers=2),
        None,
    )
    return load(write(Path(tmp_path_factory.mktemp("layers")) / "c", of), check=False)


def ratio(ours: Callable[[], Any], theirs: Callable[[], Any]) -> float:
    """Return how many times as long ours takes."""
    found = []
    for _ in range(PAIRS):
        taken = []
        for work in (ours, theirs):
            began = wall_seconds()
            work()
            taken.append(wall_seconds() - began)
        found.append(taken[0] / taken[1])
    return median(found)


@pytest.mark.parametrize("rows", [1, ROWS])
def test_thinking(weights, rows, record_property):
    import torch
    from transformers import DynamicCache

    from operators.minicpm_o import thinking

    ids = np.random.default_rng(1).integers(0, 1000, PAST + rows).tolist()
    cache, _ = thinking.feed(weights, thinking.begin(weights), [ids[:PAST]])
    whole = type(weights.language)(weights.language.config)  # ours has no rotation of its own
    whole.load_state_dict(weights.language.state_dict(), assign=True)
    model, theirs = whole.model.eval(), DynamicCache()
    name = "cache" if "cache" in signature(model.forward).parameters else "past_key_values"
    with torch.inference_mode():
        model(torch.tensor([ids[:PAST]]), use_cache=True, **{name: theirs})

    def plain():
        with torch.inference_mode():
            return model(torch.tensor([ids[PAST:]]), use_cache=True, **{name: theirs}).last_hidden_state

    def ours():
        nonlocal cache  # both go on from where they were
        cache, states = thinking.feed(weights, cache, [ids[PAST:]])
        return states

    assert np.abs(ours() - plain()[0].numpy()).max() < 1e-3
    found = ratio(ours, plain)
    record_property("ratio", found)
    print(f"thinking, {rows} rows: {found:.2f}")
    assert found < MOST


def test_seeing(weights, record_property):
    import torch

    from operators.minicpm_o.seeing import patch_states, pixels

    look = np.random.default_rng(1).integers(0, 256, (336, 602, 3), np.uint8)

    def plain():
        with torch.inference_mode():
            embedded = weights.sight.embeddings.patch_embedding(torch.from_numpy(pixels(look))[None]).flatten(2).transpose(1, 2)
            return weights.sight.post_layernorm(weights.sight.encoder(inputs_embeds=embedded).last_hidden_state)

    def ours():
        with torch.inference_mode():
            return patch_states(weights, [look])

    found = ratio(ours, plain)
    record_property("ratio", found)
    print(f"seeing: {found:.2f}")
    assert found < MOST


def test_hearing(weights, record_property):
    import torch

    from operators.minicpm_o.hearing import clip_states

    frames = np.random.default_rng(1).standard_normal((3000, 80), np.float32)

    def plain():
        with torch.inference_mode():
            return weights.hearing(torch.from_numpy(frames.T.copy())[None]).last_hidden_state

    def ours():
        with torch.inference_mode():
            return clip_states(weights, [frames], chunked=False)

    assert float((ours() - plain()).abs().max()) < 1e-3
    found = ratio(ours, plain)
    record_property("ratio", found)
    print(f"hearing: {found:.2f}")
    assert found < MOST
