"""The log says of each token what it is and whether it was heard; what never was can be taken out."""

from __future__ import annotations

from operators.omni_flow.context.token_log import Token, Unit, hear, unit_of, without_unheard
from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.tokens.vocabulary import AUDIO, CHUNK_EOS, IMAGE, IMAGE_END, LISTEN, PLACEHOLDER, SPEAK, TTS_BOS, TURN_EOS, UNIT, UNIT_END
from tests.operators.omni_flow.deciding.talks import text_of

SEEN = (UNIT, IMAGE, PLACEHOLDER, IMAGE_END)
SPOKEN = Outcome(4, "speak", "chunk_eos", fed=(SPEAK, 1, 2, TURN_EOS, CHUNK_EOS, UNIT_END), content=(1, 2, TURN_EOS), text=" one two")


def test_a_unit_is_what_a_window_was_given_and_what_it_came_to():
    unit = unit_of(SPOKEN, (*SEEN, AUDIO), answer=2)
    assert unit == Unit(4, (*SEEN, AUDIO, *SPOKEN.fed), "omni", (1, 2, TURN_EOS), " one two", False, 2)
    assert (unit.length, unit.words) == (11, (1, 2))


def test_a_unit_says_what_it_took_in():
    listens = Outcome(0, "listen", "listen", fed=(LISTEN, UNIT_END))
    assert [unit_of(listens, inputs).seen for inputs in ((UNIT, AUDIO), SEEN, (*SEEN, AUDIO))] == ["audio", "vision", "omni"]


def test_text_may_still_be_heard_until_its_answer_is_settled():
    unit = unit_of(SPOKEN, (UNIT, AUDIO), answer=1)
    assert [token.heard for token in unit.tokens if token.kind == "text"] == [None, None]
    assert [token.heard for token in hear(unit, 1, settled=False).tokens if token.kind == "text"] == [True, None]
    assert hear(unit, 1, settled=True).tokens == (
        Token(UNIT, "mark"),
        Token(AUDIO, "audio"),
        Token(SPEAK, "mark"),
        Token(1, "text", True),
        Token(2, "text", False),
        Token(TURN_EOS, "mark"),
        Token(CHUNK_EOS, "mark"),
        Token(UNIT_END, "mark"),
    )


def test_what_was_heard_is_counted_from_the_answers_beginning_and_never_taken_back():
    unit = Unit(1, (1, 2, 3), content=(1, 2, 3), answer=1, first=10)
    assert [hear(unit, tokens, settled=False).heard for tokens in (9, 10, 12, 99)] == [0, 0, 2, 3]
    assert hear(hear(unit, 12, settled=False), 11, settled=False) == hear(unit, 12, settled=False)


def test_of_a_settled_answer_no_more_is_heard():
    unit = hear(Unit(1, (1, 2, 3), content=(1, 2, 3), answer=1), 1, settled=True)
    assert hear(unit, 3, settled=False) == unit


def test_what_was_never_heard_is_taken_out_and_the_marks_stay():
    unit = hear(unit_of(SPOKEN, (UNIT, AUDIO), answer=1), 1, settled=True)
    without, place = without_unheard(unit, text_of)
    assert (without.ids, without.content, without.text) == ((UNIT, AUDIO, SPEAK, 1, TURN_EOS, CHUNK_EOS, UNIT_END), (1, TURN_EOS), " one")
    assert unit.ids[place] == 2
    assert without_unheard(without, text_of) == (without, None)


def test_what_may_still_be_heard_stays():
    unit = unit_of(SPOKEN, (UNIT, AUDIO), answer=1)
    assert without_unheard(unit, text_of) == (unit, None)


def test_marks_that_are_content_are_no_text():
    unit = Unit(1, (TTS_BOS, 1, TTS_BOS, 2), content=(1, TTS_BOS, 2), answer=1, heard=1, settled=True)
    assert without_unheard(unit, text_of)[0].content == (1, TTS_BOS)


def test_text_that_was_fed_and_is_no_content_is_never_heard_and_never_taken_out():
    unit = Unit(1, (1, 2, CHUNK_EOS), content=(2,), answer=1, heard=0, settled=True)
    assert [token.heard for token in unit.tokens] == [None, False, None]
    assert without_unheard(unit, text_of)[0].ids == (1, CHUNK_EOS)
