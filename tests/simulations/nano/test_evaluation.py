"""In closed loop through the graph the oracle is right in everything; what a model was trained with is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from omniflow_graph.graph.plan import plan
from simulations.nano import evaluation
from simulations.nano.assistant_voice import spoken
from simulations.nano.evaluation import in_line, refuse_trained
from simulations.nano.judging import Tally, judge, metrics, said_in
from simulations.nano.sessions import scenario_of, session
from simulations.world import closed, simulate
from tests.simulations.nano.standing_in import Decisions, needs_espeak, standing_in


def through_the_graph(seeds: range, change=list, window: float = 1.0) -> dict:
    found = Tally()
    for seed in seeds:
        of = session(seed, split="one-voice", window=window)
        trace = simulate(scenario_of(of), plan(closed(standing_in(of, change))), seed=seed, keep=evaluation.KEPT)
        found.add(judge(of, said_in(trace)))
    return metrics(found)


@needs_espeak
@pytest.mark.parametrize("window", [1.0, 0.5])
def test_the_oracle_is_right_in_everything(window):
    found = through_the_graph(range(12), window=window)
    rates = {name: found[name] for name in ("f1", "turn_hit", "exact", "in_window", "proactive_exact", "unasked_exact", "barge_in_stop")}
    assert set(rates.values()) <= {1.0, None}
    assert (found["false_turns_per_minute"], found["f1"]) == (0.0, 1.0)
    assert 0.2 <= found["latency_median_s"] == found["sound_median_s"] <= 1.2


def deaf(decisions: Decisions) -> Decisions:
    return [d._replace(choice="listen") for d in decisions]


@needs_espeak
def test_who_never_speaks_is_never_right():
    found = through_the_graph(range(6), deaf)
    assert [found[name] for name in ("f1", "turn_hit", "exact", "in_window", "latency_median_s")] == [0.0, 0.0, 0.0, None, None]
    assert found["false_turns_per_minute"] == 0.0


def test_words_sound_as_in_the_line_they_are_from():
    samples, timed = spoken("the lamp is red now")
    first, begin = in_line("the lamp is red now")
    assert (np.array_equal(first, samples), begin) == (True, 0)
    rest, begin = in_line("is red now", False)
    assert (np.array_equal(rest, samples[timed[2][1] :]), begin) == (True, timed[2][1])


def manifest(folder, **given):
    path = folder / "manifest.json"
    path.write_text(json.dumps({"splits": ["train"], "seeds": [[1000, 2000]], **given}))
    return path


def test_what_the_model_was_trained_with_is_refused(tmp_path):
    path = manifest(tmp_path)
    refuse_trained(path, "heldout", range(0, 1000))
    refuse_trained(path, "flite-awb", range(2000, 2010))
    with pytest.raises(ValueError, match="was trained with seeds 1000 to 1999, got 990 to 1000; take others"):
        refuse_trained(path, "heldout", range(990, 1001))
    with pytest.raises(ValueError, match="was trained with the voices 'train', which tells nothing; take heldout, flite-awb"):
        refuse_trained(path, "train", range(0, 10))
    with pytest.raises(ValueError, match="wants voices out of train, heldout, flite-awb, one-voice, got 'mine'"):
        refuse_trained(path, "mine", range(0, 10))
