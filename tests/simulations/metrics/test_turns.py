"""The user's turns: a pause belongs to one, an answer ends it; and what each is answered with."""

from __future__ import annotations

from simulations.metrics.turns import between, going_on, reply, turns_of
from tests.simulations.metrics.lines import MS, answer, line, part


def cut(*said, **options) -> list[tuple]:
    """Turns as (begin, end, next) in ms."""
    return [(turn.begin // MS, turn.end // MS, turn.next // MS) for turn in turns_of(line(*said), **options)]


def replies(*said) -> list[list[tuple]]:
    found = line(*said)
    return [[(word.text, word.start // MS, word.end // MS) for word in reply(turn, found.answers)] for turn in turns_of(found)]


def test_each_thing_said_is_a_turn_up_to_the_next_one():
    assert cut(part("say", 1000, 2000), answer(1, 3000, 4000), part("say", 5000, 6000)) == [(1000, 2000, 5000), (5000, 6000, 20_000)]


def test_who_goes_on_after_a_pause_is_in_the_same_turn():
    assert cut(part("say", 1000, 2000), part("say", 4000, 5000)) == [(1000, 5000, 20_000)]
    assert cut(part("say", 1000, 2000), part("say", 4001, 5000)) == [(1000, 2000, 4001), (4001, 5000, 20_000)]
    assert cut(part("say", 1000, 2000), part("say", 2600, 5000), pause=500 * MS) == [(1000, 2000, 2600), (2600, 5000, 20_000)]


def test_what_follows_a_whole_answer_is_another_turn():
    assert len(cut(part("say", 1000, 2000), answer(1, 2300, 2800), part("say", 3300, 4000))) == 2
    assert len(cut(part("say", 1000, 2000), answer(1, 2300, 2800, stopped=True), part("say", 3300, 4000))) == 1
    assert len(cut(part("say", 1000, 2000), answer(1, 2300, 3301), part("say", 3300, 4000))) == 1
    assert len(cut(part("say", 1000, 2000), answer(1, 500, 2800), part("say", 3300, 4000))) == 1


def test_interruptions_and_repetitions_are_turns_of_their_own():
    for kind in ("interrupt", "repeat"):
        assert len(cut(part("say", 1000, 2000), part(kind, 3000, 4000))) == 2
    assert len(cut(part("interrupt", 1000, 2000), part("say", 3000, 4000))) == 1


def test_acknowledgements_asides_and_other_people_take_no_turn():
    others = (part("mhm", 2500, 2600), part("aside", 2700, 2800), part("say", 2900, 3000, who="talker"))
    assert cut(part("say", 1000, 2000), *others, part("say", 3500, 4000)) == [(1000, 4000, 20_000)]


def test_an_answer_goes_on_also_where_it_is_silent():
    one = answer(1, 1000, 2000)
    assert [going_on([one], time * MS) for time in (1000, 1001, 1999, 2000)] == [None, one, one, None]


def test_a_turn_is_answered_with_all_that_begins_before_the_next():
    one = answer(1, 3000, 3400, ("a", 3000, 3200), ("b", 3200, 3400))
    two = answer(2, 4900, 5300, ("c", 4900, 5100), ("d", 5100, 5300))
    assert replies(part("say", 1000, 2000), one, two, part("say", 5000, 6000)) == [[("a", 3000, 3200), ("b", 3200, 3400), ("c", 4900, 5000)], []]


def test_what_begins_before_the_user_has_finished_counts():
    assert replies(part("say", 1000, 2000), answer(1, 1500, 1900, ("Yes", 1500, 1900))) == [[("Yes", 1500, 1900)]]


def test_of_a_turn_with_a_pause_only_what_begins_from_its_last_part_on_counts():
    early, late = answer(1, 2500, 2900, ("Yes", 2500, 2900), stopped=True), answer(2, 5000, 5400, ("No", 5000, 5400))
    assert replies(part("say", 1000, 2000), early, part("say", 3000, 4000), late) == [[("No", 5000, 5400)]]


def test_after_an_interruption_only_what_comes_after_its_end_counts():
    old = answer(1, 3000, 7000, ("on", 3000, 5000), ("and", 5000, 7000))
    new = answer(2, 7000, 8000, ("I", 7000, 7200), ("see", 7400, 8000))
    assert replies(part("say", 1000, 2000), old, part("interrupt", 5000, 7300), new)[1] == [("see", 7400, 8000)]


def test_words_are_taken_from_answers_that_begin_in_a_stretch_and_end_with_it():
    answers = [answer(1, 0, 400, ("a", 0, 400)), answer(2, 500, 900, ("b", 500, 700), ("c", 700, 900))]
    assert [(word.text, word.end // MS) for word in between(answers, 1 * MS, 800 * MS)] == [("b", 700), ("c", 800)]
