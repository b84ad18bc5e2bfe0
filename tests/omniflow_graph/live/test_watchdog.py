"""A sensor that falls silent is stale, then dead, each told once, and back when it speaks."""

from __future__ import annotations

from omniflow_graph.live.watchdog import Watchdog


def test_silence_is_told_once_in_each_degree():
    dog = Watchdog(stale=10, dead=50)
    dog.watch("mic", 100)
    assert [dog.look(now) for now in (109, 110, 120, 149, 150, 999)] == [[], [("mic", "stale", 10)], [], [], [("mic", "dead", 50)], []]


def test_one_that_speaks_again_was_silent_for_so_long():
    dog = Watchdog(stale=10, dead=50)
    dog.watch("mic", 0)
    assert dog.heard("mic", 9) is None
    dog.look(30)
    assert (dog.heard("mic", 40), dog.heard("mic", 45)) == (31, None)
    assert (dog.look(54), dog.look(55)) == ([], [("mic", "stale", 10)])


def test_a_stream_that_dies_says_nothing_of_another():
    dog = Watchdog(stale=10, dead=50)
    dog.watch("mic", 0)
    dog.watch("eye", 0)
    dog.heard("eye", 45)
    assert dog.look(51) == [("mic", "dead", 51)]
