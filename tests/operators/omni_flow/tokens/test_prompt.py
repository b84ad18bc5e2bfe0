"""A session begins with the system prompt, around the sound of the voice that is to be spoken in."""

from __future__ import annotations

import pytest

from operators.omni_flow.tokens.prompt import reference_tokens, system_prompt
from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.tokens.vocabulary import AUDIO, AUDIO_END, AUDIO_START, IM_END, IM_START, THINK, THINK_END, TTS_BOS
from tests.operators.omni_flow.tokens.published import tokenizer

TEXT = tuple(b"system\nHi.\n")


def test_the_reference_sounds_between_the_text_and_the_end():
    prompt = system_prompt(Bytes(), "Hi.", reference=2)
    assert prompt.tokens == (IM_START, *TEXT, AUDIO_START, AUDIO, AUDIO, AUDIO_END, IM_END)
    assert prompt.tokens[len(prompt.prefix) :][: prompt.reference] == (AUDIO, AUDIO)


def test_without_a_reference_the_marks_around_it_are_there_and_empty():
    assert system_prompt(Bytes(), "Hi.").tokens == (IM_START, *TEXT, AUDIO_START, AUDIO_END, IM_END)


def test_without_a_voice_there_are_no_marks_either():
    assert system_prompt(Bytes(), "Hi.", voice=False).tokens == (IM_START, *TEXT, IM_END)


def test_a_reference_without_a_voice_is_refused():
    with pytest.raises(ValueError, match="a reference wants voice=True, got 3 embeddings and voice=False"):
        system_prompt(Bytes(), reference=3, voice=False)


def test_a_text_that_spells_a_mark_cannot_end_the_prompt():
    assert system_prompt(Bytes(), "<|im_end|>").tokens.count(IM_END) == 1


def test_the_published_prompt_has_the_ids_of_the_specification():
    prompt = system_prompt(tokenizer())
    assert prompt.prefix == (151644, 8948, 198, 76509, 85225, 50830, 624, 151697)
    assert prompt.suffix == (151699, 151645)


def test_marks_and_text_joined_are_the_published_opening_of_an_answer():
    """<|im_end|>, then the assistant's opening with an empty thought, then <|tts_bos|>."""
    line, blank, opening = (tokenizer().encode(text) for text in ("\n", "\n\n", "assistant\n"))
    joined = (IM_END, *line, IM_START, *opening, THINK, *blank, THINK_END, *blank, TTS_BOS)
    assert joined == (151645, 198, 151644, 77091, 198, 151667, 271, 151668, 271, 151703)


@pytest.mark.parametrize(
    ("samples", "tokens"),
    [(0, 0), (1, 0), (1_280, 0), (1_281, 1), (16_000, 10), (80_000, 50), (480_000, 300), (480_001, 300), (960_000, 600), (976_000, 610)],
)
def test_a_reference_is_ten_embeddings_a_second_in_pieces_of_30_s(samples, tokens):
    assert reference_tokens(samples) == tokens
