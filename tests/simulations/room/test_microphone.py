"""A microphone hears what sounds from each frame's first sample on: people, noise, music, and the assistant's echo, added up in integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omniflow_graph import Graph, Session, Trace
from omniflow_graph.engine.direct import run_direct
from operators.words import Ack, Sound
from simulations.room.microphone import Microphone, listen_in
from simulations.room.speech import Hush, Utterance
from simulations.scenario import MS, Echo, Room, Scenario

FRAME = 20


def ran(room: Room, *events: tuple[int, Any], length: int = 200, seed: int = 0) -> Trace:
    g = Graph("room")
    g.sink("out", g.scan("env-audio", g.merge("acoustics", g.source("scenario"), g.source("sounds")), listen_in, state=Microphone()))
    scenario = Scenario("room", length * MS, room=room, frame=FRAME * MS)
    given = {"scenario": [(0, scenario)], "sounds": [(at * MS, of) for at, of in events]}
    return run_direct(g, Session("room", given, end=scenario.length), seed=seed)


def heard(room: Room, *events: tuple[int, Any], **more: Any) -> list[int]:
    """Return the sample in the middle of each millisecond."""
    return ran(room, *events, **more).array("env-audio")[8::16].tolist()


def says(begin: int, ms: int, level: int, *, n: int = 1, who: str = "user") -> Utterance:
    return Utterance(n, "say", "x", (), begin * MS, np.full(16 * ms, level, "<i2"), who)


def sound(ms: int, level: int, response: int = 1) -> Sound:
    return Sound(response, 0, "x", np.full(24 * ms, level, "<i2"))


def levels(*parts: tuple[int, int]) -> list[int]:
    """Write down (ms, level) one after another."""
    return [level for ms, level in parts for _ in range(ms)]


def test_frames_have_the_time_of_their_first_sample_and_no_gap():
    trace = ran(Room())
    assert [event.time // MS for event in trace["env-audio"]] == [*range(0, 200, FRAME)]
    assert {len(event.data) for event in trace["env-audio"]} == {2 * 16 * FRAME}


def test_silence_is_one_object():
    assert len({id(event.data) for event in ran(Room())["env-audio"]}) == 1


def test_an_utterance_sounds_from_when_it_begins_also_within_a_frame():
    assert heard(Room(), (10, says(33, 50, 700))) == levels((33, 0), (50, 700), (117, 0))


def test_people_who_talk_at_the_same_time_are_added():
    events = (10, says(40, 60, 700)), (10, says(60, 60, 30, who="talker"))
    assert heard(Room(), *events) == levels((40, 0), (20, 700), (40, 730), (20, 30), (80, 0))


@pytest.mark.parametrize(("at", "until"), [(70, 80), (80, 100)])
def test_who_breaks_off_is_not_heard_from_the_next_frame_on(at, until):
    assert heard(Room(), (10, says(40, 100, 700)), (at, Hush(1))) == levels((40, 0), (until - 40, 700), (200 - until, 0))


def test_breaking_off_silences_that_one_person():
    events = (10, says(40, 100, 700)), (10, says(40, 100, 30, who="talker")), (70, Hush(1, "talker"))
    assert heard(Room(), *events) == levels((40, 0), (40, 730), (60, 700), (60, 0))


def test_what_is_too_loud_is_cut_off_and_does_not_wrap_round():
    events = (
        (10, says(40, 40, 30_000)),
        (10, says(40, 40, 30_000, who="talker")),
        (10, says(100, 40, -30_000)),
        (10, says(100, 40, -30_000, who="talker")),
    )
    assert heard(Room(), *events) == levels((40, 0), (40, 32_767), (20, 0), (40, -32_768), (60, 0))


def test_an_echo_comes_later_and_softer():
    assert heard(Room(echo=Echo(30 * MS, 100)), (40, sound(50, 6000))) == levels((70, 0), (50, 600), (80, 0))


def test_the_echo_of_an_answer_that_is_cut_short_falls_silent_as_much_later():
    events = (40, sound(100, 6000)), (90, Ack(1, 1200, True))
    assert heard(Room(echo=Echo(30 * MS, 100)), *events) == levels((70, 0), (50, 600), (80, 0))


def test_without_an_echo_the_assistant_is_not_heard():
    assert heard(Room(), (40, sound(50, 6000))) == levels((200, 0))


@pytest.mark.parametrize("room", [Room(noise=300), Room(music=300)], ids=str)
def test_noise_and_music_go_on_without_a_seam(room):
    whole = ran(room, length=8100).array("env-audio").astype(int)
    assert abs(np.abs(whole).mean() - 300) < 10
    period = 64_000 if room.noise else 63_999
    assert np.array_equal(whole[period : 2 * period], whole[:period])


def test_speech_is_laid_over_noise():
    noise, both = (ran(Room(noise=300), *events).array("env-audio").astype(int) for events in ((), ((10, says(40, 40, 700)),)))
    assert np.array_equal(both - noise, np.repeat([0, 700, 0], [40 * 16, 40 * 16, 120 * 16]))


def test_the_seed_decides_the_noise():
    first, again, other = (ran(Room(noise=300), seed=seed).digests["env-audio"] for seed in (1, 1, 2))
    assert first == again != other
