"""A training sequence has the supervised answers, and loss on what the model chooses and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given

from operators.omni_flow.interleaving.interleave import Unit, supervise
from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.training import answer_of, loss_mask, supervised
from operators.omni_flow.tokens.vocabulary import (
    AUDIO,
    CHUNK_EOS,
    IMAGE,
    IMAGE_END,
    LISTEN,
    PLACEHOLDER,
    SLICE,
    SLICE_END,
    SPEAK,
    UNIT,
    UNIT_END,
    name,
)
from tests.operators.omni_flow.interleaving.spoken import dialogue_of, turn
from tests.operators.omni_flow.tokens.drawn_groups import sessions

GIVEN = {UNIT, UNIT_END, IMAGE, IMAGE_END, SLICE, SLICE_END, PLACEHOLDER, AUDIO}
LATE = turn(("good", 0, 0.5), (" morning", 2.2, 3.0), first_unit=1, duration=3.5)  # its second word two windows after its first
SESSION = [Group(k, (Picture(),), 10, Speak((5,), (1,))) for k in range(6)]  # what was said is not what should have been


def test_windows_are_answered_as_the_words_sound_in_them():
    groups = supervised(SESSION, supervise(dialogue_of(LATE)))
    assert [group.answer for group in groups] == [Listen(), Speak((100,)), Speak(), Speak((101,)), Speak((), (0,)), Listen()]
    assert [(group.k, group.pictures, group.audio) for group in groups] == [(k, (Picture(),), 10) for k in range(6)]


@pytest.mark.parametrize(
    ("form", "written"),
    [
        (Form(), "<|listen|> | <|speak|> 100 <|chunk_eos|> | <|speak|> <|chunk_eos|> | <|speak|> 101 <|chunk_eos|> | "
                 "<|speak|> <|turn_eos|> <|chunk_eos|> | <|listen|>"),
        (Form("implicit", "LT"), "<|listen|> | 100 | <|tts_pad|> | 101 | <|turn_eos|> | <|listen|>"),
    ],
)  # fmt: skip
def test_what_has_loss_is_the_answer_in_each_form(form, written):
    sequence = layout(supervised(SESSION, supervise(dialogue_of(LATE))), form)
    mask = loss_mask(sequence)
    chosen = [" ".join(name(token) for token in sequence.tokens[start:end]) for start, end in sequence.answers]
    assert " | ".join(chosen) == written
    learned = [token for token, one in zip(sequence.tokens, mask) if one]
    assert " ".join(map(name, learned)) == " ".join(chosen)


@given(sessions())
def test_loss_is_never_on_what_is_given_and_always_on_the_rest(session):
    form, in_turn, groups = session
    sequence = layout(groups, form, in_turn=in_turn)
    assert [token not in GIVEN for token in sequence.tokens] == list(map(bool, loss_mask(sequence)))


def test_text_that_is_a_mark_is_not_dropped_but_refused():
    unit = Unit(0, "x", (SPEAK, LISTEN, CHUNK_EOS))
    assert answer_of(unit) == Speak((LISTEN,))
    with pytest.raises(ValueError, match="window 0: wants text ids"):
        layout(supervised([Group(0, (), 10)], [unit]), Form())


def test_an_answer_in_a_window_that_there_is_not_is_refused():
    units = supervise(dialogue_of(LATE))
    with pytest.raises(ValueError, match="window 3: wants a window of the session, which has 0 to 2, got an answer there; record for longer"):
        supervised(SESSION[:3], units)
    with pytest.raises(ValueError, match="window 0: wants a window of the session, which has no windows"):
        supervised([], units)
