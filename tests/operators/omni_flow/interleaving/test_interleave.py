"""Text stands in the window its word starts in, or a look-ahead earlier; sound is spoken once, in order, after its text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.interleaving.dialogue import Dialogue, dialogue, last_unit
from operators.omni_flow.interleaving.interleave import Unit, fixed_ratio, supervise, text_first, time_aligned
from operators.omni_flow.tokens.vocabulary import CHUNK_EOS, LISTEN, SPEAK, TTS_PAD, TURN_EOS
from tests.operators.omni_flow.interleaving.spoken import CASES, MS, answers, dialogue_of, look_aheads, turn, turns, units

THREE = (("a", 0, 0.7), ("b", 0.7, 1.3), ("c", 1.3, 2.4))
ways = st.one_of(look_aheads.map(time_aligned), st.just(text_first), st.sampled_from([1, 3, 5]).map(fixed_ratio))


def laid(*given: dict, unit: float = 1.0, look_ahead: float = 0.0, **how) -> list[tuple]:
    """Lay out turns. Lists (unit, text, end of turn, sound in ms) of all windows in which something is said."""
    found = supervise(dialogue_of(*given, unit=unit, look_ahead=look_ahead), **how)
    assert [each.unit for each in found] == list(range(len(found)))
    return [(each.unit, each.text, each.end_of_turn, _ms(each)) for each in found if each.ids != (LISTEN,)]


def _ms(unit: Unit) -> tuple | None:
    return unit.voiced and tuple(time / MS for time in unit.voiced)


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_has_the_same_text_and_the_same_ids_in_every_window(name):
    case = CASES[name]
    found = supervise(dialogue({key: case[key] for key in ("unit_s", "look_ahead_s", "turns")}))
    wanted = [(unit["unit"], tuple(unit["ids"][1:-1])) for unit in case["units"]]  # without that protocol's wrappers
    assert [(unit.unit, unit.ids) for unit in found] == wanted[: len(found)]
    assert {ids for _, ids in wanted[len(found) :]} <= {(LISTEN,)}
    texts = ["".join(text for text in unit["out_stream"] if not text.startswith(("<|", "<ai_", "</ai_"))) for unit in case["units"]]
    assert [unit.text for unit in found] == texts[: len(found)]


def test_sound_is_spoken_as_it_goes_on_and_text_where_its_word_starts():
    assert laid(turn(*THREE)) == [(0, "ab", False, (0, 1000)), (1, "c", False, (1000, 2000)), (2, "", True, (2000, 2400))]


def test_a_look_ahead_brings_text_forward_and_leaves_the_sound():
    assert laid(turn(*THREE), look_ahead=0.3) == [(0, "ab", False, (0, 1000)), (1, "c", False, (1000, 2000)), (2, "", True, (2000, 2400))]
    assert laid(turn(*THREE), look_ahead=0.301) == [(0, "abc", False, (0, 1000)), (1, "", False, (1000, 2000)), (2, "", True, (2000, 2400))]


def test_deferred_tokens_stand_where_they_did_and_are_spoken_in_the_next_window():
    assert laid(turn(*THREE), defer_tokens=1) == [
        (0, "ab", False, (0, 700)),
        (1, "c", False, (700, 1300)),
        (2, "", False, (1300, 2300)),
        (3, "", True, (2300, 2400)),
    ]


def test_a_boundary_belongs_to_the_later_window_however_seconds_are_rounded():
    """0.3 - 0.2 is less than 0.1, and 0.7 / 0.1 less than 7, in floating point."""
    at = [0.1 * k for k in range(1, 10)]
    words = [("a", 0, 0.1), *(("b", start, start) for start in at)]
    assert [text.count("b") for _, text, *_ in laid(turn(*words, duration=1), unit=0.1)] == [0] + [1] * 9
    assert [text.count("b") for _, text, *_ in laid(turn(*words, duration=1), unit=0.1, look_ahead=0.2)] == [2] + [1] * 7 + [0] * 2
    assert [text.count("b") for _, text, *_ in laid(turn(*words, duration=1), unit=0.2, look_ahead=0.3)] == [4, 2, 2, 1, 0]


def test_the_marks_of_a_window_say_what_it_is():
    found = supervise(dialogue_of(turn(("a", 0, 0.5), ("b", 2.5, 2.9), first_unit=1, duration=3.2)))
    assert [unit.ids for unit in found] == [
        (LISTEN,),
        (SPEAK, 100, CHUNK_EOS),
        (SPEAK, TTS_PAD, CHUNK_EOS),
        (SPEAK, 101, CHUNK_EOS),
        (SPEAK, TURN_EOS, CHUNK_EOS),
    ]


def test_a_word_longer_than_a_window_is_spoken_over_several():
    assert laid(turn(("a", 0, 2.6), ("b", 2.6, 2.8)), look_ahead=0.3) == [
        (0, "a", False, (0, 1000)),
        (1, "", False, (1000, 2000)),
        (2, "b", True, (2000, 2800)),
    ]


def test_an_answer_shorter_than_a_window_ends_where_it_begins():
    assert laid(turn(("a", 0.1, 0.2), first_unit=2)) == [(2, "a", True, (0, 200))]


def test_a_look_ahead_longer_than_a_window_brings_text_forward_by_several():
    assert [text for _, text, *_ in laid(turn(*THREE, ("d", 2.4, 3)), unit=0.5, look_ahead=1.2)] == ["abc", "", "d", "", "", ""]


def test_a_leading_silence_is_spoken_before_any_text():
    assert laid(turn(("a", 1.2, 1.4)), look_ahead=0.1) == [(0, "", False, (0, 1000)), (1, "a", True, (1000, 1400))]


def test_a_word_without_sound_at_the_very_end_stands_in_the_last_window():
    assert laid(turn(("a", 0, 1), ("b", 1, 1))) == [(0, "ab", True, (0, 1000))]


def test_an_answer_of_whole_windows_ends_with_the_last():
    assert [entry[0] for entry in laid(turn(("a", 0, 2.0)))] == [0, 1]
    assert [entry[0] for entry in laid(turn(("a", 0, 2.0), duration=2.000000001))] == [0, 1, 2]


def test_answers_in_adjacent_windows_stay_apart():
    two = (turn(("a", 0, 1)), turn(("b", 0, 0.5), first_unit=1))
    assert laid(*two) == [(0, "a", True, (0, 1000)), (1, "b", True, (0, 500))]


def test_an_answer_waits_for_one_that_is_delayed():
    two = (turn(("a", 0, 0.6), ("b", 0.6, 1)), turn(("c", 0, 0.5), first_unit=1))
    assert laid(*two, defer_tokens=1) == [(0, "ab", False, (0, 600)), (1, "", True, (600, 1000)), (2, "c", False, None), (3, "", True, (0, 500))]


def test_text_first_has_all_text_in_the_first_window():
    assert laid(turn(*THREE), interleaving=text_first) == [
        (0, "abc", False, (0, 1000)),
        (1, "", False, (1000, 2000)),
        (2, "", True, (2000, 2400)),
    ]


def test_a_fixed_ratio_that_is_too_slow_leaves_windows_short_of_sound():
    assert laid(turn(*THREE, ("d", 2.4, 2.6)), interleaving=fixed_ratio(2), unit=0.5)[:3] == [
        (0, "a", False, (0, 500)),
        (1, "b", False, (500, 1000)),
        (2, "c", False, (1000, 1500)),
    ]
    assert laid(turn(("a", 0, 0.1), ("b", 0.1, 0.2), ("c", 0.2, 0.3)), interleaving=fixed_ratio(1)) == [
        (0, "a", False, (0, 100)),
        (1, "b", False, (100, 200)),
        (2, "c", True, (200, 300)),
    ]


def test_text_without_sound_of_its_own_is_not_lost_at_the_end():
    loose = turn(("a", 0, 0.5), tokens="a|.", text="a.")
    assert laid(loose, interleaving=fixed_ratio(1)) == [(0, "a", False, (0, 500)), (1, ".", True, None)]


@given(turns(), units, ways, st.integers(0, 4))
def test_all_text_and_all_sound_are_in_the_windows_once_and_in_order(drawn, unit, way, defer):
    talk = dialogue_of(drawn).in_windows_of(unit)
    found = supervise(talk, way, defer_tokens=defer)
    spans = [each.voiced for each in found if each.voiced]
    assert (spans[0][0], spans[-1][1]) == (0, talk.answers[0].duration)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert all(0 < end - start <= unit for start, end in spans)
    assert [token for each in found for token in each.ids if token < SPEAK - 1000] == [token.id for token in talk.answers[0].tokens]
    assert "".join(each.text for each in found) == "".join(token["text"] for token in drawn["tokens"])
    assert [each.end_of_turn for each in found] == [False] * (len(found) - 1) + [True]


@given(answers(), units, ways, st.integers(0, 4))
def test_no_sound_is_spoken_before_its_text_and_deferred_text_not_in_its_window(answer, unit, way, defer):
    given = 0
    for each in supervise(Dialogue(unit, 0, (answer,)), way, defer_tokens=defer):
        new = sum(token < SPEAK - 1000 for token in each.ids)
        given += new
        if each.voiced:
            assert each.voiced[1] <= answer.onset(given - min(defer, new))


@given(answers(), units, look_aheads)
def test_time_aligned_sound_is_on_time(answer, unit, look_ahead):
    found = supervise(Dialogue(unit, look_ahead, (answer,)))
    assert [each.voiced for each in found] == [(k * unit, min((k + 1) * unit, answer.duration)) for k in range(last_unit(answer, unit) + 1)]


def test_what_cannot_be_laid_out_is_refused():
    with pytest.raises(ValueError, match="defer_tokens: wants 0 or more, got -1"):
        supervise(dialogue_of(), defer_tokens=-1)
    with pytest.raises(ValueError, match="look_ahead: wants 0 ns or more, got -1"):
        time_aligned(-1)
    with pytest.raises(ValueError, match="fixed ratio: wants 1 token a second or more, got 0"):
        fixed_ratio(0)
    with pytest.raises(ValueError, match=r"at most 1000000 windows, got more; take a longer window than 0\.001 s"):
        supervise(dialogue_of(turn(("a", 0, 1), first_unit=2_000_000), unit=0.001))
