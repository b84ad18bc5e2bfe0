"""A cost is drawn for its event alone, from a distribution or from what a recording measured."""

from __future__ import annotations

import numpy as np
import pytest

import recordings
from omniflow_graph import Event, Session, replay, seconds
from omniflow_graph.chance import Rng
from omniflow_graph.recording import open_recording
from omniflow_graph.trace.stored import save_trace
from operators.duplex import duplex
from simulations.real_time.costs import Measured, drawn, measured, quantiles

RNG = Rng(7, "s", "cost of decide")
SESSION = Session("short", {"env-audio": [(time, bytes(640)) for time in range(0, seconds(4), 20_000_000)]}, end=seconds(4))


def costs(cost, n: int = 2000) -> list[int]:
    return [cost(Event(0, "window", k, None), rng=RNG) for k in range(n)]


def test_half_of_what_is_drawn_is_no_more_than_the_median_and_95_of_100_no_more_than_that():
    found = costs(drawn(100_000_000, 300_000_000))
    assert np.mean([cost <= 100_000_000 for cost in found]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([cost <= 300_000_000 for cost in found]) == pytest.approx(0.95, abs=0.02)


def test_a_distribution_is_the_same_on_every_machine():
    assert [quantiles(100_000_000, 300_000_000)[n] for n in (0, 250, 499, 500, 949, 999)] == [
        11_105_031, 63_798_065, 99_916_325, 100_083_744, 299_034_003, 900_492_737,
    ]  # fmt: skip


def test_what_is_drawn_hangs_on_the_event_alone():
    cost = drawn(100, 200)
    assert costs(cost)[17] == cost(Event(99, "window", 17, "other"), rng=RNG)


def test_without_a_spread_a_cost_is_a_constant():
    assert set(costs(drawn(1000, 1000), 50)) == {1000}


@pytest.mark.parametrize(("median", "p95"), [(0, 5), (5, 4), (1.0, 2), (True, 2), (5, 10**18)])
def test_a_distribution_that_makes_no_sense_is_refused(median, p95):
    with pytest.raises(ValueError, match="drawn: wants 0 < median <= p95, in ns"):
        drawn(median, p95)


def test_what_a_run_cost_is_drawn_from_its_recording(tmp_path):
    graph = duplex(model="scripted-fast").replace("decide", cost=(5, 7, 9, 7))
    save_trace(replay(graph, SESSION, engine="direct"), tmp_path / "trace.mcap")
    found = measured(open_recording(tmp_path / "trace.mcap"))
    assert found == {"decide": Measured((5, 7, 7, 9)), "speech": Measured((20_000_000,) * 4)}
    assert (found["decide"].median, set(costs(found["decide"], 100))) == (7, {5, 7, 9})


def test_a_recording_that_measured_nothing_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"three_questions.mcap: holds no costs of stages; record a run with `omniflow replay REC --out DIR`"):
        measured(open_recording(recordings.path("three_questions")))
