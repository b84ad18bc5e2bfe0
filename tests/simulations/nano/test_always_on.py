"""nano is as right in minute 59 as in minute 1, whichever way it forgets, and half an hour of noise brings hardly a word out of it."""

from __future__ import annotations

import os

import pytest

from omniflow_graph.events import seconds
from simulations.commands.nano import MANIFEST
from simulations.nano.evaluation import KEPT, Played
from simulations.nano.judging import Said, right_turns, said_in
from simulations.nano.sessions import Session, judged, scenario_of, session
from simulations.nano.timeline import unmanned
from simulations.world import simulate
from tests.simulations.nano.standing_in import needs_espeak, right_decisions
from tests.simulations.nano.test_judging import turns_of

needs_weights = pytest.mark.skipif(
    not MANIFEST.is_file() or not os.environ.get("OMNIFLOW_FULL"), reason="wants weights, and OMNIFLOW_FULL=1: an hour takes minutes"
)
HOUR = 3600


def played(of: Session, **options: str) -> list[Said]:
    return said_in(simulate(scenario_of(of), Played("heldout", options=tuple(options.items())).plan(of), keep=KEPT))


@needs_espeak
@needs_weights
@pytest.mark.parametrize("sliding", ["basic", "context"])
def test_the_last_minutes_of_an_hour_are_answered_as_the_first(sliding):
    of = session(3, split="heldout", length=HOUR, prompt=0)
    right = list(zip((turn.window for turn in of.turns), right_turns(of, played(of, sliding=sliding))))
    first, last = ([good for window, good in right if begin <= window < begin + 600] for begin in (0, HOUR - 600))
    assert sum(last) / len(last) >= sum(first) / len(first) - 0.1


@needs_espeak
@needs_weights
def test_half_an_hour_of_noise_and_music_brings_three_turns_at_most():
    of = judged(unmanned(3, split="heldout", length=seconds(HOUR // 2)), seconds(1))
    assert len(played(of)) <= 3


@needs_espeak
def test_an_hour_goes_on_to_its_end_and_is_drawn_the_same_again():
    of = session(3, split="one-voice", length=HOUR, prompt=0)
    asked = [turn.window for turn in of.turns]
    assert len(of.told) == HOUR
    assert min(sum(begin <= window < begin + 600 for window in asked) for begin in range(0, HOUR, 600)) > 60
    assert of == session(3, split="one-voice", length=HOUR, prompt=0)
    assert right_turns(of, turns_of(right_decisions(of))) == [True] * len(asked)


@needs_espeak
def test_where_nobody_speaks_there_is_nothing_to_answer():
    of = judged(unmanned(3, split="one-voice", length=seconds(60)), seconds(1))
    assert (of.turns, {told.heard for told in of.told}) == ((), {(0,) * 10})
    assert of.drawn.around.beeps != ()
    assert right_turns(of, []) == []
