"""A token holds characters and a word holds it, however differently text, words and tokens are written."""

from __future__ import annotations

import pytest

from operators.omni_flow.interleaving.spelling import Piece, Place, pieces, places

PART = "\ufffd"


def held(text: str, *words: str) -> str:
    """Show each character's word by its number, and a dot where no word holds it."""
    return "".join("." if place is None else str(place.word) for place in places(text, words))


def test_tokens_that_join_to_the_text_are_taken_as_they_are():
    assert pieces(["hi", " you", "!"], "hi you!") == [Piece("hi", 0), Piece(" you", 2), Piece("!", 6)]


@pytest.mark.parametrize("split", [["𰻞", "", "", "面"], [PART, PART, PART, "面"], ["𰻞", "𰻞", "𰻞", "面"]])
def test_a_split_character_begins_in_its_first_token_and_is_held_by_all(split):
    assert pieces(split, "𰻞面") == [Piece("𰻞", 0), Piece("", 0), Piece("", 0), Piece("面", 1)]


@pytest.mark.parametrize("split", [[PART, PART + "面"], ["𰻞", "𰻞面"]])
def test_a_token_that_ends_one_character_and_holds_the_next_begins_with_the_first(split):
    assert pieces(split, "𰻞面") == [Piece("𰻞", 0), Piece("面", 0)]


def test_parts_of_several_characters_in_a_row_are_shared_out_in_order():
    assert [piece.text for piece in pieces(["a", PART, PART, PART, PART, "b"], "a😀😃b")] == ["a", "😀", "", "😃", "", "b"]


def test_a_split_character_may_be_followed_by_the_same_one_whole():
    assert pieces([PART, PART, "😀"], "😀😀") == [Piece("😀", 0), Piece("", 0), Piece("😀", 1)]


def test_a_character_that_is_said_again_is_not_taken_for_a_part():
    assert pieces(["哈", "哈", "哈"], "哈哈哈") == [Piece("哈", 0), Piece("哈", 1), Piece("哈", 2)]


def test_of_spaces_and_punctuation_those_of_the_tokens_count():
    assert pieces([" Hello", " there"], "Hello, there.") == [Piece(" Hello", 0), Piece(" there", 6)]


def test_an_accent_may_be_a_character_of_its_own():
    assert [piece.text for piece in pieces(["caf", "e\u0301"], "caf\u00e9")] == ["caf", "e\u0301"]
    assert [piece.text for piece in pieces([PART, PART, "\u00e9"], "😀e\u0301")] == ["😀", "", "\u00e9"]


@pytest.mark.parametrize(
    ("tokens", "text", "words"),
    [
        (["地", "球"], "地月", "the tokens do not spell the text: they go on with '球', the text with '月'"),
        (["地"], "地球", "the tokens do not spell the text: they go on with nothing, the text with '球'"),
        (["地", "球"], "地", "the tokens do not spell the text: they go on with '球', the text with nothing"),
        (["地", PART], "地", "token 2 '\ufffd' does not spell the text, which goes on with nothing"),
        ([PART, "b"], "😀a", "token 1 '\ufffd' does not spell the text, which goes on with '😀a'"),
        ([PART, "a"], "😀ab", "the tokens end before the text does: 'b' is left"),
        ([], "a", "the tokens do not spell the text: they go on with nothing, the text with 'a'"),
    ],
)
def test_tokens_that_spell_something_else_are_refused(tokens, text, words):
    with pytest.raises(ValueError) as refused:
        pieces(tokens, text)
    assert str(refused.value) == words


def test_each_character_is_in_the_word_that_has_it():
    assert places("里。a", ["里。", "a"]) == [Place(0, 0), Place(0, 1), Place(1, 0)]


def test_a_space_is_in_the_word_that_has_it_and_otherwise_in_none():
    assert held("按 BMI 二", "按 ", "BMI ", "二") == "0011112"
    assert held("按 BMI 二", "按", " BMI", " 二") == "0111122"
    assert held("按 BMI 二", "按", "BMI", "二") == "0.111.2"


def test_words_may_differ_in_punctuation_case_and_width():
    assert held("Well, so.", "well", "SO!") == "0000..11."
    assert held("\uff21\uff22\uff0cc", "ab", ",", "c") == "0012"
    assert held("a b", "…", "a", "", "b") == "1.3"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("地球", ["地", "月"], "word 2 '月' is not what the text goes on with: '球'"),
        ("地球", ["球", "地"], "word 1 '球' is not what the text goes on with: '地球'"),
        ("地球", ["地"], "the words end before the text does: no word holds '球'"),
        ("地", ["地", "球"], "word 2 '球' comes after the end of the text"),
    ],
)
def test_words_that_say_something_else_are_refused(text, words, said):
    with pytest.raises(ValueError) as refused:
        places(text, words)
    assert str(refused.value) == said
