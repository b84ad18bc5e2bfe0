"""A small model that can speak, and what it says."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o import recipe, small


@pytest.fixture(scope="session")
def speaker(tmp_path_factory):
    recipe.needs_torch()
    from operators.minicpm_o.loading import load

    return load(small.write(tmp_path_factory.mktemp("aloud") / "checkpoint", small.ALOUD))


@pytest.fixture
def said():
    """Three parts of an answer: token ids, and the hidden state at each."""
    rng = np.random.default_rng(5)
    return [(tuple(rng.integers(0, 280, n).tolist()), rng.standard_normal((n, 32), np.float32)) for n in (3, 1, 4)]
