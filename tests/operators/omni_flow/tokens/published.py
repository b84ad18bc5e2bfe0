"""The published tokenizer, where its files are at hand: `pip install --no-deps minicpm-o5-sdk tokenizers`."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from operators.omni_flow.tokens.tokenizer import Published, load_tokenizer


def folder() -> Path:
    """Return the folder of MiniCPM-o 4.5's tokenizer; skip the test that asks, if a package is missing."""
    pytest.importorskip("tokenizers", reason="the package tokenizers is not installed")
    spec = find_spec("minicpm_o5_sdk")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the package minicpm-o5-sdk, which holds the published tokenizer, is not installed")
    return Path(spec.submodule_search_locations[0]) / "tokenizers" / "base_tokenizers" / "qwen2_o45_fc"


@lru_cache(maxsize=1)
def tokenizer() -> Published:
    """Load it, once a process."""
    return load_tokenizer(folder())
