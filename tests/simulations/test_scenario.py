"""A scenario is a value that is checked when it is made, and two of them make a third."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulations.scenario import MS, Act, Answered, At, Begun, Echo, Phrase, Room, Scenario, Shot, Wait, aside, interrupt, leave, over, say, then

S = 1000 * MS
PLAIN = Scenario("plain", 10 * S, (say("Hello", At(S)),))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"length": 0}, "wants a length of up to 1000000 s, got 0 ns"),
        ({"frame": 10 * S}, "wants frames of 1 to 1,000 ms"),
        ({"frame": 20 * MS + 1}, "in whole samples of 62,500 ns, got 20000001 ns"),
        ({"fps": 0}, "wants 1 to 60 pictures a second"),
        ({"jitter": -1}, "neither jitter"),
        ({"room": Room(noise=-1)}, "neither jitter"),
        ({"speech": "sung"}, "wants speech to be one of hum, voice, clips, got 'sung'"),
        ({"room": Room(echo=Echo(10 * MS))}, "wants an echo .* at least a frame .20 ms. later"),
        ({"room": Room(echo=Echo(permille=1001))}, "wants an echo of 0 to 1,000 permille"),
        ({"room": Room(talker=(aside("Bye", Begun()),))}, "somebody else in the room does not hear the assistant"),
        ({"user": (leave(), say("Hello"))}, "the user leaves and then does something"),
        ({"user": (say(" "),)}, "an act of the kind 'say' wants words to say"),
        ({"user": (say("Hello", Wait(-1)),)}, "say 'Hello': wants times from 0 to 1000000 s, got Wait.wait=-1."),
        ({"user": (say("Hello", Answered(otherwise="shout")),)}, "wants otherwise to be one of repeat, go-on, leave, got 'shout'"),
        ({"user": (interrupt("Stop", Phrase(" ")),)}, "wants the words of the phrase"),
        ({"camera": (Shot(S, "a lamp"), Shot(0, "a cat"))}, "wants the shots of the camera in the order of their times"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_scenario_is_said_when_it_is_made(wrong: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=f"^scenario 'plain': .*{words}"):
        replace(PLAIN, **wrong)


def test_one_scenario_after_another_goes_on_where_the_first_one_ended():
    second = Scenario("second", 5 * S, (say("And?", Wait(2 * S)), say("So?", At(4 * S)), say("Thanks")), camera=(Shot(S, "a cat"),))
    both = then(replace(PLAIN, camera=(Shot(0, "a lamp"),)), second)
    assert (both.name, both.length) == ("plain, then second", 15 * S)
    assert [(act.text, act.when) for act in both.user] == [("Hello", At(S)), ("And?", At(12 * S)), ("So?", At(14 * S)), ("Thanks", Answered())]
    assert both.camera == (Shot(0, "a lamp"), Shot(11 * S, "a cat"))


def test_two_scenarios_at_once_have_all_that_is_around_in_either():
    noisy = Scenario(
        "noisy", 20 * S, room=Room(noise=100, echo=Echo(), talker=(aside("Bye"),)), camera=(Shot(S, "a cat"),), faults=(("listen", "f"),)
    )
    musical = replace(PLAIN, room=Room(noise=50, music=70), camera=(Shot(0, "a lamp"), Shot(2 * S, "dark")))
    both = over(musical, noisy)
    assert (both.name, both.length, both.user) == ("plain, noisy", 20 * S, PLAIN.user)
    assert both.room == Room(100, 70, Echo(), (aside("Bye"),))
    assert (both.camera, both.faults) == ((Shot(0, "a lamp"), Shot(S, "a cat"), Shot(2 * S, "dark")), (("listen", "f"),))


def test_a_scenario_is_a_value():
    assert Scenario("plain", 10 * S, (Act("say", At(S), "Hello"),)) == PLAIN
    assert hash(PLAIN) == hash(replace(PLAIN))
