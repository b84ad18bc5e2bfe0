"""A "mhm" over the assistant does not stop it; who goes on talking does; each utterance over it comes to one choice."""

from __future__ import annotations

import pytest

from operators.omni_flow.playback.overlap import Choice, Duration, ListenOnly, OnSpeech, Overlapping, OverlapPolicy, parse_policy, step
from operators.senses.ears import Hearing

MS = 1_000_000
ONE_BY_ONE = Duration(accumulated=False)


def talks(utterance: int, ms: int, over: int = 1) -> tuple[Hearing, int]:
    return Hearing(900, True, utterance, ms * MS, False), over


def ended(utterance: int, ms: int, over: int = 1) -> tuple[Hearing, int]:
    return Hearing(0, False, utterance, ms * MS, True), over


def quiet(utterance: int, ms: int, over: int = 1) -> tuple[Hearing, int]:
    return Hearing(0, False, utterance, ms * MS, False), over


def chosen(policy: OverlapPolicy, *steps: tuple[Hearing, int]) -> list[Choice | None]:
    """Take the steps; returns what was chosen at each, None for nothing."""
    state, found = Overlapping(), []
    for hearing, audible in steps:
        state, choices = step(state, policy, hearing, audible)
        found += choices or [None]
    return found


def brief(policy: OverlapPolicy, *steps: tuple[Hearing, int]) -> list[tuple]:
    """Return (choice, answer, utterance, ms that count) of each choice."""
    return [(each.choice, each.response, each.utterance, each.over_ns // MS) for each in chosen(policy, *steps) if each]


@pytest.mark.parametrize(
    ("policy", "choice", "reason"),
    [
        (Duration(), "acknowledge", "utterance 2 ended after 699 ms, less than 700 ms: a short acknowledgement"),
        (ListenOnly(), "continue", "699 ms said over answer 1 by utterance 2; listen-only never stops"),
        (Duration(short_ack=699 * MS), "continue", "699 ms said over answer 1 by utterance 2; 1200 ms stop it"),
    ],
)
def test_an_utterance_that_does_not_stop_the_assistant_comes_to_a_choice_at_its_end(policy, choice, reason):
    over_ns = 0 if choice == "acknowledge" else 699 * MS
    expected = [None, None, Choice(choice, reason, 1, 2, 699 * MS, over_ns), None, None]
    assert chosen(policy, talks(2, 128), talks(2, 699), ended(2, 699), quiet(2, 699), ended(2, 699)) == expected


@pytest.mark.parametrize(
    ("policy", "at", "reason"),
    [
        (OnSpeech(), 0, "128 ms said over answer 1 by utterance 2; any speech stops it"),
        (Duration(), 2, "1200 ms said over answer 1 by utterance 2; 1200 ms stop it"),
        (ONE_BY_ONE, 2, "1200 ms said over answer 1 by utterance 2; 1200 ms stop it"),
        (Duration(700 * MS, 700 * MS), 2, "1200 ms said over answer 1 by utterance 2; 700 ms stop it"),
    ],
)
def test_one_that_is_long_enough_stops_it_at_once_and_only_once(policy, at, reason):
    spoken = (128, 699, 1200)
    stop = Choice("stop", reason, 1, 2, spoken[at] * MS, spoken[at] * MS)
    found = chosen(policy, *(talks(2, ms) for ms in spoken), talks(2, 1900), ended(2, 1900), talks(3, 5000))
    assert found == [stop if n == at else None for n in range(6)]


def test_longer_utterances_add_up_and_short_ones_are_forgotten():
    steps = (talks(2, 400), ended(2, 600), talks(3, 700), ended(3, 800), talks(4, 128), ended(4, 300), talks(5, 399), talks(5, 400))
    forgotten, kept = ("acknowledge", 1, 2, 0), ("continue", 1, 3, 800)
    assert brief(Duration(), *steps) == [forgotten, kept, ("acknowledge", 1, 4, 0), ("stop", 1, 5, 1200)]
    assert chosen(Duration(), *steps)[-1].reason == "1200 ms said over answer 1 (400 ms by utterance 5); 1200 ms stop it"
    assert brief(ONE_BY_ONE, *steps) == [forgotten, kept, ("acknowledge", 1, 4, 0)]


def test_what_adds_up_is_said_at_the_end_of_an_utterance_too():
    steps = (ended(2, 750), ended(3, 800), ended(4, 900))
    added, alone = (Duration(barge_in=3000 * MS, accumulated=add) for add in (True, False))
    assert brief(added, *steps) == [("continue", 1, 2, 750), ("continue", 1, 3, 1550), ("continue", 1, 4, 2450)]
    assert brief(alone, *steps) == [("continue", 1, 2, 750), ("continue", 1, 3, 800), ("continue", 1, 4, 900)]


def test_what_was_said_over_one_answer_does_not_count_against_the_next():
    assert brief(Duration(), ended(2, 1000), talks(3, 1100, over=2)) == [("continue", 1, 2, 1000)]
    assert brief(Duration(), ended(2, 1000), quiet(2, 1000, over=0), talks(3, 1100)) == [("continue", 1, 2, 1000)]


def test_of_an_utterance_that_began_before_the_answer_only_the_rest_counts():
    before = talks(2, 3000, over=0)
    assert brief(Duration(), before, talks(2, 3100), talks(2, 4199), talks(2, 4200)) == [("stop", 1, 2, 1200)]
    assert brief(OnSpeech(), before, talks(2, 3000), talks(2, 3020)) == [("stop", 1, 2, 20)]
    assert brief(Duration(), before, ended(2, 3400)) == [("continue", 1, 2, 400)]
    assert brief(OnSpeech(), before, talks(2, 3000), ended(2, 3000)) == []


def test_an_utterance_that_outlives_its_answer_still_comes_to_a_choice():
    assert brief(Duration(), talks(2, 200), quiet(2, 200, over=0), ended(2, 200, over=0)) == [("acknowledge", 1, 2, 0)]
    assert brief(Duration(), talks(2, 200), talks(2, 5000, over=0), ended(2, 5000, over=0)) == [("continue", 1, 2, 200)]


def test_an_utterance_over_two_answers_counts_for_each_from_its_beginning():
    assert brief(Duration(), talks(2, 900), talks(2, 1000, over=2), talks(2, 2099, over=2), talks(2, 2100, over=2)) == [("stop", 2, 2, 1200)]
    assert brief(Duration(), talks(2, 900), ended(2, 1000, over=2), talks(3, 1099, over=2)) == [("continue", 2, 2, 100)]
    assert brief(Duration(), talks(2, 900), ended(2, 900, over=2), talks(3, 1199, over=2)) == [("continue", 1, 2, 900)]


@pytest.mark.parametrize("talking", [False, True])
def test_where_nothing_is_new_the_state_is_the_very_same(talking):
    hearing = Hearing(900 * talking, talking, 1, 300_000_000, False)
    state, _ = step(Overlapping(), Duration(), hearing, audible=0)
    again, choices = step(state, Duration(), hearing, audible=0)
    assert (again is state, choices) == (True, [])


def test_who_stopped_one_answer_may_stop_the_next():
    steps = (talks(2, 1200), talks(2, 1300, over=0), talks(2, 1400, over=2), talks(2, 2500, over=2), ended(2, 2600, over=2))
    assert brief(Duration(), *steps) == [("stop", 1, 2, 1200), ("stop", 2, 2, 1200)]


def test_an_utterance_whose_end_was_not_heard_of_ended_when_the_next_one_began():
    assert brief(Duration(), talks(2, 800), talks(3, 399), talks(3, 400)) == [("continue", 1, 2, 800), ("stop", 1, 3, 1200)]
    assert brief(Duration(), talks(2, 200), talks(4, 1100, over=2)) == [("acknowledge", 1, 2, 0)]
    assert brief(Duration(), talks(2, 800), talks(3, 500)) == [("continue", 1, 2, 800), ("stop", 1, 3, 1300)]
    assert brief(Duration(), talks(2, 800), ended(3, 300)) == [("continue", 1, 2, 800), ("acknowledge", 1, 3, 0)]
    assert brief(OnSpeech(), quiet(2, 5000)) == []  # nor is it known that it was over the answer
    assert brief(Duration(), quiet(2, 1000, over=0), talks(3, 1200)) == [("stop", 1, 3, 1200)]


# As it is typed


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("listen-only", ListenOnly()),
        (" on-speech() ", OnSpeech()),
        ("duration", Duration(700 * MS, 1200 * MS, True)),
        ("duration()", Duration()),
        ("duration(short_ack=700,barge_in=1200)", Duration()),
        ("duration( accumulated = false , short_ack=0, barge_in=1 )", Duration(0, MS, False)),
        ("duration(accumulated=true,barge_in=3600000)", Duration(barge_in=3600 * 1000 * MS)),
    ],
)
def test_a_policy_is_read_as_it_is_typed(text, policy):
    assert parse_policy(text) == policy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"wants listen-only, on-speech or duration\(short_ack=700,barge_in=1200,accumulated=true\), got ''"),
        ("durations", "got 'durations'"),
        ("duration(short_ack=700", r"got 'duration\(short_ack=700'"),
        ("Duration", "got 'Duration'"),
        ("listen-only(short_ack=1)", "listen-only has no options, got 'short_ack=1'"),
        ("duration(700)", "duration wants short_ack=, barge_in= or accumulated=, got '700'"),
        ("duration(short_ack=1,)", "or accumulated=, got ''"),
        ("duration(short_ack=1,short_ack=1)", "duration wants short_ack once, got it twice"),
        ("duration(short_ack=0.7)", "short_ack: wants whole milliseconds, 0 to 3600000, got '0.7'"),
        ("duration(short_ack=-1)", "got '-1'"),
        ("duration(barge_in)", "barge_in: wants whole milliseconds, 0 to 3600000, got ''"),
        ("duration(barge_in=3600001)", "got '3600001'"),
        ("duration(barge_in=" + "9" * 9999 + ")", "barge_in: wants whole milliseconds"),
        ("duration(barge_in=1_200)", "got '1_200'"),
        ("duration(barge_in=٣)", "barge_in: wants whole milliseconds"),
        ("duration(accumulated=yes)", "accumulated: wants true or false, got 'yes'"),
        ("duration(barge_in=600)", "wants 0 <= short_ack <= barge_in, and a barge_in above 0, got 700 and 600 ms"),
        ("duration(short_ack=0,barge_in=0)", "got 0 and 0 ms"),
    ],
)
def test_what_is_no_policy_is_refused_with_what_is_wrong(text, words):
    with pytest.raises(ValueError, match=f"^overlap: .*{words}"):
        parse_policy(text)
