"""Every figure on sessions that are small enough to be counted by hand: exact, in nanoseconds."""

from __future__ import annotations

from dataclasses import fields

import pytest

from simulations.metrics.truth import Score, score, scored
from simulations.scenario_file import load_scenario
from simulations.world import simulate
from tests.simulations.metrics.lines import MS, answer, line, part

ASKED = (part("say", 1000, 2000), answer(1, 3000, 5000))  # answered after a second
NOTHING = Score("talk", "user")


def counted(*said, **options) -> dict:
    """What differs from a session in which nothing happens; times in ms."""
    found = scored(line(*said, **options))
    named = {field.name: getattr(found, field.name) for field in fields(found)}
    changed = {name: value for name, value in named.items() if value != getattr(NOTHING, name)}
    times = ("latencies", "stops", "hits", "overlap", "user_speech")
    return {name: _ms(value) if name in times else value for name, value in changed.items()}


def _ms(value):
    return value / MS if isinstance(value, int) else tuple(each / MS for each in value)


def of(found: dict, *names: str) -> tuple:
    return tuple(found.get(name, getattr(NOTHING, name)) for name in names)


# Takeover and response latency


def test_a_question_that_is_answered_is_a_turn_taken_after_its_latency():
    assert counted(*ASKED) == {"turns": 1, "taken": 1, "latencies": (1000.0,), "user_speech": 1000.0, "answers": 1}


def test_in_a_silent_session_nothing_is_counted():
    assert counted() == {}
    assert counted(cues=()) == {"cues": 0}


def test_a_question_without_an_answer_is_a_turn_not_taken():
    assert counted(part("say", 1000, 2000)) == {"turns": 1, "user_speech": 1000.0}


@pytest.mark.parametrize(("words", "end", "taken"), [(3, 3999, 0), (3, 4000, 1), (4, 3999, 1)])
def test_a_turn_is_taken_by_a_second_of_words_or_by_more_than_three(words, end, taken):
    said = [("word", 3000 + n, 3001 + n) for n in range(words - 1)] + [("last", 3900, end)]
    assert of(counted(part("say", 1000, 2000), answer(1, 3000, end, *said)), "taken", "latencies") == (taken, (1000.0,) * taken)


def test_an_answer_that_comes_too_early_has_no_latency_and_is_a_false_start():
    found = counted(part("say", 1000, 2000), answer(1, 1500, 4000))
    assert of(found, "latencies", "false_starts", "overlap") == ((0.0,), 1, 500.0)


# Stop latency


def test_an_answer_stops_so_long_after_the_interruption_begins():
    found = counted(part("say", 1000, 2000), answer(1, 3000, 6300, stopped=True), part("interrupt", 5000, 7000))
    assert of(found, "stops", "talked_on", "overlap") == ((1300.0,), 0, 1300.0)


def test_it_may_stop_only_after_the_interruption_has_ended():
    found = counted(part("say", 1000, 2000), answer(1, 3000, 6300, stopped=True), part("interrupt", 5000, 6000))
    assert of(found, "stops", "talked_on", "overlap") == ((1300.0,), 0, 1000.0)


def test_an_answer_that_goes_on_to_its_end_has_talked_on_and_takes_no_turn():
    found = counted(part("say", 1000, 2000), answer(1, 3000, 9000), part("interrupt", 5000, 6000))
    assert of(found, "turns", "taken", "stops", "talked_on") == (2, 1, (), 1)


def test_an_answer_that_happens_to_end_during_the_interruption_neither_stopped_nor_talked_on():
    found = counted(part("say", 1000, 2000), answer(1, 3000, 5500), part("interrupt", 5000, 6000))
    assert of(found, "stops", "talked_on", "overlap") == ((), 0, 500.0)


def test_who_talked_over_it_last_has_stopped_it():
    said = (part("say", 1000, 2000), answer(1, 3000, 9200, stopped=True), part("interrupt", 5000, 6000), part("interrupt", 8500, 9500))
    assert of(counted(*said), "stops", "talked_on") == ((700.0,), 1)


def test_an_interruption_in_two_sentences_is_one_and_counts_from_the_first():
    said = (part("say", 1000, 2000), answer(1, 3000, 7000, stopped=True), part("interrupt", 5000, 6000), part("say", 6500, 7500))
    assert of(counted(*said), "turns", "stops", "talked_on") == (2, (2000.0,), 0)


# Pauses and false starts


def test_a_pause_is_kept_if_nobody_takes_it():
    found = counted(part("say", 1000, 2000), part("say", 3500, 4000), answer(1, 5000, 6500))
    assert of(found, "turns", "paused", "pauses_kept", "false_starts", "latencies") == (1, 1, 1, 0, (1000.0,))


def test_a_pause_that_is_taken_is_a_false_start_and_the_answer_after_it_has_the_latency():
    said = (part("say", 1000, 2000), answer(1, 2600, 3900, stopped=True), part("say", 3500, 4500), answer(2, 5000, 6500))
    assert of(counted(*said), "paused", "pauses_kept", "false_starts", "stops", "latencies") == (1, 0, 1, (400.0,), (500.0,))


def test_a_short_word_in_a_pause_does_not_take_it():
    said = (part("say", 1000, 2000), answer(1, 2600, 2900, ("Hm", 2600, 2900), stopped=True), part("say", 3500, 4500))
    assert of(counted(*said), "paused", "pauses_kept", "false_starts") == (1, 1, 1)


def test_pauses_of_a_turn_that_began_over_an_answer_are_not_counted():
    said = (part("say", 1000, 2000), answer(1, 3000, 5500, stopped=True), part("interrupt", 5000, 6000), part("say", 7000, 8000))
    assert of(counted(*said), "turns", "paused") == (2, 0)


# Acknowledgements, and what is not for the assistant


def test_an_acknowledgement_does_not_stop_an_answer():
    assert of(counted(*ASKED, part("mhm", 4000, 4200)), "turns", "acknowledgements", "carried_on", "overlap") == (1, 1, 1, 200.0)


def test_an_answer_that_stops_at_an_acknowledgement_did_not_carry_on():
    said = (part("say", 1000, 2000), answer(1, 3000, 4500, stopped=True), part("mhm", 4000, 4200))
    assert of(counted(*said), "acknowledgements", "carried_on", "stops") == (1, 0, ())


def test_an_answer_that_is_interrupted_later_did_carry_on():
    said = (part("say", 1000, 2000), answer(1, 3000, 6000, stopped=True), part("mhm", 4000, 4200), part("interrupt", 5000, 6500))
    assert of(counted(*said), "acknowledgements", "carried_on", "stops") == (1, 1, (1000.0,))


def test_an_acknowledgement_of_nothing_is_not_counted():
    assert of(counted(*ASKED, part("mhm", 6000, 6200)), "acknowledgements") == (0,)


def test_asides_and_other_people_are_to_be_ignored():
    said = (*ASKED, part("aside", 3500, 3700), part("aside", 4000, 4300, who="talker"))
    assert of(counted(*said), "bystanders", "bystanders_ignored", "overlap", "user_speech") == (2, 2, 200.0, 1200.0)
    said = (part("say", 1000, 2000), answer(1, 3000, 4600, stopped=True), part("aside", 4000, 4300, who="talker"))
    assert of(counted(*said), "bystanders", "bystanders_ignored") == (1, 0)


# Unasked


def test_what_is_said_soon_after_the_scene_changed_is_a_hit_and_its_delay():
    assert counted(answer(1, 7200, 8000), cues=(6000, 12_000)) == {"answers": 1, "cues": 2, "hits": (1200.0,)}


@pytest.mark.parametrize(("begin", "hits"), [(6000, (0.0,)), (11_000, (5000.0,)), (11_001, ()), (5999, ())])
def test_it_has_to_come_within_five_seconds_and_not_before(begin, hits):
    assert of(counted(answer(1, begin, begin + 500), cues=(6000,)), "hits", "false_alarms") == (hits, 1 - len(hits))


def test_a_change_of_scene_is_for_one_answer_only():
    assert of(counted(answer(1, 6500, 7000), answer(2, 8000, 8500), cues=(6000,)), "hits", "false_alarms") == ((500.0,), 1)
    assert of(counted(answer(1, 6500, 7000), answer(2, 8000, 8500), cues=(6000, 6200)), "hits", "false_alarms") == ((500.0, 1800.0), 0)


def test_what_is_asked_for_is_not_unasked_but_a_second_answer_is():
    assert of(counted(*ASKED, cues=(2500,)), "hits", "false_alarms") == ((), 0)
    assert of(counted(*ASKED, answer(2, 9000, 9500), cues=(8500,)), "hits", "false_alarms") == ((500.0,), 0)
    assert of(counted(*ASKED, answer(2, 9000, 9500)), "cues", "hits", "false_alarms") == (None, (), 1)


def test_the_reply_after_a_false_start_is_asked_for_too():
    said = (part("say", 1000, 4000), answer(1, 1500, 2500, stopped=True), answer(2, 5000, 6000))
    assert of(counted(*said), "false_starts", "false_alarms") == (1, 0)


def test_an_answer_to_an_aside_is_a_false_alarm():
    assert of(counted(part("aside", 1000, 2000), answer(1, 3000, 5000)), "turns", "false_alarms") == (0, 1)


# Of simulated sessions


def test_a_simulated_session_is_scored_from_its_trace():
    found = score(simulate(load_scenario("watching")))
    assert found == Score("watching 0", "user", answers=3, cues=3, hits=(1290 * MS, 1290 * MS, 1290 * MS))
    found = score(simulate(load_scenario("listening")))
    assert (found.acknowledgements, found.carried_on, found.overlap, found.latencies) == (5, 5, 900 * MS, (1290 * MS,))
    found = score(simulate(load_scenario("barge_in")))
    assert (found.turns, found.taken, found.stops, found.latencies) == (2, 2, (2310 * MS,), (1130 * MS, 1430 * MS))
