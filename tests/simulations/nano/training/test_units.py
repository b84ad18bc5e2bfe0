"""Units are the middles of clusters: near frames have the same unit, and the same seed finds the same ones."""

import numpy as np

from simulations.nano.training.units import learn, nearest
from tests.simulations.nano.training.babble import LINES


def test_a_word_has_the_same_units_wherever_it_is_said():
    units = learn(LINES, seed=1, units=12)
    first, second = units.of(LINES[0].frames), units.of(LINES[3].frames)
    assert np.mean(first == second[:8]) > 0.6  # where two middles stand side by side, it may be either
    assert len(set(first.tolist())) > 3


def test_the_same_seed_finds_the_same_units():
    one, other = (learn(LINES, seed=1, units=12) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other))


def test_points_go_to_the_nearest_middle():
    assert nearest(np.array([[0.0, 1], [9, 9], [4, 6]]), np.array([[0.0, 0], [10, 10]])).tolist() == [0, 1, 0]


def test_frames_are_normed_by_their_mean_and_deviation():
    units = learn(LINES, seed=1, units=12)
    frames = np.concatenate([line.frames for line in LINES]).astype(np.float32)
    normed = (frames - units.mean) / units.deviation
    assert np.abs(normed.mean(axis=0)).max() < 0.01
    assert np.abs(normed.std(axis=0) - 1).max() < 0.01
