"""Groups are written as the duplex runtime feeds them: pictures, sound, answer, between marks or without."""

from __future__ import annotations

import re

import pytest

from operators.omni_flow.tokens.groups import Form, Group, Listen, Picture, Span, Speak
from operators.omni_flow.tokens.layout import layout
from operators.omni_flow.tokens.vocabulary import CHUNK_TTS_EOS, LISTEN, PLACEHOLDER, SPECIAL_FROM, TTS_BOS, TTS_PAD, name

SEEN = (Picture(),)
I = "<image> " + "<unk> " * 64 + "</image> "  # noqa: E741
S = "<slice> " + "<unk> " * 64 + "</slice> "
A = "<|audio|> " * 10
LS, LT = Form(), Form(control="LT")
IMPLICIT_LS, IMPLICIT_LT = Form("implicit"), Form("implicit", "LT")
SPOKEN = (Group(0, (), 10, Speak((1, 2))), Group(1, (), 10, Speak()), Group(2, (), 10, Speak((3,), (1,))), Group(3, (), 10))


def written(*groups: Group, form: Form = LS, in_turn: bool = False) -> str:
    return " ".join(map(name, layout(groups, form, in_turn=in_turn).tokens))


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("group", "sequence", "in_turn"),
    [
        (Group(0, SEEN, 10), f"<unit> {I} {A} <|listen|> </unit>", False),
        (Group(0, SEEN, 10, Speak((11, 12, 13))), f"<unit> {I} {A} <|speak|> 11 12 13 <|chunk_eos|> </unit>", False),
        (Group(0, (), 10, Speak()), f"<unit> {A} <|speak|> <|chunk_eos|> </unit>", True),
        (Group(0, (), 10, Speak((11, 12), (2,))), f"<unit> {A} <|speak|> 11 12 <|turn_eos|> <|chunk_eos|> </unit>", True),
    ],
)
def test_the_examples_of_the_specification_come_out_token_by_token(group, sequence, in_turn):
    assert written(group, in_turn=in_turn) == words(sequence)


def test_a_window_is_as_long_as_the_specification_counts():
    lengths = [len(layout([group], LS).tokens) for group in (Group(0, (), 10), Group(0, SEEN, 10), Group(0, SEEN, 10, Speak((1, 2, 3))))]
    assert lengths == [13, 79, 79 + 1 + 3]


def test_listening_that_is_forced_inside_a_turn_ends_it_first():
    assert written(Group(0, (), 10, Listen(cuts=True)), in_turn=True) == words(f"<unit> {A} <|turn_eos|> <|listen|> </unit>")


def test_listening_that_is_chosen_inside_a_turn_becomes_content():
    assert written(Group(0, (), 10, Speak((7, TTS_BOS))), in_turn=True) == words(f"<unit> {A} <|speak|> 7 <|tts_bos|> <|chunk_eos|> </unit>")
    assert written(Group(0, (), 10, Speak((7,), held=True)), in_turn=True) == words(f"<unit> {A} <|tts_bos|> 7 <|chunk_eos|> </unit>")


def test_listening_after_the_end_of_a_turn_closes_the_window_itself():
    assert written(Group(0, (), 10, Speak((7,), (1,), closing=LISTEN))) == words(f"<unit> {A} <|speak|> 7 <|turn_eos|> <|listen|> </unit>")


def test_what_closed_a_window_is_kept():
    assert written(Group(0, (), 10, Speak((7,), closing=CHUNK_TTS_EOS))) == words(f"<unit> {A} <|speak|> 7 <|chunk_tts_eos|> </unit>")


def test_a_turn_may_end_and_another_begin_in_one_window():
    assert written(Group(0, (), 10, Speak((7, 8), (1,)))) == words(f"<unit> {A} <|speak|> 7 <|turn_eos|> 8 <|chunk_eos|> </unit>")
    assert written(Group(0, (), 10, Speak((7,), (0, 1))), in_turn=True) == words(
        f"<unit> {A} <|speak|> <|turn_eos|> 7 <|turn_eos|> <|chunk_eos|> </unit>"
    )


def test_slices_follow_their_picture_without_breaks_between_rows():
    assert written(Group(0, (Picture(2), Picture()), 10)) == words(f"<unit> {I} {S} {S} {I} {A} <|listen|> </unit>")


def test_a_window_may_hold_only_a_picture_or_25_slices():
    assert written(Group(0, SEEN)) == words(f"<unit> {I} <|listen|> </unit>")
    sequence = layout([Group(0, (Picture(25),), 1)], LS)
    assert (len(sequence.tokens), sequence.tokens.count(PLACEHOLDER)) == (1 + 26 * 66 + 1 + 1 + 1, 1664)


@pytest.mark.parametrize(
    ("form", "sequence"),
    [
        (LS, f"<unit> {A} <|speak|> 1 2 <|chunk_eos|> </unit> <unit> {A} <|speak|> <|chunk_eos|> </unit> "
             f"<unit> {A} <|speak|> 3 <|turn_eos|> <|chunk_eos|> </unit> <unit> {A} <|listen|> </unit>"),
        (LT, f"<unit> {A} 1 2 <|chunk_eos|> </unit> <unit> {A} <|tts_pad|> <|chunk_eos|> </unit> "
             f"<unit> {A} 3 <|turn_eos|> <|chunk_eos|> </unit> <unit> {A} <|listen|> </unit>"),
        (IMPLICIT_LS, f"{A} <|speak|> 1 2 {A} <|speak|> <|tts_pad|> {A} <|speak|> 3 <|turn_eos|> {A} <|listen|>"),
        (IMPLICIT_LT, f"{A} 1 2 {A} <|tts_pad|> {A} 3 <|turn_eos|> {A} <|listen|>"),
    ],
)  # fmt: skip
def test_each_form_writes_a_turn_in_its_own_way(form, sequence):
    assert written(*SPOKEN, form=form) == words(sequence)


def test_a_window_of_100_ms_holds_one_audio_token():
    assert written(Group(0, (), 1), form=Form(window_ns=100_000_000)) == "<unit> <|audio|> <|listen|> </unit>"


def test_the_positions_of_embeddings_and_of_answers_are_told():
    sequence = layout([Group(4, (Picture(1), Picture()), 10), Group(5, (), 7, Speak((1, 2)))], LS)
    assert sequence.spans == (
        Span(2, 66, "visual", 4, 0, 0),
        Span(68, 132, "visual", 4, 0, 1),
        Span(134, 198, "visual", 4, 1, 0),
        Span(199, 209, "audio", 4),
        Span(212, 219, "audio", 5),
    )
    assert sequence.answers == ((209, 210), (219, 223))
    inside = {position for span in sequence.spans for position in range(span.start, span.end)}
    assert inside == {n for n, token in enumerate(sequence.tokens) if name(token) in ("<unk>", "<|audio|>")}


def test_nothing_is_written_for_no_window():
    assert layout([], LS).tokens == ()


REFUSED = [
    ([Group(0)], LS, False, "window 0: wants a picture or sound, got neither; give silence as 10 audio tokens"),
    ([Group(3, (), 11)], LS, False, "window 3: wants 0 to 10 audio tokens in its length, got 11"),
    ([Group(3, SEEN, -1)], LS, False, "window 3: wants 0 to 10 audio tokens in its length, got -1"),
    ([Group(0, (), 2)], Form(window_ns=100_000_000), False, "window 0: wants 0 to 1 audio tokens"),
    ([Group(0, (Picture(), Picture(-1)), 10)], LS, False, "window 0: picture 1 wants 0 slices or more, got -1"),
    ([Group(0, (), 10), Group(2, (), 10)], LS, False, "window 2: wants window 1 after 0, got 2"),
    ([Group(1, (), 10), Group(1, (), 10)], LS, False, "window 1: wants window 2 after 1, got 1"),
    ([Group(0, (), 10)], LS, True, "window 0: a turn goes on, wants Listen(cuts=True), which ends it, or Speak() without text, got Listen()"),
    ([Group(0, (), 10, Speak((1,))), Group(1, (), 10)], LT, False, "window 1: a turn goes on"),
    ([Group(0, (), 10, Speak((1, 2), (1,))), Group(1, (), 10)], LS, False, "window 1: a turn goes on"),
    ([Group(0, (), 10, Listen(cuts=True))], LS, False, "window 0: no turn goes on that could be cut"),
    ([Group(7, (), 10, Speak((5, LISTEN)))], LS, False, f"window 7: wants text ids, 0 to 151642 without 128244, got <|listen|> ({LISTEN})"),
    ([Group(7, (), 10, Speak((TTS_PAD,)))], LT, False, "window 7: wants text ids, 0 to 151642 without 128244, got <|tts_pad|>"),
    ([Group(7, (), 10, Speak((PLACEHOLDER,)))], LS, False, "got <unk> (128244)"),
    ([Group(7, (), 10, Speak((SPECIAL_FROM, 1)))], LS, False, "got <|endoftext|> (151643)"),
    ([Group(7, (), 10, Speak((TTS_BOS, 999_999)))], LS, True, "got 999999"),
    ([Group(7, (), 10, Speak((-1,)))], LS, False, "got -1"),
    ([Group(0, (), 10, Speak((1,), (2,)))], LS, False, "window 0: ends wants places in its 1 text ids, 0 to 1, in order, got (2,)"),
    ([Group(0, (), 10, Speak((1,), (-1,)))], LS, False, "got (-1,)"),
    ([Group(0, (), 10, Speak((1,), (1, 0)))], LS, False, "in order, got (1, 0)"),
    ([Group(0, (), 10, Speak((1,), held=True))], LS, False, "window 0: held wants a turn that goes on, got none"),
    ([Group(0, (), 10, Speak((1,), held=True))], LT, True, "window 0: held and listening after a turn want control LS, got LT"),
    ([Group(0, (), 10, Speak((1,), (1,), closing=LISTEN))], LT, True, "window 0: held and listening after a turn want control LS, got LT"),
    ([Group(0, (), 10, Speak((1,), closing=LISTEN))], LS, False, "window 0: <|listen|> closes a turn that ends after its 1 text ids, got ends ()"),
    ([Group(0, (), 10, Speak((1,), closing=CHUNK_TTS_EOS))], IMPLICIT_LS, False, "window 0: wants closing <|chunk_eos|>, <|listen|> or"),
    ([Group(0, (), 10, Speak((1,), closing=5))], LS, False, "in explicit form, <|chunk_tts_eos|>, got 5"),
]  # fmt: skip


@pytest.mark.parametrize(("groups", "form", "in_turn", "said"), REFUSED)
def test_what_a_form_cannot_express_is_refused_with_its_window(groups, form, in_turn, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        layout(groups, form, in_turn=in_turn)
