"""One decision per window, each with its reason."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Window, seconds
from operators.omni_flow.interleaving.admission import Progress, TimeAligned
from operators.omni_flow.playback.overlap import Duration, ListenOnly, OnSpeech
from operators.scripted.decide import decide
from operators.scripted.mind import Manners, Mind, Speaking
from operators.scripted.script import Rule
from operators.senses.ears import Hearing
from operators.senses.eyes import Glance
from operators.words import Ack, words_of

LINE = "one two three four"  # a word takes 0.7 s: the first window gives two of them, the others one each
SCRIPT = (Rule("speech_ends", 1, LINE), Rule("speech_ends", 2, "five"))


class Slowly:
    """Say a word in 0.7 s, 0.2 s after the window that decided it."""

    delay = seconds(0.2)

    def __call__(self, line: str) -> tuple[int, ...]:
        return (seconds(0.7),) * len(words_of(line))

    def samples(self, line: str, characters: int) -> int:
        return 16_800 * len(words_of(line[:characters]))


HOW = {"script": SCRIPT, "pace": Slowly(), "manners": Manners(admit=TimeAligned(0))}


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
        mind, answers = decide(mind, Event(seconds(k + 1), "window", k, window), **{**HOW, "script": script})
        assert [answer.k for answer in answers] == [k]
        found += answers
    return found


def brief(decisions: list) -> list[tuple]:
    return [(d.choice, d.cause) for d in decisions]


def heard(at: float, of: float) -> list:
    """Say that at a time so many seconds of the first answer had been heard."""
    return [(at, Ack(1, round(of * 24_000), False, 0, seconds(at)))]


ASKED = [(0.5, talks(1, 0.4)), (0.9, ended(1, 0.4))]


def test_a_line_is_given_a_few_words_at_a_time_and_waited_for_until_it_was_heard():
    decisions = decided(ASKED, heard(1.9, 0.7), heard(2.9, 1.7), heard(3.9, 2.7), [(4.0, Ack(1, 67_200, True))])
    assert [(d.choice, d.cause, d.response, d.part, d.last, d.text, d.begin, d.ends) for d in decisions] == [
        ("speak", "user speech 1 ended at 0.90 s", 1, 0, False, "one two", 0, ""),
        ("speak", "the line goes on", 1, 1, False, " three", 7, ""),
        ("speak", "the line goes on", 1, 2, True, " four", 13, "drain"),
        ("listen", "nothing to say", 0, 0, False, "", 0, ""),
        ("listen", "nothing to say", 0, 0, False, "", 0, ""),
    ]
    assert [d.p_listen for d in decisions] == [0, 0, 0, 1000, 1000]


def test_a_player_that_says_nothing_for_two_windows_is_taken_to_play_on():
    assert [d.text for d in decided(ASKED, [], [], [], [], [])] == ["one two", "", "", " three four", "", ""]


def test_a_player_that_is_late_is_given_fewer_words():
    stalled = [(1.9, Ack(1, 0, False))]  # it should have begun at 1.2
    decisions = decided(ASKED, stalled, [(2.9, Ack(1, 24_000, False))], [(3.9, Ack(1, 48_000, False))], [])
    assert [(d.text, d.cause) for d in decisions] == [
        ("one two", "user speech 1 ended at 0.90 s"),
        ("", "the line goes on: enough of it is still to be heard"),
        (" three four", "the line goes on"),
        ("", "nothing to say"),
        ("", "nothing to say"),
    ]


def test_several_windows_in_one_are_given_the_words_of_the_time_that_they_took():
    window = Window(0, 0, seconds(1), seconds(1), False, ())
    how = {**HOW, "script": (Rule("at", 0, "a b c d e f g h i j k l"),)}
    mind, (first,) = decide(Mind(), Event(seconds(1), "window", 0, window), **how)
    acks = (Event(seconds(2.8), "playback", 0, Ack(1, 0, False, 0, seconds(2.8))),)  # it has not begun, and lags 1.6 s behind
    merged = Window(2, seconds(1), seconds(3), seconds(3), False, acks)
    _, (second,) = decide(mind, Event(seconds(3), "window", 2, merged), **how)
    assert (first.text, second.text) == ("a b", " c d")  # from 4.4 and 5.1 s on; e would be from 5.8, and is for what is decided from 5.2 s on


def test_a_turn_begins_with_a_word_however_little_is_admitted():
    window = Window(0, 0, seconds(1), seconds(1), False, ())
    _, (first,) = decide(
        Mind(), Event(seconds(1), "window", 0, window), **{**HOW, "script": (Rule("at", 0, LINE),), "manners": Manners(admit=lambda *_: 0)}
    )
    assert first.text == "one"


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


def test_1200_ms_said_over_a_line_stop_it():
    decisions = decided(ASKED, [(1.5, talks(2, 0.128)), (1.9, talks(2, 0.5)), *heard(1.95, 0.75)], [(2.6, talks(2, 1.2))], [(3.5, talks(2, 1.9))])
    assert brief(decisions)[1:] == [
        ("speak", "the line goes on"),
        ("stop", "1200 ms said over answer 1 by utterance 2; 1200 ms stop it"),
        ("listen", "nothing to say"),
    ]
    assert decisions[2].response == 1
    assert [[(c.choice, c.reason) for c in d.overlap] for d in decisions][2:] == [[("stop", decisions[2].cause)], []]


def test_a_line_that_was_talked_over_stops_also_if_somebody_begins_again_in_the_same_window():
    over = [(1.2, talks(2, 0.3)), (1.6, talks(2, 1.3)), (1.7, ended(2, 1.3)), (1.9, talks(3, 0.15))]
    assert brief(decided(ASKED, over))[1] == ("stop", "1300 ms said over answer 1 by utterance 2; 1200 ms stop it")


def test_what_was_said_over_a_line_and_stopped_it_is_answered_once_it_ends():
    decisions = decided(ASKED, [(1.9, talks(2, 1.3))], [(2.9, ended(2, 1.7))])
    assert brief(decisions)[1:] == [
        ("stop", "1300 ms said over answer 1 by utterance 2; 1200 ms stop it"),
        ("speak", "user speech 2 ended at 2.90 s"),
    ]


def test_a_short_mhm_neither_stops_a_line_nor_is_answered():
    decisions = decided(ASKED, [(1.3, talks(2, 0.3)), (1.9, ended(2, 0.4)), *heard(1.95, 0.75)], heard(2.9, 1.7), [(3.6, Ack(1, 60_000, True))], [])
    assert [d.choice for d in decisions] == ["speak", "speak", "speak", "listen", "listen"]


def test_a_mhm_while_the_last_part_still_sounds_is_not_answered_either():
    decisions = decided(ASKED, heard(1.9, 0.7), heard(2.9, 1.7), [(3.1, talks(2, 0.2)), (3.8, ended(2, 0.3)), (3.9, Ack(1, 60_000, True))], [])
    assert [d.choice for d in decisions] == ["speak", "speak", "speak", "listen", "listen"]


def test_what_still_sounds_after_its_last_part_can_be_talked_over():
    decisions = decided(ASKED, heard(1.9, 0.7), heard(2.9, 1.7), [(3.05, talks(2, 0.2)), (3.6, talks(2, 1.3))])
    assert (decisions[3].choice, decisions[3].response) == ("stop", 1)


def test_what_is_between_a_short_mhm_and_a_barge_in_is_answered_afterwards():
    decisions = decided(ASKED, [(1.3, talks(2, 0.3)), (1.9, ended(2, 0.9)), *heard(1.95, 0.75)], heard(2.9, 1.7), [(3.6, Ack(1, 67_200, True))], [])
    assert [d.choice for d in decisions] == ["speak", "speak", "speak", "speak", "listen"]
    assert [(c.choice, c.utterance) for d in decisions for c in d.overlap] == [("continue", 2)]
    assert decisions[3].cause == "user speech 2 ended at 1.90 s"


@pytest.mark.parametrize(("policy", "choice"), [(ListenOnly(), "speak"), (OnSpeech(), "stop"), (Duration(), "speak")])
def test_who_stops_at_what_is_the_policy_s(policy, choice):
    how = {**HOW, "manners": Manners(overlap=policy)}
    asked = tuple(Event(seconds(at), "listen", n, data) for n, (at, data) in enumerate(ASKED))
    mind, _ = decide(Mind(), Event(seconds(1), "window", 0, Window(0, 0, seconds(1), seconds(1), False, asked)), **how)
    over = Window(1, seconds(1), seconds(2), seconds(2), False, (Event(seconds(1.9), "listen", 2, talks(2, 0.4)),))
    assert decide(mind, Event(seconds(2), "window", 1, over), **how)[1][0].choice == choice


def test_the_first_windows_may_be_forced_to_listen():
    window = Window(0, 0, seconds(1), seconds(1), False, ())
    script = (Rule("at", 0, "five"),)
    mind, (first,) = decide(Mind(), Event(seconds(1), "window", 0, window), **{**HOW, "script": script, "manners": Manners(force_listen=1)})
    assert (first.choice, first.forced, first.cause) == ("listen", "force_listen", "forced to listen in the first 1 windows")
    later = window._replace(k=1, start=seconds(1), end=seconds(2))
    assert decide(mind, Event(seconds(2), "window", 1, later), **{**HOW, "script": script, "manners": Manners(force_listen=1)})[1][0].text == "five"


def test_what_is_wrong_with_an_acknowledgement_is_told_and_harms_nothing():
    wrong = [(1.5, Ack(7, 100, False)), (1.6, Ack(1, 10**9, False, 0, seconds(1.6))), (1.7, Ack(1, 5, True, 3, seconds(1.7)))]
    assert [(n.kind, n.response) for d in decided(ASKED, wrong) for n in d.notices] == [("unknown", 7), ("beyond-sent", 1), ("epoch", 1)]


def test_an_utterance_that_outlives_the_line_it_began_in_does_not_stop_its_own_answer():
    decisions = decided(
        ASKED,
        heard(1.9, 0.7),
        heard(2.9, 1.7),
        [(3.4, talks(2, 0.3)), (3.5, Ack(1, 60_000, True))],
        [(4.5, ended(2, 0.9))],
        [(5.2, Ack(2, 100, False))],
    )
    assert brief(decisions)[3:] == [
        ("listen", "nothing to say"),
        ("speak", "user speech 2 ended at 4.50 s"),
        ("listen", "nothing to say"),
    ]


def test_a_scene_that_begins_can_be_remarked_on():
    decisions = decided([(0.0, Glance(0, 1, False))], [(1.0, Glance(400, 2, True))], [(2.0, Glance(0, 2, False))], script=(Rule("scene", 2, "five"),))
    assert brief(decisions) == [("listen", "nothing to say"), ("speak", "scene 2 began at 1.00 s"), ("listen", "nothing to say")]


def test_the_parts_of_a_line_joined_are_the_line():
    assert "".join(d.text for d in decided(ASKED, [], [], [])) == LINE


def test_what_was_stopped_belongs_to_an_old_epoch():
    decisions = decided(ASKED, [(1.9, talks(2, 1.3))], [(2.9, ended(2, 1.7))])
    assert [(d.choice, d.epoch, d.ends) for d in decisions] == [("speak", 0, ""), ("stop", 0, "flush"), ("speak", 1, "drain")]


def test_what_was_played_since_the_last_report_is_counted_up_to_the_decision_not_to_its_sound():
    """1.32 s began to sound at 3.613 s, so they end at 4.933 s: three words of 0.3 s begin before 5.8 s, where the next ones would be early."""

    class Late(Slowly):
        delay = seconds(0.5)

    progress = Progress(1, begins=seconds(3.5), next=seconds(1.32), admitted=4, heard=seconds(0.2), reported=seconds(3.813))
    words = ("one", *[" more"] * 9)
    turn = Speaking(1, "".join(words), words, (seconds(0.3),) * 10, 0, 1, progress)
    window = Window(3, seconds(3), seconds(4), seconds(4), False, ())
    how = {"script": (), "pace": Late(), "manners": Manners(admit=TimeAligned(seconds(0.3)))}
    _, (decision,) = decide(Mind(turn=turn), Event(seconds(4), "window", 3, window), **how)
    assert decision.text == "one more more"
