"""What people say in the sample sessions can be said again, found by its words and cut where it is loud."""

from __future__ import annotations

import numpy as np
import pytest

from simulations.room.clips import CLIPS, clip


@pytest.mark.parametrize("text", CLIPS)
def test_a_clip_begins_and_ends_with_its_words(text):
    samples = clip(text)
    assert samples.dtype.str == "<i2"
    assert 1 < len(samples) / 16_000 < 3
    assert min(abs(int(samples[0])), abs(int(samples[-1]))) >= 200
    assert np.abs(samples.astype(int)).max() > 5_000


def test_what_nobody_said_is_refused_with_what_was_said():
    with pytest.raises(ValueError, match="nobody was recorded saying 'Hello'; there are Hello"):
        clip("Hello")
