"""A conversation can begin with the sample of a voice to be spoken in."""

from __future__ import annotations

from typing import get_args

import pytest

from operators.omni_flow.turn_based.messages import Audio, Image, Message
from operators.omni_flow.turn_based.voice_prompt import WORDINGS, Language, Variant, Wording, spoken_as, voice_prompt

VOICE = Audio(bytes(32_000))


@pytest.mark.parametrize("language", get_args(Language))
@pytest.mark.parametrize("variant", get_args(Variant))
def test_every_variant_has_a_prefix_the_sample_and_a_suffix_but_for_those_that_have_less(variant, language):
    prefix, suffix = WORDINGS[variant, language]
    expected = {"default": (prefix,), "voice_cloning": (prefix, VOICE)}.get(variant, (prefix, VOICE, suffix))
    assert voice_prompt(variant, language, None if variant == "default" else VOICE) == Message("system", expected)
    assert all(part for part in expected)


def test_the_ten_wordings_are_of_their_language():
    assert len(WORDINGS) == 10
    assert all(any("一" <= letter <= "鿿" for letter in "".join(words)) == (language == "zh") for (_, language), words in WORDINGS.items())
    assert len({words.suffix for (variant, _), words in WORDINGS.items() if variant not in ("voice_cloning", "default")}) == 6


def test_another_wording_can_be_given():
    assert voice_prompt("omni", "en", VOICE, wording=Wording("A", "B")).parts == ("A", VOICE, "B")


def test_speech_is_made_after_the_voice_that_was_given_for_it_or_the_first_sound():
    other = Audio(bytes(8))
    messages = [voice_prompt("omni", "en", VOICE), Message("user", [Image(9, 9), other])]
    assert spoken_as(messages, other) is other
    assert spoken_as(messages) is VOICE
    assert spoken_as([Message("user", "a")]) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("butler",), "wants one of omni, audio_assistant, audio_roleplay, voice_cloning, default, got 'butler'"),
        (("omni", "fr", VOICE), "wants one of en, zh, got 'fr'"),
        (("omni",), "omni wants a reference, got none"),
        (("default", "en", VOICE), "default wants no reference, got one"),
    ],
)
def test_what_is_no_variant_and_a_sample_too_many_or_missing_are_refused(given, words):
    with pytest.raises(ValueError, match="voice prompt: " + words):
        voice_prompt(*given)
