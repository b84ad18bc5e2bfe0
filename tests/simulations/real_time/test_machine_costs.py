"""What a window costs is what is taken in, decided, said and voiced in it."""

from __future__ import annotations

from omniflow_graph import Event, Window
from omniflow_graph.events import SECOND
from operators.senses.eyes import Glance
from operators.words import Decision, Say
from simulations.real_time.machine_costs import Decides, Parts, Sounds, Speaks, sounding

PARTS = Parts(omni=100, audio=10, token=3, code=2, sound=1000)


def window(*data: object) -> Event[Window]:
    return Event(SECOND, "window", 0, Window(0, 0, SECOND, SECOND, False, tuple(Event(0, "look", n, each) for n, each in enumerate(data))))


def test_a_window_with_a_picture_takes_longer_to_take_in():
    assert [Decides(PARTS)(window(*seen)) for seen in ((), ("sound",), ("sound", Glance(0, 1, False)))] == [13, 13, 103]


def test_words_cost_a_token_each_and_one_that_ends_them_and_the_codes_of_their_sound():
    decision = Decision(0, "speak", "", text="abcd efghi", line="abcd efghi")  # 10 letters: 0.6 s, 15 codes
    assert Speaks(PARTS)(Event(0, "decide", 0, decision)) == 3 * 3 + 15 * 2
    assert Sounds(PARTS)(Event(0, "speech", 0, Say(1, 0, True, "abcd efghi", ""))) == 600


def test_a_window_that_says_nothing_more_of_an_answer_costs_the_token_that_ends_it():
    assert Speaks(PARTS)(Event(0, "decide", 0, Decision(0, "speak", ""))) == 3


def test_a_window_that_listens_or_stops_costs_nothing_to_say():
    assert [Speaks(PARTS)(Event(0, "decide", 0, Decision(0, choice, ""))) for choice in ("listen", "stop")] == [0, 0]


def test_a_second_of_speech_is_four_tokens_25_codes_and_a_second_of_sound():
    assert PARTS.second == 100 + 3 + 5 * 3 + 25 * 2 + 1000
    assert PARTS.unit(pictures=False) == 13


def test_parts_are_scaled_so_that_a_second_of_speech_takes_what_it_should():
    parts = Parts(65_000_000, 21_000_000, 38_000_000, 8_500_000, 150_000_000).scaled(210_000_000)
    assert 209_999_900 < parts.second <= 210_000_000
    assert parts.omni * 21 // 65 == parts.audio


def test_a_chinese_character_sounds_longer_than_a_letter():
    assert (sounding("ab"), sounding("你"), sounding("")) == (120_000_000, 200_000_000, 0)
