"""A run learns, is kept, and is not done again; the table and the figure tell of every arm."""

from __future__ import annotations

import pytest

from benchmarks.ablation import arms
from benchmarks.ablation import run as ablation
from benchmarks.ablation.arms import ARMS
from benchmarks.ablation.figure import SHOWN, figure
from benchmarks.ablation.run import run, table, trained
from tests.simulations.nano.standing_in import needs_espeak


@pytest.fixture
def _one_voice(monkeypatch):
    monkeypatch.setattr(ablation, "drawn", lambda seed, form: arms.drawn(seed, form, "one-voice"))


@needs_espeak
@pytest.mark.usefixtures("_one_voice")
def test_a_run_is_kept_and_the_same_seed_comes_to_the_same(tmp_path):
    pytest.importorskip("torch")
    first = run("1.0 s implicit LT", 3, 2, 2, 1, tmp_path)
    (kept,) = tmp_path.iterdir()
    assert run("1.0 s implicit LT", 3, 2, 2, 1, tmp_path) == first
    kept.unlink()
    assert run("1.0 s implicit LT", 3, 2, 2, 1, tmp_path) == first
    assert (first["arm"], first["seed"], first["steps"]) == ("1.0 s implicit LT", 3, 2)


@needs_espeak
@pytest.mark.usefixtures("_one_voice")
def test_the_loss_falls():
    pytest.importorskip("torch")
    _, _, losses = trained(ARMS["1.0 s explicit LS"], 0, 30, 2)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def runs() -> list[dict]:
    values = dict.fromkeys(SHOWN, 0.5)
    return [{"arm": arm, "seed": seed, "loss": 0.1 + seed, "metrics": {**values, "f1": 0.5 + seed / 10}} for arm in ARMS for seed in (0, 1, 2)]


def test_the_table_has_a_row_for_each_arm_with_mean_and_spread():
    lines = table(runs())
    assert len(lines) == 2 + len(ARMS)
    assert lines[2].startswith("| 1.0 s explicit LS | 1.100 (0.100-2.100) | 0.600 (0.500-0.700) | 0.500 (0.500-0.500) |")


def test_the_figure_has_a_dot_for_each_seed_and_a_name_for_each_arm():
    drawn = figure(runs())
    assert drawn.count("<circle") == len(SHOWN) * len(ARMS) * 3
    assert all(drawn.count(f">{arm}<") == len(SHOWN) for arm in ARMS)
