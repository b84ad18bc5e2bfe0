"""What is drawn for a frame depends on the seed and the frame, and on nothing else."""

from __future__ import annotations

import pytest

from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def test_what_is_drawn_for_a_frame_is_the_same_wherever_one_begins():
    from operators.minicpm_o.voice.noise import noise

    one = noise(5)
    assert bool((one.uniform(3, 2) == one.uniform(0, 5)[:, 3 * 480 :]).all())
    assert bool((one.normal(3, 2) == noise(5).normal(0, 5)[:, 3 * 480 :]).all())
    assert not bool((one.uniform(3, 1) == one.uniform(4, 1)).any())


def test_another_seed_draws_otherwise():
    from operators.minicpm_o.voice.noise import noise

    assert not bool((noise(5).flow == noise(6).flow).any())
    assert not bool((noise(5).uniform(0, 1) == noise(6).uniform(0, 1)).any())


def test_it_is_as_spread_as_it_should_be():
    from operators.minicpm_o.voice.noise import noise

    found = noise(5)
    uniform, normal = found.uniform(0, 50), found.normal(0, 50)
    assert (abs(float(uniform.mean()) - 0.5) < 0.01, float(uniform.min()) >= 0, float(uniform.max()) < 1) == (True, True, True)
    assert [(abs(float(each.mean())) < 0.01, abs(float(each.std()) - 1) < 0.01) for each in (normal, found.flow)] == [(True, True)] * 2


@pytest.mark.parametrize("seed", [-1, 1 << 64])
def test_a_seed_that_is_none_is_refused(seed):
    from operators.minicpm_o.voice.noise import noise

    with pytest.raises(ValueError, match=r"wants a seed of 0 to 2\*\*64 - 1, got"):
        noise(seed)
