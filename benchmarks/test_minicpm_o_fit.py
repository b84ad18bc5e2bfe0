"""The language model in 4 bit, in layers of the published width with drawn weights: how near decoding comes to what memory allows.

Two layers and a head of 16,384 rows, in CPU time of one thread; `omniflow model fit full-size --speed` measures all 36 by the wall.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.config import Config
from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.small import SMALL

pytestmark = pytest.mark.model
LAYERS, PUBLISHED = 2, 36
LEAST = 0.6  # of the tokens a second that memory allows


@pytest.fixture(scope="module")
def weights():
    needs_torch()
    pytest.importorskip("onnx", reason="the package onnx is not installed: pip install '.[model]'")
    from operators.minicpm_o.fit.assembling import assembled, drawing
    from operators.minicpm_o.loading import gathered

    language = replace(Config().language, num_hidden_layers=LAYERS, vocab_size=16_384)
    of = replace(SMALL, language=language)
    return gathered(assembled(of, drawing()), of, "int4", "cpu")


def test_decoding_comes_near_to_what_memory_allows(weights, record_property):
    from operators.minicpm_o import thinking
    from operators.minicpm_o.fit.speed import speed

    cache, _ = thinking.feed(weights, thinking.begin(weights), [np.random.default_rng(0).integers(0, 16_384, 256).tolist()])
    found = speed(weights, cache, rounds=15, clock=time.process_time)
    record_property("share", found.share)
    print(f"{LAYERS} layers: 75 rows in {found.prefill_s * 1e3:.0f} ms, a token in {found.token_s * 1e3:.1f} ms with a head of 16384")
    print(f"a token reads {found.bytes_per_token / 1e6:.0f} MB at {found.bytes_per_s / 1e9:.1f} GB/s: {found.share:.2f} of what memory allows")
    print(f"all {PUBLISHED} by this: 75 rows in {found.prefill_s * PUBLISHED / LAYERS:.1f} s")
    assert found.share > LEAST
