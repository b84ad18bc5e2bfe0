"""What is drawn are scenarios that can be played: people who ask, interrupt and leave, rooms that are loud, lines that are bad."""

from __future__ import annotations

from hypothesis import Phase, given, settings

from omniflow_graph import seconds
from simulations.faults.kinds import Written
from simulations.faults.text import fault_of
from simulations.proving.strategies import cameras, faults, rooms, scenarios, users
from simulations.scenario import Scenario

MANY = settings(max_examples=100, phases=(Phase.generate,), database=None)


def drawn(strategy) -> list:
    found = []

    @MANY
    @given(strategy)
    def draw(one):
        found.append(one)

    draw()
    return found


def test_users_do_everything_that_a_user_can_do():
    acts = [act for user in drawn(users()) for act in user]
    assert {act.kind for act in acts} == {"say", "interrupt", "mhm", "aside", "leave"}
    assert {type(act.when).__name__ for act in acts} == {"At", "Wait", "Answered", "Begun", "Phrase", "Gap"}
    assert () in drawn(users())


def test_a_user_does_no_more_than_is_asked_for():
    assert max(len(user) for user in drawn(users(most=2))) <= 3  # the last one may leave, too


def test_rooms_are_quiet_or_loud_and_cameras_are_off_or_see_something():
    assert {(room.noise > 0, room.echo is not None, room.talker != ()) for room in drawn(rooms())} >= {(False, False, False), (True, True, True)}
    assert not any(room.talker for room in drawn(rooms(talker=False)))
    assert {len(camera) for camera in drawn(cameras())} == {0, 1, 2, 3, 4}


def test_faults_are_written_as_a_scenario_writes_them_and_can_be_read():
    found = [fault_of(text) for some in drawn(faults()) for _, text in some]
    assert {type(fault) for fault in found} == {Written}
    kinds = {name for fault in found for name in (fault.name, *(inside.name for inside in fault.inside))}
    assert kinds == {"both", "jitter", "loss", "duplicate", "bursts", "reorder", "drift", "jump", "disconnect", "stall", "corrupt"}


def test_a_scenario_is_as_long_as_was_asked_and_has_faults_only_if_they_were():
    found = drawn(scenarios(longest=seconds(6)))
    assert {type(each) for each in found} == {Scenario}
    assert all(seconds(2) <= each.length <= seconds(6) and not each.faults for each in found)
    assert any(each.faults for each in drawn(scenarios(faulty=True)))
