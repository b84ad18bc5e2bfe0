"""One decision per window, each with its reason."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Window, seconds
from operators.decide import Mind, decide, words_of
from operators.ears import Hearing
from operators.eyes import Glance
from operators.script import Rule
from operators.words import Ack

LINE = "one two three four"  # 2.5 s of sound, so three windows of a second
SCRIPT = (Rule("speech_ends", 1, LINE), Rule("speech_ends", 2, "five"))


def talks(utterance: int, spoken: float) -> Hearing:
    return Hearing(1000, True, utterance, seconds(spoken), False)


def ended(utterance: int, spoken: float) -> Hearing:
    return Hearing(0, False, utterance, seconds(spoken), True)


def silence(utterance: int, spoken: float) -> Hearing:
    return Hearing(0, False, utterance, seconds(spoken), False)


def decided(*windows: list, script=SCRIPT) -> list[tuple]:
    """Decide windows of a second, given as lists of (time in s, Hearing | Glance | Ack). Lists (choice, cause)."""
    mind, found = Mind(), []
    for k, given in enumerate(windows):
        streams = {Hearing: "listen", Glance: "look", Ack: "playback"}
        events = tuple(Event(seconds(at), streams[type(data)], n, data) for n, (at, data) in enumerate(given))
        window = Window(k, seconds(k), seconds(k + 1), seconds(k + 1), False, events)
        mind, answers = decide(mind, Event(seconds(k + 1), "window", k, window), script=script, parts_of={LINE: 3, "five": 1}.__getitem__)
        assert [answer.k for answer in answers] == [k]
        found += answers
    return found


def brief(decisions: list) -> list[tuple]:
    return [(d.choice, d.cause) for d in decisions]


ASKED = [(0.5, talks(1, 0.4)), (0.9, ended(1, 0.4))]


def test_a_line_is_given_part_by_part_and_waited_for_until_it_was_heard():
    decisions = decided(ASKED, [], [], [(3.2, Ack(1, 48_000, False))], [(4.1, Ack(1, 60_000, True))])
    assert [(d.choice, d.cause, d.response, d.part, d.parts, d.text) for d in decisions] == [
        ("speak", "user speech 1 ended at 0.90 s", 1, 0, 3, "one"),
        ("speak", "the line goes on", 1, 1, 3, "two"),
        ("speak", "the line goes on", 1, 2, 3, "three four"),
        ("listen", "nothing to say", 0, 0, 0, ""),
        ("listen", "nothing to say", 0, 0, 0, ""),
    ]


def test_a_line_whose_turn_comes_while_the_user_talks_waits():
    script = (Rule("at", seconds(1.0), "five"),)
    decisions = decided([], [(1.5, talks(1, 0.2))], [(2.9, ended(1, 1.0))], script=script)
    assert brief(decisions) == [("listen", "nothing to say"), ("listen", "waits: the user is talking"), ("speak", "it is 1 s")]


def test_lines_are_said_one_at_a_time():
    script = (Rule("at", 0, "five"), Rule("at", seconds(0.5), LINE))
    decisions = decided([], [], [(2.0, Ack(1, 12_000, True))], script=script)
    assert brief(decisions) == [("speak", "it is 0 s"), ("listen", "waits: the last answer still sounds"), ("speak", "it is 0.5 s")]
    assert [d.response for d in decisions] == [1, 0, 2]


def test_a_time_on_the_edge_of_two_windows_belongs_to_the_later_one():
    assert brief(decided([], [], script=(Rule("at", seconds(1.0), "five"),))) == [("listen", "nothing to say"), ("speak", "it is 1 s")]


def test_600_ms_said_over_a_line_stop_it():
    decisions = decided(ASKED, [(1.5, talks(2, 0.128)), (1.9, talks(2, 0.5))], [(2.1, talks(2, 0.6))], [(3.5, talks(2, 1.9))])
    assert brief(decisions)[1:] == [
        ("speak", "the line goes on"),
        ("stop", "talked over by utterance 2 for 0.60 s"),
        ("listen", "nothing to say"),
    ]
    assert decisions[2].response == 1


def test_a_line_that_was_talked_over_stops_also_if_somebody_begins_again_in_the_same_window():
    over = [(1.2, talks(2, 0.3)), (1.6, talks(2, 0.7)), (1.7, ended(2, 0.7)), (1.9, talks(3, 0.15))]
    assert brief(decided(ASKED, over))[1] == ("stop", "talked over by utterance 2 for 0.70 s")


def test_what_was_said_over_a_line_and_stopped_it_is_answered_once_it_ends():
    decisions = decided(ASKED, [(1.9, talks(2, 0.8))], [(2.9, ended(2, 1.2))])
    assert brief(decisions)[1:] == [("stop", "talked over by utterance 2 for 0.80 s"), ("speak", "user speech 2 ended at 2.90 s")]


def test_a_short_mhm_neither_stops_a_line_nor_is_answered():
    decisions = decided(ASKED, [(1.3, talks(2, 0.3)), (1.9, ended(2, 0.4))], [], [(3.6, Ack(1, 60_000, True))], [])
    assert [d.choice for d in decisions] == ["speak", "speak", "speak", "listen", "listen"]


def test_a_mhm_while_the_last_part_still_sounds_is_not_answered_either():
    decisions = decided(ASKED, [], [], [(3.1, talks(2, 0.2)), (3.8, ended(2, 0.3)), (3.9, Ack(1, 60_000, True))], [])
    assert [d.choice for d in decisions] == ["speak", "speak", "speak", "listen", "listen"]


def test_what_still_sounds_after_its_last_part_can_be_talked_over():
    decisions = decided(ASKED, [], [], [(3.05, talks(2, 0.2)), (3.6, talks(2, 0.7))])
    assert (decisions[3].choice, decisions[3].response) == ("stop", 1)


def test_an_utterance_that_outlives_the_line_it_began_in_does_not_stop_its_own_answer():
    decisions = decided(ASKED, [], [], [(3.4, talks(2, 0.3)), (3.5, Ack(1, 60_000, True))], [(4.5, ended(2, 0.9))], [(5.2, Ack(2, 100, False))])
    assert brief(decisions)[3:] == [
        ("listen", "nothing to say"),
        ("speak", "user speech 2 ended at 4.50 s"),
        ("listen", "nothing to say"),
    ]


def test_a_scene_that_begins_can_be_remarked_on():
    decisions = decided([(0.0, Glance(0, 1, False))], [(1.0, Glance(400, 2, True))], [(2.0, Glance(0, 2, False))], script=(Rule("scene", 2, "five"),))
    assert brief(decisions) == [("listen", "nothing to say"), ("speak", "scene 2 began at 1.00 s"), ("listen", "nothing to say")]


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 40])
def test_the_parts_of_a_line_joined_are_the_line(parts):
    assert " ".join(filter(None, (words_of(LINE, part, parts) for part in range(parts)))) == LINE
