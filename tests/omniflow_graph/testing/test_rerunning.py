"""A graph that is a function of what comes in passes; one that is not is found, by what differs first."""

from __future__ import annotations

from itertools import count

import pytest

from omniflow_graph import Event, Graph, Session
from omniflow_graph.recording import Manifest, StreamInfo, open_recording, write_recording
from omniflow_graph.testing import another_hash_seed_changes_nothing, draws_follow_the_seed, no_output_knows_the_future, replay_is_a_function
from tests.omniflow_graph.testing.small import SESSION, small


def told(violations: list) -> list[str]:
    return [str(each).splitlines()[0] for each in violations]


def dice() -> Graph:
    g = Graph("dice")
    g.sink("out", g.map("throw", g.source("mic", int), lambda event, rng: rng(event).below(6)))
    return g


def test_a_sound_graph_is_a_function_and_knows_no_future():
    assert replay_is_a_function(small(), SESSION) == []
    assert no_output_knows_the_future(small(), SESSION) == []
    assert no_output_knows_the_future(small(), SESSION, at=range(35)) == []


def test_a_recording_can_be_asked_too(tmp_path):
    manifest = Manifest("small", 35, {"mic": StreamInfo("value"), "eye": StreamInfo("value")})
    write_recording(tmp_path / "small.mcap", manifest, SESSION.events(["mic", "eye"]))
    for what in (tmp_path / "small.mcap", open_recording(tmp_path / "small.mcap")):
        assert replay_is_a_function(small(), what, batches=()) == []
        assert no_output_knows_the_future(small(), what, at=[10]) == []


def test_a_counter_that_all_runs_share_is_no_function():
    numbers = count()
    g = Graph("shared")
    g.sink("out", g.map("nth", g.source("mic", int), lambda event: next(numbers)))
    assert told(replay_is_a_function(g, Session("s", {"mic": [(5, 0)]}, 9), batches=(1,))) == [
        "replay_is_a_function: at 0.000 s: a second run differs: first difference: edge 'nth', event 0, at 0.000 s",
        "replay_is_a_function: at 0.000 s: Bytewax in batches of 1 differs: first difference: edge 'nth', event 0, at 0.000 s",
    ]


def test_a_step_whose_time_shows_in_no_event_is_compared_too():
    costs = count()
    g = Graph("costs")
    g.sink("out", g.stage("think", g.source("mic", int), lambda state, event: (state, []), cost=lambda event: next(costs)))
    assert told(replay_is_a_function(g, Session("s", {"mic": [(5, 0)]}, 9), batches=())) == [
        "replay_is_a_function: at 0.000 s: a second run differs: stage 'think' works as "
        "Step(stage='think', start=5, done=6, taken=(0,), dropped=()), at first as Step(stage='think', start=5, done=5, taken=(0,), dropped=())"
    ]


def test_who_looks_ahead_is_found_by_what_is_cut():
    latest = [0]

    def begin() -> None:
        latest[0] = 0

    def listen(state: None, event: Event[int]) -> tuple[None, list]:
        latest[0] = max(latest[0], event.time)
        return None, [(event.time, event.data)]

    g = Graph("seer")
    mic = g.scan("listen", g.source("mic", int), listen, state=begin)
    g.sink("out", g.map("whole", g.align("window", mic, length=10), lambda event: latest[0]))
    session = Session("s", {"mic": [(5, 1), (12, 2), (25, 3)]}, end=30)
    assert told(no_output_knows_the_future(g, session, at=[12])) == [
        "no_output_knows_the_future: at 0.000 s: edge 'whole': #0 at 10 ns is another if nothing comes in after 12 ns"
    ]


def test_draws_that_follow_the_seed_pass_and_what_draws_nothing_does_not():
    session = Session("s", {"mic": [(n, n) for n in range(20)]}, end=20)
    assert draws_follow_the_seed(dice(), session) == []
    assert told(draws_follow_the_seed(small(), SESSION, seeds=(3, 4))) == [
        "draws_follow_the_seed: at 0.000 s: seeds 3, 4 all give the same trace: nothing follows the seed"
    ]


def test_a_case_that_cannot_be_run_says_its_last_words():
    with pytest.raises(RuntimeError, match=r"case 'nowhere:nothing' cannot be run in a process of its own: .*no module 'nowhere'"):
        another_hash_seed_changes_nothing("nowhere:nothing")
