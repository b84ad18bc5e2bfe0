"""The bundled answers are the oracle's; what is drawn from them is cut where words and tokens begin together."""

from __future__ import annotations

import json
from itertools import chain

from operators.omni_flow.interleaving.answers import BUNDLED, bundled, drawn, joined, phrases, recorded, text
from operators.omni_flow.interleaving.dialogue import Token, Word
from tests.operators.omni_flow.interleaving.spoken import CASES, MS, answer_of

ANSWERS = [answer for each in bundled().values() for answer in each.answers]


def test_the_bundled_answers_are_those_of_the_oracle_without_its_windows():
    wanted = {name: {key: case[key] for key in ("unit_s", "look_ahead_s", "turns")} for name, case in CASES.items()}
    assert json.loads(BUNDLED.read_text(encoding="utf-8")) == wanted
    assert len(ANSWERS) == 10
    assert (BUNDLED.parent / "answers_zh.LICENCE.md").read_text(encoding="utf-8").count("MIT License") == 1


def test_a_phrase_is_words_and_tokens_that_begin_and_end_together_with_the_pause_after_them():
    answer = answer_of(("a", 0.1, 0.2), ("b", 0.2, 0.3), ("c", 0.5, 0.7), tokens="ab|c", duration=1)
    one, other = phrases(answer)
    assert (one.words, one.tokens, one.duration) == (
        (Word("a", 0, 100 * MS), Word("b", 100 * MS, 200 * MS)),
        (Token(100, "ab", 0, 0, 0),),
        400 * MS,
    )
    assert (other.words, other.tokens, other.duration) == ((Word("c", 0, 200 * MS),), (Token(101, "c", 0, 0, 0),), 500 * MS)


def test_a_token_inside_a_word_begins_no_phrase():
    assert len(phrases(answer_of(("abc", 0, 0.3), ("d", 0.3, 0.4), tokens="a|bcd"))) == 1
    assert len(phrases(answer_of(("a", 0, 0.3), ("bc", 0.3, 0.4), tokens="ab|c"))) == 1
    assert len(phrases(answer_of(("ab", 0.3, 0.3), tokens="a|b", duration=1))) == 1


def test_the_phrases_of_an_answer_joined_are_the_answer():
    for answer in ANSWERS:
        again = joined(phrases(answer))
        assert (again.words, again.tokens, again.duration) == (answer.words, answer.tokens, answer.duration)


def test_a_seed_always_draws_the_same_answers_and_each_has_five_words_or_more():
    assert drawn(7) == drawn(7) != drawn(8)
    found = list(chain.from_iterable(drawn(seed) for seed in range(100)))
    assert {len(drawn(seed)) for seed in range(100)} == {1, 2, 3}
    assert 5 <= min(len(answer.words) for answer in found) < 12
    assert 80 < max(len(answer.words) for answer in found) < 100
    for answer in found:
        assert sorted(answer.tokens, key=lambda token: (token.word, token.start, token.onset)) == list(answer.tokens)
        assert answer.tokens[-1].start < answer.duration


def test_a_recording_has_bundled_answers_as_long_after_a_window_as_it_says():
    found = recorded(1000 * MS)
    assert list(found) == ["dialogue_zh"]
    assert [(text(answer), begins // MS) for answer, begins in found["dialogue_zh"]] == [
        ("地球到月球的平均距离大约是三十八万公里。", 880),
        ("圆周率约等于三点一四一五九。", 480),
    ]
