"""The rules of Full-Duplex-Bench, on samples that are scored by hand."""

from __future__ import annotations

import pytest

from simulations.metrics.fdb import Sample, Scored, backchannels, latency, overlaps, response_gaps, scored, takes_turn
from simulations.metrics.parts import Timed
from tests.simulations.metrics.lines import MS


def words(*times: tuple[int, int]) -> tuple[Timed, ...]:
    return tuple(Timed("word", begin * MS, end * MS) for begin, end in times)


def ms(*spans: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple((begin * MS, end * MS) for begin, end in spans)


SPEECH = words((2500, 2700), (2700, 3000), (3000, 3600))  # three words of 1.1 s


# Words


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ((), False),
        (((0, 999),), False),
        (((0, 1000),), True),
        (((0, 100), (100, 200), (900, 999)), False),
        (((0, 100), (100, 200), (900, 1000)), True),
        (((0, 10), (10, 20), (20, 30), (30, 40)), True),
    ],
)
def test_a_turn_is_taken_by_words_of_a_second_or_by_more_than_three(said, taken):
    assert takes_turn(words(*said)) is taken


def test_the_latency_counts_from_the_end_of_the_turn_to_the_first_word():
    assert latency(SPEECH, 2000 * MS) == 500 * MS


def test_who_begins_before_that_has_no_latency_and_who_takes_no_turn_has_none():
    assert latency(SPEECH, 2600 * MS) == 0
    assert latency(SPEECH[:2], 2000 * MS) is None


# Speech


def test_both_speak_from_where_the_second_begins_to_where_the_first_ends():
    assert overlaps(ms((0, 1000), (3000, 4000)), ms((1500, 3400), (5000, 6000))) == list(ms((3000, 3400)))


def test_short_silences_of_user_and_model_are_filled():
    assert overlaps(ms((0, 1000), (1600, 2000)), ms((0, 3000))) == list(ms((0, 2000)))
    assert overlaps(ms((0, 1000), (1601, 2000)), ms((0, 3000))) == list(ms((0, 1000), (1601, 2000)))
    assert overlaps(ms((0, 3000)), ms((0, 1000), (1500, 2000))) == list(ms((0, 2000)))
    assert overlaps(ms((0, 3000)), ms((0, 1000), (1501, 2000))) == list(ms((0, 1000), (1501, 2000)))


def test_a_response_is_what_the_model_begins_next():
    assert response_gaps(ms((0, 1000), (3000, 4000)), ms((1500, 3400), (5000, 6000))) == list(ms((1000, 1500), (4000, 5000)))
    assert response_gaps(ms((0, 1000)), ms((500, 2000))) == []


def test_of_two_ends_before_the_same_beginning_the_later_counts():
    assert response_gaps(ms((0, 1000), (3000, 4000)), ms((5000, 6000))) == list(ms((4000, 5000)))


def test_a_model_that_begins_as_the_user_ends_has_begun_before():
    assert response_gaps(ms((0, 1000)), ms((1000, 1500), (2001, 3000))) == list(ms((1000, 2001)))


# Backchannels


@pytest.mark.parametrize(
    ("spans", "said", "found"),
    [
        (ms((1000, 1400), (5000, 5300)), words((1000, 1400), (5000, 5300)), (False, 2)),
        (ms((1000, 1400), (5000, 8001)), words((1000, 1400)), (True, 1)),  # speech: no more is looked at
        (ms((5000, 8001), (9000, 9100)), (), (True, 0)),
        (ms((1000, 1900)), words((1000, 1400), (1500, 1900)), (False, 1)),
        (ms((1000, 1400), (5000, 6000)), (), (True, 0)),  # a second is no backchannel, and the one before is forgotten
        (ms((1000, 1400), (5000, 5900)), words((5000, 5300), (5300, 5600), (5600, 5900)), (True, 0)),  # nor are three words
        (ms((1000, 2500), (5000, 5300)), (), (False, 1)),  # a short one after that gives the turn back
        ((), (), (False, 0)),
    ],
)
def test_backchannels_are_short_speech_of_two_words_at_most(spans, said, found):
    taken, nods = backchannels(spans, said)
    assert (taken, len(nods)) == found


def test_a_word_belongs_to_speech_that_it_reaches_into():
    three = ms((1000, 1900))
    assert backchannels(three, words((900, 1100), (1200, 1300), (1850, 2000)))[0] is True
    assert backchannels(three, words((900, 1000), (1200, 1300), (1901, 2000)))[0] is False


# Folders


def test_a_pause_asks_only_whether_the_turn_is_taken():
    assert scored(Sample("1", "pause_handling", 4000 * MS, ms((1000, 1600))[0], SPEECH)) == Scored("1", "pause_handling", True, length=4000 * MS)


def test_turn_taking_asks_for_the_latency_too():
    sample = Sample("1", "smooth_turn_taking", 4000 * MS, ms((2000, 2000))[0], SPEECH)
    assert scored(sample) == Scored("1", "smooth_turn_taking", True, 500 * MS, length=4000 * MS)


def test_an_interruption_asks_when_the_model_stops_and_responds_and_looks_at_no_other_speech():
    user, model = ms((0, 1000), (3000, 4000)), ms((900, 3400), (5000, 6000))
    sample = Sample("1", "user_interruption", 9000 * MS, ms((3000, 4000))[0], words((5000, 6000)), user, model)
    assert scored(sample) == Scored("1", "user_interruption", True, 1000 * MS, (400 * MS,), (1000 * MS,), length=9000 * MS)


def test_an_overlap_has_no_words():
    sample = Sample("1", "overlap", 9000 * MS, ms((3000, 3500))[0], None, ms((0, 1000), (3000, 3500)), ms((1500, 6000)))
    assert scored(sample) == Scored("1", "overlap", stops=(500 * MS,), responses=(), length=9000 * MS)


def test_a_listener_is_scored_by_backchannels():
    sample = Sample("1", "backchannel", 9000 * MS, (0, 9000 * MS), words((1000, 1300)), (), ms((1000, 1400)))
    assert scored(sample) == Scored("1", "backchannel", False, backchannels=1, length=9000 * MS)
