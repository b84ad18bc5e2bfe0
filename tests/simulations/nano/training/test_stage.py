"""A stage goes down its loss; one that was cut goes on, and comes to the same weights; what is not its part stays as it was."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from simulations.nano.training import mind, whole
from simulations.nano.training.stage import run
from tests.simulations.nano.standing_in import needs_espeak
from tests.simulations.nano.training.small import small

torch = pytest.importorskip("torch", reason="needs torch: pip install 'omniflow-graph[model]'")


@needs_espeak
def test_sixty_steps_go_down_the_loss(tmp_path):
    torch.set_num_threads(1)
    config = small()
    root = whole.begun(0, config)
    loss = partial(mind.oracle_loss, root, config, split="one-voice", count=2)
    losses = run("mind", root, whole.WORDS, loss, 60, rate=5e-3, seed=0, folder=tmp_path, warm=5)
    assert len(losses) == 60
    assert np.mean(losses[-10:]) < np.mean(losses[:5]) / 2


def line(root, rng):
    """Fit a line to points, in place of a model."""
    x = torch.from_numpy(rng.normal(size=(8, 2))).float()
    return ((root.line(x) - x.sum(1, keepdim=True)) ** 2).mean() + root.other.weight.sum() * 0


def modules(seed: int = 0):
    torch.manual_seed(seed)
    root = torch.nn.Module()
    root.line, root.other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 2)
    return root


def trained(folder, steps: int, of: int, root=None):
    root = root or modules()

    def cut(stage, step, _, loss):
        if step == steps:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        run("ears", root, ("line.",), partial(line, root), of, rate=1e-2, seed=3, folder=folder, show=cut)
    return root


def test_what_was_cut_goes_on_from_its_checkpoint_and_comes_to_the_same(tmp_path):
    once, cut = trained(tmp_path / "once", 500, 230), trained(tmp_path / "cut", 170, 230)
    assert not torch.equal(once.line.weight, cut.line.weight)
    resumed = trained(tmp_path / "cut", 500, 230)
    assert torch.equal(once.line.weight, resumed.line.weight)


def test_a_stage_that_is_done_is_not_done_again(tmp_path):
    done = trained(tmp_path, 500, 100)
    (tmp_path / "ears.pt").rename(tmp_path / "kept.pt")
    (tmp_path / "kept.pt").rename(tmp_path / "ears.pt")
    again = modules(seed=9)
    assert len(run("ears", again, ("line.",), partial(line, again), 100, rate=1.0, seed=4, folder=tmp_path)) == 100
    assert torch.equal(done.line.weight, again.line.weight)


def test_what_is_not_its_part_stays_as_it_was(tmp_path):
    before, root = modules(), modules()
    trained(tmp_path, 500, 100, root)
    assert torch.equal(before.other.weight, root.other.weight)
    assert not torch.equal(before.line.weight, root.line.weight)
