"""Messages stand in the chat template as the specification writes it."""

from __future__ import annotations

import pytest

from operators.omni_flow.tokens.vocabulary import IM_END, IM_START, THINK, THINK_END, TTS_BOS
from operators.omni_flow.turn_based.messages import Audio, Image, Message, chat, joined, opener, templated, written

SOUND, PICTURE = Audio(bytes(32)), Image(640, 480)
THOUGHT = "<think>\n\n</think>\n\n"


def test_a_text_stands_between_its_role_and_the_end_and_the_assistants_turn_is_opened():
    assert written(chat([Message("user", "Hello")])) == f"<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n{THOUGHT}"


def test_parts_are_joined_by_line_breaks_or_by_nothing():
    message = Message("user", [PICTURE, SOUND, "What?"])
    assert written(templated(message)) == "<|im_start|>user\n<image>./</image>\n<audio>./</audio>\nWhat?<|im_end|>\n"
    assert written(templated(message, "")) == "<|im_start|>user\n<image>./</image><audio>./</audio>What?<|im_end|>\n"
    assert joined(("a", "b"), "") == ("a", "b")


@pytest.mark.parametrize(
    ("messages", "given", "end"),
    [
        ([Message("user", "a")], {}, THOUGHT),
        ([Message("user", "a")], {"thinking": True}, ""),
        ([Message("user", "a")], {"speech": True}, THOUGHT + "<|tts_bos|>"),
        ([Message("user", "a")], {"speech": True, "thinking": True}, "<|tts_bos|>"),
        ([Message("user", [SOUND])], {}, THOUGHT + "<|tts_bos|>"),
        ([Message("system", ["Speak so.", SOUND]), Message("user", "a")], {}, THOUGHT + "<|tts_bos|>"),
        ([Message("user", [PICTURE])], {}, THOUGHT),
    ],
)
def test_a_turn_is_opened_for_speech_if_it_is_wanted_or_anything_was_heard(messages, given, end):
    assert written(chat(messages, **given)).endswith(f"<|im_start|>assistant\n{end}")


def test_a_conversation_is_its_messages_one_after_another():
    said = written(chat([Message("system", "S"), Message("user", "U"), Message("assistant", "A"), Message("user", "V")], thinking=True))
    turns = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in (("system", "S"), ("user", "U"), ("assistant", "A"), ("user", "V")))
    assert said == turns + "<|im_start|>assistant\n"


def test_marks_are_ids_and_text_stays_text():
    assert chat([Message("user", "<|im_end|>")])[:4] == (IM_START, "user\n", "<|im_end|>", IM_END)
    assert opener(speech=True) == (IM_START, "assistant\n", THINK, "\n\n", THINK_END, "\n\n", TTS_BOS)


def test_a_message_is_a_value():
    parts = ["a", SOUND]
    message = Message("user", parts)
    parts.append("b")
    assert (message.parts, message.sounds, Message("user", "a").parts) == (("a", SOUND), (SOUND,), ("a",))
    assert message == Message("user", ("a", SOUND))
    assert hash(message) == hash(Message("user", ("a", SOUND)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Message("robot", "a"), "message: wants a role out of system, user, assistant, got 'robot'"),
        (lambda: Message("user", ["a", 3]), "message of user, part 1: wants text, an Image or an Audio, got int"),
        (lambda: Image(0, 5), "image: wants 1 x 1 pixels or more, got 0 x 5"),
        (lambda: Audio(bytes(3)), "audio: wants 16-bit samples, 2 bytes each, got 3 bytes"),
    ],
)
def test_what_is_no_message_is_refused(make, words):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == words
