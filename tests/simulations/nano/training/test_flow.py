"""The flow learns to turn noise into frames, and makes a line piece by piece as it makes it whole."""

import numpy as np
import pytest

from simulations.nano.training import flow
from simulations.nano.training.causal import CACHE, begin_weights, zeros
from simulations.nano.training.descent import descend
from simulations.nano.training.units import learn
from tests.simulations.nano.training.babble import LINES

torch = pytest.importorskip("torch", reason="wants the extra model")


def test_thirty_steps_bring_the_loss_down():
    losses = []
    flow.train(LINES, learn(LINES, seed=1, units=12), 30, 1, lambda *shown: losses.append(shown[3]), size=2)
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_what_is_after_a_line_counts_not():
    weights, rng = begin_weights(flow.shapes(), 1), np.random.default_rng(2)
    lines = [(np.array([flow.NOTHING, 5, 6, flow.NOTHING]), np.zeros((8, 82)))]
    units, frames = flow.batch(lines, rng, 2, length=4)
    other = frames.clone()
    other[:, 8:] += 9.0
    losses = [float(flow.loss(weights, (units, each), np.random.default_rng(3)).detach()) for each in (frames, other)]
    assert units.tolist() == [[flow.NOTHING, 5, 6, flow.NOTHING, flow.NOTHING, flow.NOTHING]] * 2
    assert losses[0] == pytest.approx(losses[1])


def test_pieces_are_made_as_the_whole_is():
    weights = {name: value.detach() for name, value in begin_weights(flow.shapes(), 1).items()}
    rng = np.random.default_rng(5)
    units, noise = torch.tensor(rng.integers(0, 512, (1, 9))), torch.tensor(rng.standard_normal((1, 28, 82)), dtype=torch.float32)
    cache = zeros(len(flow.TIMES) - 1, flow.BLOCKS, 1, CACHE, flow.WIDTH)
    whole, _ = flow.forward(weights, units, noise, cache)
    first, kept = flow.forward(weights, units[:, :5], noise[:, :12], cache)
    second, _ = flow.forward(weights, units[:, 3:], noise[:, 12:], kept)
    assert float((torch.cat([first, second], dim=1) - whole).abs().max()) < 1e-4


def test_steps_of_descent_are_shown_and_end_low():
    weight, shown = torch.zeros(1, requires_grad=True), []
    losses = descend("toy", [weight], lambda step: (weight - 3).square().sum(), 200, rate=0.2, warm=5, show=lambda *each: shown.append(each[:3]))
    assert shown[0] == ("toy", 1, 200)
    assert shown[-1] == ("toy", 200, 200)
    assert losses[0] == 9
    assert losses[-1] < 0.01
