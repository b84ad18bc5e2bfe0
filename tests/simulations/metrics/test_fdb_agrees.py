"""Both scorers, by different ways, come to the same: from the trace, and from the folders that were written of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph import Trace
from operators.scripted.script import rules
from simulations.metrics.fdb import latency, scored, takes_turn
from simulations.metrics.fdb_export import export
from simulations.metrics.fdb_folder import read_sample
from simulations.metrics.timeline import Timeline, timeline
from simulations.metrics.truth import score
from simulations.metrics.turns import Turn, going_on, reply, turns_of
from simulations.scenario import MS, Answered, At, Begun, Gap, Scenario, Wait, interrupt, mhm, say
from simulations.scenario_file import bundled, load_scenario
from simulations.world import simulate

LINES = [
    "Yes.",
    "I see a lamp and a kettle, and a cat on the table.",
    "No, it is not.",
    "That is a long story, which I will tell you now, from its beginning.",
]
SCRIPT = rules([{"when": {"speech_ends": n}, "say": LINES[n % 4]} for n in range(1, 9)], "the script")
TEXTS = st.sampled_from(["Well?", "What is that over there?", "No no, I mean the other one, the one by the window."])
TIMES = st.integers(0, 3000).map(lambda ms: ms * MS)
ACTS = st.one_of(
    st.builds(say, TEXTS, st.builds(Wait, TIMES) | st.builds(Answered, TIMES, TIMES) | st.builds(Gap, TIMES)),
    st.builds(interrupt, TEXTS, st.builds(Begun, TIMES)),
    st.builds(mhm, st.builds(Begun, TIMES)),
)


def agreed(trace: Trace) -> list[str]:
    """Compare turn by turn, to the nanosecond; return the tasks that were compared."""
    line = timeline(trace)
    turns = turns_of(line)
    if not turns:
        return []
    with tempfile.TemporaryDirectory() as folder:
        names = export([trace], Path(folder, "out"))
        samples = [scored(read_sample(Path(folder, "out", name))) for name in names]
    answered = [sample for sample in samples if sample.task != "pause_handling"]
    paused = [sample for sample in samples if sample.task == "pause_handling"]
    found = score(trace)
    assert len(answered) == found.turns
    assert (len(paused), sum(not sample.taken for sample in paused)) == (found.paused, found.pauses_kept)
    for turn, sample in zip(turns, answered):
        if not _talked_on(turn, line):
            words = reply(turn, line.answers)
            assert (sample.taken, sample.latency) == (takes_turn(words), latency(words, turn.end))
    if not any(_talked_on(turn, line) for turn in turns):
        assert tuple(sample.latency for sample in answered if sample.latency is not None) == found.latencies
    return [sample.task for sample in samples]


def _talked_on(turn: Turn, line: Timeline) -> bool:
    """An answer that is not stopped by an interruption: the benchmark takes the rest of it for a reply."""
    over = going_on(line.answers, turn.since)
    return over is not None and over.end > turn.end


@pytest.mark.parametrize("name", bundled())
def test_they_agree_on_every_bundled_scenario(name):
    agreed(simulate(load_scenario(name), seed=3))


@settings(max_examples=settings.default.max_examples // 10)
@given(st.lists(ACTS, max_size=5), st.sampled_from(["listen-only", "on-speech", "duration"]), st.sampled_from([0.2, 1.0]), st.integers(0, 300))
def test_they_agree_whatever_the_user_does(acts, overlap, window, jitter):
    scenario = Scenario("drawn", 12_000 * MS, (say("What is on the table?", At(500 * MS)), *acts), jitter=jitter * MS, script=SCRIPT)
    agreed(simulate(scenario, overlap=overlap, window=window))


def test_all_tasks_are_among_what_is_compared():
    acts = (
        say("What is this?", At(500 * MS)),
        say("I mean, that.", Wait(700 * MS)),
        interrupt("No no, please stop, I mean the other one.", Begun(900 * MS)),
    )
    tasks = agreed(simulate(Scenario("all", 12_000 * MS, acts, script=SCRIPT)))
    assert tasks == ["smooth_turn_taking", "pause_handling", "user_interruption"]


def test_they_agree_on_a_pause_that_is_taken():
    acts = (say("What is this?", At(500 * MS)), say("I mean, that one over there.", Wait(1500 * MS)))
    trace = simulate(Scenario("taken", 12_000 * MS, acts, script=SCRIPT), window=0.2)
    assert (score(trace).paused, score(trace).pauses_kept, score(trace).false_starts) == (1, 0, 1)
    assert agreed(trace) == ["user_interruption", "pause_handling"]


def test_the_benchmark_takes_an_answer_that_does_not_stop_for_a_reply_and_the_truth_does_not():
    acts = (say("Tell me, please.", At(500 * MS)), interrupt("Stop!", Begun(900 * MS)))
    trace = simulate(Scenario("on", 12_000 * MS, acts, script=rules([{"when": {"speech_ends": 1}, "say": LINES[3]}], "s")), overlap="listen-only")
    line = timeline(trace)
    assert [_talked_on(turn, line) for turn in turns_of(line)] == [False, True]
    assert (score(trace).turns, score(trace).taken, score(trace).talked_on) == (2, 1, 1)
    with tempfile.TemporaryDirectory() as folder:
        export([trace], Path(folder, "out"))
        assert scored(read_sample(Path(folder, "out", "user_interruption", "1"))).taken is True
