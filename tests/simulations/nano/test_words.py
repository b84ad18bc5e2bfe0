"""What is said in nano's world is closed: every answer is a line, every word of it is known."""

from __future__ import annotations

import pytest

from simulations.nano.words import ANSWER_WORDS, COLOURS, KETTLE, PHRASES, PROMPTS, USER_WORDS, answer, event_answer, lines

ASKED = {phrase.text: phrase for phrase in PHRASES}


@pytest.mark.parametrize(
    ("asked", "scene", "wanted"),
    [
        ("what colour is the lamp", (2, 0, 0), "the lamp is blue"),
        ("how many blocks are there", (0, 1, 0), "i see one block"),
        ("how many blocks do you see", (0, 0, 0), "i see no blocks"),
        ("is the kettle boiling", (0, 0, 1), "yes it is boiling"),
        ("does the kettle boil", (0, 0, 0), "no it is not boiling"),
        ("is the lamp red", (0, 0, 0), "yes it is red"),
        ("is the lamp red", (3, 0, 0), "no it is yellow"),
        ("count to four", (0, 0, 0), "one, two, three, four"),
        ("good morning", (0, 0, 0), "hello there"),
        ("tell me when the lamp turns green", (0, 0, 0), "okay"),
        ("what colour is the lamp", None, "i see nothing"),
        ("count to three", None, "one, two, three"),
        ("stop", (0, 0, 0), ""),
        ("pass me the water", (0, 0, 0), ""),
        ("uh huh", (0, 0, 0), ""),
    ],
)
def test_a_phrase_is_answered_by_what_is_seen(asked, scene, wanted):
    assert answer(ASKED[asked], scene) == wanted


def test_every_answer_is_one_of_the_lines():
    scenes = [None, *((lamp, blocks, kettle) for lamp in range(5) for blocks in range(6) for kettle in (0, 1))]
    said = {answer(phrase, scene) for phrase in PHRASES for scene in scenes} | {event_answer(n) for n in range(KETTLE + 1)}
    assert said - {""} == set(lines())


def test_words_are_numbered_once_and_no_word_is_nothing():
    assert USER_WORDS[0] == ""
    assert len(set(USER_WORDS)) == len(USER_WORDS)
    assert {word for line in lines() for word in line.split()} == set(ANSWER_WORDS)
    assert len(set(ANSWER_WORDS)) == len(ANSWER_WORDS)


def test_a_standing_instruction_names_what_it_awaits():
    named = {prompt.text: [COLOURS[of] if of != KETTLE else "kettle" for of in prompt.awaits] for prompt in PROMPTS}
    assert named["answer what you are asked"] == []
    assert all(word in text for text, awaited in named.items() for word in awaited)
    assert len(PROMPTS) == 8
