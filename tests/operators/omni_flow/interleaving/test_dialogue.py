"""Answers are read with exact times, tokens get the times of words, and what is wrong is named by file, turn and word."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from typing import Any

import pytest

from omniflow_graph.errors import RecordingError
from operators.omni_flow.interleaving.dialogue import Token, Word, dialogue, load_dialogue
from operators.omni_flow.tokens.tokenizer import Bytes
from tests.operators.omni_flow.interleaving.spoken import MS, answer_of, dialogue_of, turn

GOOD = turn(("good", 0, 0.4), (" day", 0.5, 0.9), tokens="go|od| day")
TALK = {"unit_s": 1.0, "look_ahead_s": 0.3, "turns": [GOOD, turn(("Bye", 0.1, 0.3), first_unit=3)]}


def refused(data: Any, **how: Any) -> str:
    with pytest.raises(ValueError) as error:
        dialogue(data, name="talk.json", **how)
    return str(error.value)


def broken(at: list, value: Any = None) -> dict[str, Any]:
    """Replace one thing in a good dialogue; take it away if there is no value."""
    data = deepcopy(TALK)
    holder: Any = data
    for step in at[:-1]:
        holder = holder[step]
    if value is None:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    return data


def test_seconds_are_read_to_the_nanosecond():
    talk = dialogue({"unit_s": 0.1, "look_ahead_s": 0.3, "turns": [turn(("a", 0.000000001, 2.3), first_unit=7, duration=4.35)]})
    assert (talk.unit, talk.look_ahead) == (100 * MS, 300 * MS)
    assert (talk.answers[0].first_unit, talk.answers[0].duration) == (7, 4350 * MS)
    assert talk.answers[0].words == (Word("a", 1, 2300 * MS),)


def test_a_token_starts_with_the_word_of_its_first_character_and_sounds_where_that_is_in_it():
    answer = answer_of(("地", 0, 0.2), ("球ab", 0.2, 0.5), tokens="地球|a|b")
    assert answer.tokens == (Token(100, "地球", 0, 0, 0), Token(101, "a", 1, 200 * MS, 300 * MS), Token(102, "b", 1, 200 * MS, 400 * MS))


def test_a_space_that_a_word_holds_decides_where_the_next_token_starts():
    assert [token.word for token in answer_of(("按 ", 0, 0.3), ("BMI ", 0.3, 0.9), tokens="按| BMI| ").tokens] == [0, 0, 1]
    loose = answer_of(("按", 0, 0.3), ("BMI", 0.3, 0.9), tokens="按| BMI| ", text="按 BMI ")
    assert [token.word for token in loose.tokens] == [0, 1, 1]


def test_what_no_word_holds_goes_with_the_word_before_it_and_has_no_sound():
    answer = answer_of(("地", 0, 0.2), ("球", 0.2, 0.5), ("a", 0.7, 0.9), tokens="地球|,|a|.", text="地球,a.")
    assert [(token.word, token.start, token.onset) for token in answer.tokens] == [
        (0, 0, 0),
        (1, 200 * MS, 700 * MS),
        (2, 700 * MS, 700 * MS),
        (2, 700 * MS, 900 * MS),
    ]


def test_a_part_of_a_character_starts_with_the_whole():
    answer = answer_of(("😀", 0, 0.2), ("面", 0.2, 0.5), tokens=["\ufffd", "\ufffd面"], text="😀面")
    assert [(token.text, token.word) for token in answer.tokens] == [("😀", 0), ("面", 0)]


def test_a_tokenizer_stands_in_for_tokens():
    given = turn(("é", 0, 0.2), ("面", 0.2, 0.5), text="e\u0301面")
    del given["tokens"]
    (answer,) = dialogue({"unit_s": 1, "look_ahead_s": 0, "turns": [given]}, tokenizer=Bytes()).answers
    assert [token.id for token in answer.tokens] == list("é面".encode())
    assert [(token.text, token.word) for token in answer.tokens] == [("é", 0), ("", 0), ("面", 1), ("", 1), ("", 1)]


def test_an_answer_may_have_no_words_and_words_no_length():
    silent, blip = dialogue_of(turn(tokens=[], duration=1.5), turn(("a", 0.5, 0.5), first_unit=2, duration=0.5)).answers
    assert (silent.words, silent.tokens, silent.duration) == ((), (), 1500 * MS)
    assert (blip.words, blip.tokens) == ((Word("a", 500 * MS, 500 * MS),), (Token(100, "a", 0, 500 * MS, 500 * MS),))


def test_a_word_may_end_a_millisecond_after_its_answer():
    assert answer_of(("a", 0, 0.5004), duration=0.5).words == (Word("a", 0, 500 * MS),)


def test_in_longer_or_shorter_windows_an_answer_begins_no_earlier():
    talk = dialogue_of(turn(("a", 0, 1), first_unit=3), turn(("a", 0, 1), first_unit=4))
    assert [answer.first_unit for answer in talk.in_windows_of(500 * MS).answers] == [6, 8]
    assert [answer.first_unit for answer in talk.in_windows_of(2000 * MS).answers] == [2, 2]
    assert talk.in_windows_of(1000 * MS) == talk


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "talk.json: wants an object with unit_s, got []"),
        (broken(["unit_s"]), "talk.json: has no field unit_s"),
        (broken(["unit_s"], 0), "talk.json: unit_s: wants 0.001 to 3600 seconds, got 0"),
        (broken(["unit_s"], float("nan")), "talk.json: unit_s: wants 0.001 to 3600 seconds, got NaN"),
        (broken(["unit_s"], 1e308), "talk.json: unit_s: wants 0.001 to 3600 seconds, got 1e+308"),
        (broken(["look_ahead_s"], 10**400), f"talk.json: look_ahead_s: wants 0 to 3600 seconds, got 1{'0' * 36}..."),
        (broken(["look_ahead_s"], -0.1), "talk.json: look_ahead_s: wants 0 to 3600 seconds, got -0.1"),
        (broken(["turns"], {}), "talk.json: turns: wants a list, got {}"),
        (broken(["turns", 1], 5), "talk.json: turn 2: wants an object with first_unit, got 5"),
        (broken(["turns", 0, "first_unit"], 1.5), "talk.json: turn 1: first_unit: wants a whole number from 0 on, got 1.5"),
        (broken(["turns", 1, "first_unit"], 0), "talk.json: turn 2: first_unit: wants 1 or more, as turn 1 sounds until then, got 0"),
        (broken(["turns", 1, "first_unit"], 10**9), "talk.json: turn 2: first_unit: wants one of the first day, got 1000000000 of 1 s"),
        (broken(["turns", 0, "duration_s"], 0), "talk.json: turn 1: duration_s: wants 1e-09 to 86400 seconds, got 0"),
        (broken(["turns", 0, "duration_s"], 0.8), "talk.json: turn 1, word 2 ' day': end_s: wants 0.8 or less, where the turn's sound ends, got 0.9"),
        (broken(["turns", 0, "words", 1]), "talk.json: turn 1: the tokens do not spell the text: they go on with 'day', the text with nothing"),
        (broken(["turns", 0, "words", 1, "text"]), "talk.json: turn 1, word 2: has no field text"),
        (broken(["turns", 0, "words", 1, "start_s"]), "talk.json: turn 1, word 2 ' day': has no field start_s"),
        (broken(["turns", 0, "words", 1, "start_s"], -1), "talk.json: turn 1, word 2 ' day': start_s: wants 0 to 86400 seconds, got -1"),
        (broken(["turns", 0, "words", 1, "start_s"], True), "talk.json: turn 1, word 2 ' day': start_s: wants 0 to 86400 seconds, got true"),
        (
            broken(["turns", 0, "words", 1, "start_s"], 0.3),
            "talk.json: turn 1, word 2 ' day': start_s: wants 0.4 or more, where word 1 ends, got 0.3",
        ),
        (broken(["turns", 0, "words", 1, "end_s"], 0.45), "talk.json: turn 1, word 2 ' day': end_s: wants 0.5 or more, where it starts, got 0.45"),
        (
            broken(["turns", 0, "text"], "goods day"),
            "talk.json: turn 1: the tokens do not spell the text: they go on with 'day', the text with 'sday'",
        ),
        (broken(["turns", 0, "text"], 3), "talk.json: turn 1: text: wants a string, got 3"),
        (broken(["turns", 0, "tokens"]), "talk.json: turn 1: has no field tokens; add it, or name a folder with --tokenizer"),
        (broken(["turns", 0, "tokens", 0, "id"], -1), "talk.json: turn 1, token 1: id: wants a whole number from 0 on, got -1"),
        (broken(["turns", 0, "tokens", 0, "text"], None), "talk.json: turn 1, token 1: has no field text"),
    ],
)
def test_what_is_wrong_is_named_by_file_turn_and_word(data, words):
    assert refused(data) == words


def test_words_are_out_of_order_where_the_text_says_so():
    swapped = turn(("good", 0, 0.4), (" day", 0.5, 0.9), tokens=" day|good", text=" daygood")
    assert refused({**TALK, "turns": [swapped]}) == "talk.json: turn 1: word 1 'good' is not what the text goes on with: 'daygood'"


def test_words_whose_spaces_were_taken_away_do_not_make_a_text():
    given = turn(("good", 0, 0.4), ("day", 0.5, 0.9))
    del given["tokens"]
    assert refused({**TALK, "turns": [given]}, tokenizer=Bytes()) == (
        "talk.json: turn 1: word 1 'good' meets 'day' without a space; add the turn's text, or the spaces to its words"
    )


def test_tokens_without_words_have_no_times():
    assert refused({**TALK, "turns": [turn(tokens=["."], duration=1)]}) == "talk.json: turn 1: has tokens, but no words to take their times from"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[" * 100_000, b"unit_s: 1.0"])
def test_what_is_no_json_is_refused_by_the_name_of_the_file(content, tmp_path):
    (tmp_path / "talk.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"talk\.json: wants JSON with unit_s, look_ahead_s and turns, got something else"):
        load_dialogue(tmp_path / "talk.json")


def test_a_pipe_that_might_never_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "talk.json")
    with pytest.raises(RecordingError) as refused:
        load_dialogue(tmp_path / "talk.json")
    assert str(refused.value) == f"{tmp_path / 'talk.json'}: is no file; name one"


def test_a_file_is_read_as_what_it_holds(tmp_path):
    (tmp_path / "talk.json").write_text(json.dumps(TALK), "utf-8")
    assert load_dialogue(tmp_path / "talk.json") == dialogue(TALK)
