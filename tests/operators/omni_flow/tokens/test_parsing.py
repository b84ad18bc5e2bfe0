"""Layout and parsing are inverse: what is written is read back, and what is read would be written so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.omni_flow.tokens import vocabulary
from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.layout import CELL, OVERVIEW, layout
from operators.omni_flow.tokens.parsing import parse
from operators.omni_flow.tokens.vocabulary import AUDIO, CHUNK_EOS, IMAGE_END, LISTEN, PLACEHOLDER, SPEAK, TTS_PAD, TURN_EOS, UNIT, UNIT_END
from tests.operators.omni_flow.tokens.drawn_groups import FORMS, sessions

LS, SHORT = Form(), Form(window_ns=100_000_000)


@given(sessions())
def test_what_is_written_is_read_back(session):
    form, in_turn, groups = session
    tokens = layout(groups, form, in_turn=in_turn).tokens
    assert parse(tokens, form, first=groups[0].k if groups else 0, in_turn=in_turn) == groups


MARKS = [token for token in vocabulary.NAMES if token != PLACEHOLDER]


@given(sessions(), st.sampled_from(FORMS), st.data())
def test_what_is_read_from_a_changed_sequence_would_be_written_so(session, other, data):
    form, in_turn, groups = session
    tokens = list(layout(groups, form, in_turn=in_turn).tokens)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(tokens)))
        tokens[at : at + data.draw(st.integers(0, 2))] = data.draw(st.lists(st.sampled_from([*MARKS, PLACEHOLDER, 5]), max_size=2))
    form = data.draw(st.sampled_from([form, other]))
    try:
        read = parse(tokens, form, in_turn=in_turn)
    except ValueError:
        return
    assert layout(read, form, in_turn=in_turn).tokens == tuple(tokens)


ALPHABET = [[UNIT], [UNIT_END], [AUDIO], [LISTEN], [SPEAK], [TURN_EOS], [CHUNK_EOS], [TTS_PAD], [vocabulary.TTS_BOS], [5], OVERVIEW, CELL]


@given(st.lists(st.sampled_from(ALPHABET), max_size=8), st.sampled_from(FORMS), st.booleans())
def test_any_sequence_is_refused_or_has_one_reading(parts, form, in_turn):
    tokens = tuple(token for part in parts for token in part)
    try:
        read = parse(tokens, form, in_turn=in_turn)
    except ValueError:
        return
    assert layout(read, form, in_turn=in_turn).tokens == tokens


def test_groups_are_counted_from_the_first_window_that_is_given():
    tokens = [UNIT, AUDIO, LISTEN, UNIT_END, UNIT, *OVERVIEW, *CELL, *CELL, SPEAK, 5, TURN_EOS, CHUNK_EOS, UNIT_END]
    assert parse(tokens, SHORT, first=8) == [Group(8, (), 1, Listen()), Group(9, (Picture(2),), 0, Speak((5,), (1,)))]


UNITS = {"listening": [UNIT, AUDIO, LISTEN, UNIT_END], "cut": [UNIT, AUDIO, TURN_EOS, LISTEN, UNIT_END]}
REFUSED = [
    ([AUDIO, LISTEN], LS, "token 0, window 0: wants <unit>, got <|audio|> <|listen|>"),
    ([UNIT, AUDIO, LISTEN], LS, "token 3, window 0: wants </unit>, got the end of the sequence"),
    ([*UNITS["listening"], UNIT, LISTEN, UNIT_END], LS, "token 5, window 1: wants a picture or up to 10 audio tokens, got <|listen|> </unit>"),
    ([UNIT, AUDIO, AUDIO, LISTEN, UNIT_END], SHORT, "token 1, window 0: wants a picture or up to 1 audio tokens, got <|audio|> <|audio|>"),
    ([UNIT, *OVERVIEW[:-2], IMAGE_END, LISTEN, UNIT_END], LS, "token 65, window 0: wants <unk>, got </image>"),
    ([UNIT, *OVERVIEW, *CELL[:30]], LS, "token 97, window 0: wants <unk>, got the end of the sequence"),
    ([UNIT, *CELL, AUDIO, LISTEN, UNIT_END], LS, "token 1, window 0: wants a picture or up to 10 audio tokens, got <slice>"),
    ([UNIT, AUDIO, UNIT_END], LS, "token 2, window 0: wants an answer such as <|speak|> <|chunk_eos|>, got </unit>"),
    ([UNIT, AUDIO, 5, CHUNK_EOS, UNIT_END], LS, "token 2, window 0: wants an answer such as <|speak|> <|chunk_eos|>, got 5 <|chunk_eos|>"),
    ([UNIT, AUDIO, SPEAK, 5, UNIT_END], LS, "token 2, window 0: wants an answer such as <|speak|> 5 <|chunk_eos|>, got <|speak|> 5 </unit>"),
    ([UNIT, AUDIO, SPEAK, TTS_PAD, CHUNK_EOS, UNIT_END], LS, "token 2, window 0: wants an answer such as <|speak|> <|chunk_eos|>"),
    ([UNIT, AUDIO, LISTEN, CHUNK_EOS, UNIT_END], LS, "token 2, window 0: wants an answer such as"),
    ([UNIT, AUDIO, CHUNK_EOS, UNIT_END], Form(control="LT"), "token 2, window 0: wants an answer such as <|tts_pad|> <|chunk_eos|>"),
    ([AUDIO], Form("implicit"), "token 1, window 0: wants an answer such as <|speak|> <|tts_pad|>, got the end"),
    ([UNIT, AUDIO, SPEAK, 151_740, CHUNK_EOS, UNIT_END], LS, "tokens 2 to 5, window 0: wants text ids"),
    (UNITS["cut"], LS, "tokens 2 to 4, window 0: no turn goes on that could be cut"),
]


@pytest.mark.parametrize(("tokens", "form", "said"), REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(tokens, form, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(tokens, form)
