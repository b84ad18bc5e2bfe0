"""A turn is answered by the script's lines for it, which are said in parts of about a second."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, seconds
from operators.models import Pace
from operators.scripted.answering import Turns, answer, parts
from operators.scripted.script import Rule
from operators.scripted.voice import tone
from operators.turn_taking.exchange import Answer, UserTurn
from operators.words import Decision

SCRIPT = (
    Rule("speech_ends", 2, "Two."),
    Rule("scene", 1, "New."),
    Rule("at", 0, "Late."),
    Rule("speech_ends", 3, "Three"),
    Rule("speech_ends", 3, "four."),
)
PACE, NONE = Pace(tone, 0), Turns()


def answered(*turns: UserTurn, state: Turns = NONE) -> list[Answer]:
    found = []
    for turn in turns:
        state, answers = answer(state, Event(seconds(4.2), "turn", turn.number, turn), script=SCRIPT)
        found += answers
    return found


def test_the_nth_turn_is_answered_spoken_or_typed_and_others_are_not():
    assert answered(UserTurn(1, 0, 9), UserTurn(2, 0, 9), UserTurn(3, 9, 9, text="?"), UserTurn(4, 0, 9)) == [
        Answer(1, "", "nothing to say"),
        Answer(2, "Two.", "user speech 2 ended at 4.20 s", 1),
        Answer(3, "Three four.", "user message 3 came at 4.20 s", 2),
        Answer(4, "", "nothing to say"),
    ]


def test_counting_can_go_on_from_elsewhere():
    assert answered(UserTurn(7, 0, 9), state=Turns(turns=1, responses=4, epoch=2)) == [Answer(7, "Two.", "user speech 2 ended at 4.20 s", 5, 2)]


def said(text: str) -> list[Decision]:
    return parts(None, Event(0, "answer", 0, Answer(1, text, "why", 3, 2)), pace=PACE)[1]


def test_an_answer_is_cut_where_a_word_ends_that_begins_another_second():
    assert said("An old palace with curved roofs.") == [  # 60 ms a character
        Decision(-1, "speak", "why", 3, 0, False, "An old palace with", "An old palace with curved roofs.", 0, 2),
        Decision(-1, "speak", "why", 3, 1, True, " curved roofs.", "An old palace with curved roofs.", 18, 2, ends="drain"),
    ]


@pytest.mark.parametrize("text", ["Hm.", "a" * 90, "one two three four five six seven eight nine ten", "你好。世界。" * 9, "a  b\tc" * 12])
def test_the_parts_joined_are_the_answer(text):
    decisions = said(text)
    assert "".join(d.text for d in decisions) == text
    assert [d.begin for d in decisions] == [sum(len(d.text) for d in decisions[:n]) for n in range(len(decisions))]
    assert [d.last for d in decisions] == [False] * (len(decisions) - 1) + [True]


def test_where_there_is_nothing_to_say_it_listens():
    assert said("") == [Decision(-1, "listen", "why", epoch=2)]
