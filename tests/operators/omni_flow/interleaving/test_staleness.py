"""Heard late, a word is old: time-aligned interleaving alone keeps both age and silence bounded."""

from __future__ import annotations

import pytest

from operators.omni_flow.interleaving.admission import FixedRatio, text_first
from operators.omni_flow.interleaving.answers import bundled, drawn
from operators.omni_flow.interleaving.dialogue import Answer
from operators.omni_flow.interleaving.speaking import FREE, PUBLISHED, Cost, speak
from operators.omni_flow.interleaving.staleness import Heard, Strategy, by_word, deciding, measure, strategies, summary, words_heard
from tests.operators.omni_flow.interleaving.spoken import MS, answer_of

SECOND = 1000 * MS
ABC = answer_of(("a", 0, 0.7), ("b", 0.7, 1.3), ("c", 1.3, 2.4))
NOTHING = {"mean": 0, "most": 0}
ALIGNED, LEARNT, FIRST, THREE, FOUR, FIVE = strategies(300 * MS)


def heard(answer: Answer, admit, cost: Cost = FREE) -> list[tuple]:
    """List (word, heard at, staleness, lead, silence), times in ms."""
    return [(each.word, *(time // MS for time in each[1:])) for each in words_heard(answer, speak(answer, SECOND, admit, cost=cost), SECOND)]


def test_of_text_first_each_word_is_as_old_as_the_answer():
    assert heard(ABC, text_first) == [(1, 0, 0, 2400, 0), (2, 700, 700, 1700, 0), (3, 1300, 1300, 1100, 0)]


def test_a_word_is_as_old_as_the_window_it_was_decided_in_and_silence_makes_it_older():
    assert heard(ABC, FixedRatio(1)) == [(1, 0, 0, 700, 0), (2, 1000, 0, 600, 300), (3, 2000, 0, 1100, 700)]


def test_what_writing_and_speaking_cost_makes_words_older():
    assert heard(ABC, text_first, Cost(text=300 * MS, speech=2 * MS))[0] == (1, 950, 950, 2400, 0)


def test_a_word_is_decided_by_the_token_with_its_first_character():
    answer = answer_of(("a", 0, 0.2), ("bc", 0.2, 0.4), ("d", 0.4, 0.5), ("e", 0.5, 0.6), tokens="ab|c|,|de", text="abc,de")
    assert deciding(answer) == [0, 0, 3, 3]
    for each in bundled().values():
        for answer in each.answers:
            assert deciding(answer) == [by_characters(answer, n) for n in range(len(answer.words))]


def by_characters(answer: Answer, word: int) -> int:
    """Find the token that holds a word's first character by counting characters, which here are the same in both."""
    before = sum(len(each.text) for each in answer.words[:word])
    ends = [sum(len(token.text) for token in answer.tokens[: n + 1]) for n in range(len(answer.tokens))]
    return next(n for n, end in enumerate(ends) if end > before)


@pytest.fixture(scope="module")
def found() -> dict[str, dict]:
    """What each way comes to on the answers of forty seeds."""
    answers = [answer for seed in range(40) for answer in drawn(seed)]
    return {way.name: summary(way.name, measure(answers, way, SECOND)) for way in strategies(300 * MS)}


def ages(found: dict, way: Strategy) -> list[float]:
    return [row["staleness_s"]["mean"] for row in found[way.name]["by_word"]]


def test_time_aligned_words_stay_young_and_hardly_ever_wait(found):
    for way, most, silence in ((ALIGNED, 2.5, 0.1), (LEARNT, 4.5, 1.0)):
        assert max(ages(found, way)) - min(ages(found, way)) < 0.4
        assert max(row["staleness_s"]["most"] for row in found[way.name]["by_word"]) < most
        assert found[way.name]["gap_s"]["most"] < silence
    assert found[ALIGNED.name]["lead_s"]["most"] < 3


def test_text_first_grows_older_word_by_word(found):
    first, second, third, fourth = ages(found, FIRST)
    assert (first < second - 1, second < third - 2, third < fourth - 4) == (True, True, True)
    assert found[FIRST.name]["gap_s"]["most"] == 0


def test_a_fixed_ratio_leaves_silence_if_it_is_low_and_grows_older_if_it_is_high(found):
    assert found[THREE.name]["gap_s"]["mean"] > 0.8
    assert ages(found, FIVE)[-1] > 2 * ages(found, ALIGNED)[-1]
    assert ages(found, FOUR)[-1] > 1.5 * ages(found, ALIGNED)[-1]
    assert ages(found, FOUR) == sorted(ages(found, FOUR))


def test_a_sum_tells_means_and_the_most_of_each_group_of_words():
    words = [Heard(n, 0, n * 100 * MS, n * 10 * MS, n * MS) for n in range(1, 13)]
    assert summary("way", [words, words[:1]]) == {
        "strategy": "way",
        "answers": 2,
        "gap_s": {"mean": 0.006, "most": 0.012},
        "lead_s": {"mean": 0.061, "most": 0.12},
        "by_word": [
            {"words": [1, 10], "count": 11, "staleness_s": {"mean": 0.509, "most": 1.0}, "lead_s": {"mean": 0.051, "most": 0.1}},
            {"words": [11, 20], "count": 2, "staleness_s": {"mean": 1.15, "most": 1.2}, "lead_s": {"mean": 0.115, "most": 0.12}},
        ],
    }
    assert by_word([words, words[:1]], 2) == [(0.1, 0.001), (0.2, 0.002)]
    assert by_word([words[:2]], 80) == [(0.1, 0.001), (0.2, 0.002)]


def test_an_answer_without_words_has_nothing_to_be_old():
    for silent in (answer_of(tokens=[], duration=1), answer_of((",", 0, 0.5), tokens=[])):
        assert measure([silent], ALIGNED, SECOND, PUBLISHED) == [[]]
    assert summary("way", [[]]) == {"strategy": "way", "answers": 1, "gap_s": NOTHING, "lead_s": NOTHING, "by_word": []}
