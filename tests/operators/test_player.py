"""Waves play one after another, acknowledged as they are heard, on exact times."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Event, Graph, Session, Wake
from omniflow_graph.engine.direct import run_direct
from operators.player import Player, play
from operators.words import Ack, Fence, Sound, Wave

MS = 1_000_000


def wave(response: int, part: int, ms: int, *, last: bool = False, at: int = 0, epoch: int = 0) -> Wave:
    return Wave(response, part, last, f"{response}.{part}", np.zeros(ms * 24, "<i2"), at, epoch)


CUT = Fence(1, 1, "stop")


def played(*waves: tuple[int, Wave | Fence], until: int = 5_000) -> list[tuple]:
    """Run the player as the engine does. Lists (ms, "sound", part) and (ms, "heard", samples in ms, final)."""
    g = Graph("player")
    g.sink("out", g.scan("play", g.source("cues", Wave | Fence), play, state=Player()))
    session = Session("s", {"cues": [(time * MS, data) for time, data in waves]}, end=until * MS)
    return [(event.time / MS, *_brief(event.data)) for event in run_direct(g, session)["play"]]


def _brief(data: Sound | Ack) -> tuple:
    return ("sound", data.text) if isinstance(data, Sound) else ("heard", data.response, data.played_samples / 24, data.final)


def test_a_wave_waits_for_the_one_before_it():
    assert played((0, wave(1, 0, 500)), (200, wave(1, 1, 100, last=True))) == [
        (0, "sound", "1.0"),
        (200, "heard", 1, 200, False),
        (400, "heard", 1, 400, False),
        (500, "heard", 1, 500, False),
        (500, "sound", "1.1"),
        (600, "heard", 1, 600, True),
    ]


def test_a_wave_that_comes_late_begins_when_it_comes():
    assert played((0, wave(1, 0, 100)), (300, wave(1, 1, 100, last=True))) == [
        (0, "sound", "1.0"),
        (100, "heard", 1, 100, False),
        (300, "sound", "1.1"),
        (400, "heard", 1, 200, True),
    ]


def test_a_wave_begins_no_earlier_than_it_asks_for():
    assert played((0, wave(1, 0, 100, last=True, at=250 * MS))) == [(250, "sound", "1.0"), (350, "heard", 1, 100, True)]


def test_a_wave_waits_for_the_one_before_it_that_itself_waits():
    assert played((0, wave(1, 0, 100, at=500 * MS)), (100, wave(1, 1, 100, last=True))) == [
        (500, "sound", "1.0"),
        (600, "heard", 1, 100, False),
        (600, "sound", "1.1"),
        (700, "heard", 1, 200, True),
    ]


def test_another_answer_is_counted_from_its_own_beginning():
    assert played((0, wave(1, 0, 100, last=True)), (50, wave(2, 0, 100, last=True))) == [
        (0, "sound", "1.0"),
        (100, "heard", 1, 100, True),
        (100, "sound", "2.0"),
        (200, "heard", 2, 100, True),
    ]
    left_open = played((0, wave(1, 0, 100)), (50, wave(2, 0, 100, last=True)))
    assert [entry[1:] for entry in left_open if entry[1] == "heard"] == [("heard", 1, 100, False), ("heard", 2, 100, True)]


def test_a_cut_stops_at_once_and_drops_what_waits():
    assert played((0, wave(1, 0, 500)), (100, wave(1, 1, 500, last=True)), (250, CUT)) == [
        (0, "sound", "1.0"),
        (200, "heard", 1, 200, False),
        (250, "heard", 1, 250, True),
    ]


def test_a_cut_between_two_waves_says_how_far_the_answer_was_heard():
    assert played((0, wave(1, 0, 100)), (100, CUT)) == [
        (0, "sound", "1.0"),
        (100, "heard", 1, 100, False),
        (100, "heard", 1, 100, True),
    ]


def test_a_cut_before_the_first_sound_says_that_nothing_was_heard():
    assert played((0, wave(1, 0, 100, at=900 * MS)), (100, CUT)) == [(100, "heard", 1, 0, True)]


def test_each_answer_that_a_cut_lets_go_of_is_over():
    waits = [(10 * n, wave(response, part, 500)) for n, (response, part) in enumerate([(1, 0), (2, 0), (2, 1), (3, 0)])]
    assert played(*waits, (100, CUT))[1:] == [(100, "heard", 1, 100, True), (100, "heard", 2, 0, True), (100, "heard", 3, 0, True)]


def test_a_cut_that_comes_twice_leaves_what_was_begun_after_it():
    begun = [(0, wave(1, 0, 500)), (50, CUT), (60, wave(2, 0, 100, last=True, epoch=1))]
    assert played(*begun, (100, CUT)) == played(*begun)


def test_a_wave_of_a_newer_epoch_is_a_cut_if_none_has_come():
    assert played((0, wave(1, 0, 500)), (50, wave(2, 0, 100, last=True, epoch=1)), (100, CUT)) == [
        (0, "sound", "1.0"),
        (50, "heard", 1, 50, True),
        (50, "sound", "2.0"),
        (150, "heard", 2, 100, True),
    ]


def test_a_cut_when_all_is_quiet_changes_nothing():
    heard_out = [(0, "sound", "1.0"), (100, "heard", 1, 100, True)]
    assert played((0, wave(1, 0, 100, last=True)), (300, CUT), (400, CUT)) == heard_out
    assert played((300, CUT)) == []


def test_what_a_cut_wave_asked_for_does_not_disturb_the_next_one():
    assert played((0, wave(1, 0, 500)), (50, CUT), (100, wave(2, 0, 300, last=True, epoch=1))) == [
        (0, "sound", "1.0"),
        (50, "heard", 1, 50, True),
        (100, "sound", "2.0"),
        (300, "heard", 2, 200, False),
        (400, "heard", 2, 300, True),
    ]


def test_what_comes_late_of_an_old_epoch_never_sounds():
    assert played((0, CUT), (10, wave(1, 0, 500)), (20, wave(2, 0, 100, last=True, epoch=1))) == [(20, "sound", "2.0"), (120, "heard", 2, 100, True)]


def test_what_is_heard_tells_its_epoch_and_its_time():
    player, _ = play(Player(), Event(0, "cues", 0, wave(1, 0, 500, epoch=3)))
    _, answers = play(player, Event(50 * MS, "cues", 1, Fence(4, 1, "stop")))
    assert answers == [(50 * MS, Ack(1, 1200, True, 3, 50 * MS))]


def test_every_sample_of_an_answer_is_heard_however_odd_its_waves():
    odd = [Wave(1, part, part == 2, "", np.zeros(n, "<i2")) for part, n in enumerate((100, 101, 103))]
    acks = played(*[(0, one) for one in odd])
    assert [entry[3] * 24 for entry in acks if entry[1] == "heard"] == [100, 201, 304]


def test_a_wave_without_samples_is_over_at_once():
    assert [entry[1:] for entry in played((0, wave(1, 0, 0, last=True)))] == [("sound", "1.0"), ("heard", 1, 0, True)]


def test_nothing_is_acknowledged_once_the_session_is_over():
    assert played((0, wave(1, 0, 500, last=True)), until=300) == [(0, "sound", "1.0"), (200, "heard", 1, 200, False)]


def test_a_wake_when_all_is_quiet_is_ignored():
    assert play(Player(), Wake(5)) == (Player(), [])
