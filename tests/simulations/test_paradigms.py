"""What a blocked and a passive assistant miss that a full-duplex one does not."""

from __future__ import annotations

from omniflow_graph import seconds
from operators.scripted.script import Rule
from operators.turns import turns
from simulations.paradigms import Missed, paradigms
from simulations.scenario import Answered, At, Begun, Scenario, Shot, interrupt, mhm, say
from simulations.scenario_file import load_scenario
from simulations.world import simulate

STOP = "No no, please stop, I mean the other one."
LONG = "It is a lamp of brass, made a hundred years ago, and it has hung in many houses since."
ASK = say("What is that over there?", At(seconds(0.5)))
NOTHING = Missed((), (), ())


def asked(*acts, camera=(), script=()) -> Scenario:
    return Scenario("asked", seconds(14), (ASK, *acts), camera=camera, script=(Rule("speech_ends", 1, LONG), *script))


def test_a_blocked_assistant_neither_perceives_nor_obeys_who_talks_over_it():
    assert paradigms(asked(interrupt(STOP, Begun(seconds(1))))) == {
        "scripted-fast": NOTHING,
        "blocked": Missed((STOP,), (STOP,), ()),
        "passive": NOTHING,
    }


def test_a_short_acknowledgement_is_nothing_that_could_be_missed():
    assert paradigms(asked(mhm(Begun(seconds(1)))))["blocked"] == NOTHING


def test_the_blocked_one_answers_what_is_said_after_its_answer():
    scenario = asked(interrupt(STOP, Begun(seconds(1))), say("And now?", Answered()), script=(Rule("speech_ends", 3, "Now it is dark."),))
    assert [turn.text for turn in turns(simulate(scenario, model="blocked"))] == [LONG, "Now it is dark."]


def test_the_blocked_one_sees_a_new_scene_only_when_it_has_spoken():
    scenario = asked(camera=(Shot(0, "a lamp"), Shot(seconds(4), "a cat")), script=(Rule("scene", 2, "A cat!"),))
    said = [
        [event.data.cause for event in simulate(scenario, model=model)["decide"] if event.data.line == "A cat!" and event.data.part == 0]
        for model in ("scripted-fast", "blocked")
    ]
    assert said == [["scene 2 began at 4.00 s"], ["scene 2 began at 8.50 s"]]
    assert paradigms(scenario)["blocked"] == NOTHING  # it comes late, but it comes


def test_a_scene_that_came_and_went_meanwhile_is_missed():
    shots = (Shot(0, "a lamp"), Shot(seconds(4), "a cat"), Shot(seconds(5), "a lamp"))
    assert paradigms(asked(camera=shots, script=(Rule("scene", 2, "A cat!"),)))["blocked"].unsaid == ("A cat!",)


def test_a_passive_assistant_never_speaks_unasked():
    scenario = asked(script=(Rule("at", seconds(10), "It is late."),))
    assert paradigms(scenario) == {"scripted-fast": NOTHING, "blocked": NOTHING, "passive": Missed((), (), ("It is late.",))}


def test_a_remark_that_nobody_makes_there_is_not_missed():
    assert paradigms(asked(script=(Rule("at", seconds(100), "It is late."),)))["passive"] == NOTHING


def test_the_bundled_scenes_are_remarked_by_all_but_the_passive_one():
    found = paradigms(load_scenario("watching"))
    assert [found[model].unsaid for model in ("scripted-fast", "blocked")] == [(), ()]
    assert len(found["passive"].unsaid) == 3
