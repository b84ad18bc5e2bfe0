# ruff: noqa: RUF001, the commas of Chinese are meant
"""What was heard of a text follows from how much of its sound was played: whole words, each from its half on."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.interleaving.answers import bundled, text
from operators.omni_flow.interleaving.dialogue import Word
from operators.omni_flow.playback.marks import START, Mark, even_marks, heard_text, marks_of

MS = 1_000_000


def word(text: str, start_ms: int, end_ms: int) -> Word:
    return Word(text, start_ms * MS, end_ms * MS)


def heard(text: str, marks, *played: int) -> list[str]:
    return [heard_text(text, marks, samples) for samples in played]


def words_of(text: str) -> list[str]:
    """List the words that a text without times is heard in."""
    ends = [mark.characters for mark in even_marks(text, 0)]
    return [text[a:b] for a, b in zip([0, *ends], ends)]


def test_a_word_is_heard_from_its_half_on():
    assert heard("one two", [Mark(100, 3), Mark(201, 7)], -1, 0, 49, 50, 150, 151, 9999) == ["", "", "", "one", "one", "one two", "one two"]


def test_a_silence_before_a_word_is_no_part_of_it():
    marks = marks_of([word("one", 500, 600), word(" two", 1000, 1200)])
    assert marks == (Mark(12_000, 0), Mark(14_400, 3), Mark(24_000, 3), Mark(28_800, 7))
    assert heard("one two", marks, 13_199, 13_200, 26_399, 26_400) == ["", "one", "one", "one two"]


def test_a_word_without_sound_of_its_own_is_heard_once_all_before_it_was_played():
    marks = marks_of([word("a", 0, 100), word("b", 100, 100), word("c", 100, 200)])
    assert heard("abc", marks, 2_399, 2_400, 3_599, 3_600) == ["a", "ab", "ab", "abc"]
    assert heard("ab", marks_of([word("a", 0, 0), word("b", 0, 100)]), 0, 1, 1_200) == ["", "a", "ab"]


def test_text_without_marks_is_never_heard():
    assert heard("one two", [], 9999) == [""]
    assert marks_of([]) == ()


@pytest.mark.parametrize(
    ("text", "words", "parts"),
    [
        ("Good, day!", ["Good", "day"], ["Good,", "Good, day!"]),
        ('He said "yes".', ["he", "said", "Yes"], ["He", "He said", 'He said "yes".']),
        ("你好，世界。", ["你好", "世界"], ["你好，", "你好，世界。"]),
        ("so - well", ["so", ",", "well"], ["so", "so", "so - well"]),
        ("two words ...", ["two words"], ["two words ..."]),
    ],
)
def test_punctuation_goes_with_the_word_before_it(text, words, parts):
    marks = marks_of([word(each, n, n + 1) for n, each in enumerate(words)], text)
    assert [text[: mark.characters] for mark in marks] == parts


def test_words_that_do_not_say_the_text_are_refused():
    with pytest.raises(ValueError, match=r"word 2 'tree' is not what the text goes on with: 'wo'"):
        marks_of([word("one", 0, 1), word("tree", 1, 2)], "one two")


def test_words_without_times_share_the_sound_by_their_characters():
    assert even_marks("one three", 900) == (Mark(300, 3), Mark(900, 9))
    assert even_marks(" two", 100, Mark(900, 9)) == (Mark(1000, 13),)
    assert even_marks("", 100) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("one, two", ["one,", " two"]),
        (" a  b ", [" a", "  b", " "]),
        ("你好，世界。", ["你", "好，", "世", "界。"]),
        ("（你）好", ["（你）", "好"]),
        ("你，ok", ["你，", "ok"]),
        ("我有3个iPad了", ["我", "有", "3", "个", "iPad", "了"]),
        ("Great! 🎉", ["Great!", " 🎉"]),
        ("...", ["..."]),
    ],
)
def test_a_word_ends_before_a_space_and_a_letter_without_spaces_is_one(text, words):
    assert words_of(text) == words


def test_all_of_a_bundled_answer_is_heard_at_its_end_and_no_word_before_it_sounds():
    for answer in (each for dialogue in bundled().values() for each in dialogue.answers):
        marks = marks_of(answer.words, text(answer))
        assert heard_text(text(answer), marks, marks[-1].sample) == text(answer)
        starts = {mark.characters: one.sample for one, mark in pairwise((START, *marks)) if mark.characters > one.characters}
        assert all(len(heard_text(text(answer), marks, start)) < characters for characters, start in starts.items())


texts = st.text(st.sampled_from("ab ,.你。3🎉\u0301"), max_size=12)


@given(st.lists(st.tuples(texts, st.integers(0, 50)), max_size=4), st.lists(st.integers(-5, 220), min_size=2, max_size=2).map(sorted))
def test_what_was_heard_is_a_prefix_and_grows_with_what_was_played(parts, played):
    whole, marks, at = "", (), 0
    for part, samples in parts:
        marks += even_marks(part, samples, Mark(at, len(whole)))
        whole, at = whole + part, at + samples
    less, more = heard(whole, marks, *played)
    assert whole.startswith(more)
    assert more.startswith(less)
    assert heard(whole, marks, 0, max(1, at)) == ["", whole]


@given(texts, st.integers(0, 50))
def test_marks_never_decrease_and_reach_the_end(text, samples):
    marks = even_marks(text, samples)
    assert all(a.sample <= b.sample and a.characters < b.characters for a, b in pairwise(marks))
    assert marks[-1:] == ((Mark(samples, len(text)),) if text else ())
