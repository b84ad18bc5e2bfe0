"""A conversation becomes the tokens that the published processor makes of it, with the places of its embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.tokens.vocabulary import IM_END, LISTEN, PLACEHOLDER
from operators.omni_flow.turn_based.messages import Audio, Image, Message, chat, written
from operators.omni_flow.turn_based.placeholders import Rendering
from operators.omni_flow.turn_based.rendering import Span, render
from tests.operators.omni_flow.tokens.published import tokenizer

PUBLISHED = json.loads((Path(__file__).parent / "chat_published.json").read_text())["cases"]
QUESTION = "What do you see and hear?"
PHOTO, SPEECH, SECOND = Image(480, 360), Audio(bytes(64_000)), Audio(bytes(32_000))
AS_THEY = "Use the voice in the audio prompt to synthesize new content."
SO = "You are a helpful assistant with the above voice style."
CASES: dict[str, tuple[list[Message], dict]] = {
    "image_audio_text": ([Message("user", [PHOTO, SPEECH, QUESTION])], {}),
    "text_only": ([Message("user", QUESTION)], {}),
    "system_ref_two_turns_slices": (
        [
            Message("system", [AS_THEY, Audio(bytes(102_400)), SO]),
            Message("user", [Image(960, 720), "First question"]),
            Message("assistant", "An answer."),
            Message("user", [SPEECH, Image(400, 225), QUESTION]),
        ],
        {"most": 4},
    ),
    "omni_stream_input": (
        [Message("user", [Image(400, 225), SECOND, Image(400, 225), SECOND])],
        {"omni": True, "stream_input": True, "most": 1, "image_ids": False},
    ),
    "thinking_rep": ([Message("user", "1 2 3 1 2 3")], {"thinking": True}),
    "tts_audio": ([Message("user", QUESTION)], {"speech": True}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_published_processor_makes_the_same_of_a_conversation(name):
    messages, options = CASES[name]
    expected, how = PUBLISHED[name], Rendering(**options)
    assert written(chat(messages, join=how.join, thinking=how.thinking, speech=how.speech)) == expected["prompt"]
    rendered = render(messages, tokenizer(), how)
    assert list(rendered.tokens) == [token for token, times in expected["ids"] for _ in range(times)]
    places = {kind: [[span.start, span.end] for span in rendered.spans if span.kind == kind] for kind in ("visual", "audio")}
    assert places == {"visual": expected["visual"], "audio": expected["audio"]}
    assert [clip.samples // 160 for clip in rendered.clips] == expected["mel_frames"]
    assert (rendered.cut, rendered.unfilled) == (0, 0)


def test_embeddings_are_counted_through_in_the_order_of_the_document():
    rendered = render([Message("user", [Image(1280, 720), SECOND, Image(10, 10), SECOND])], Bytes(), Rendering(most=2))
    assert [span[2:] for span in rendered.spans] == [
        ("visual", 0, 0, 0), ("visual", 0, 1, 64), ("visual", 0, 2, 128), ("audio", 0, 0, 0), ("visual", 1, 0, 192), ("audio", 1, 0, 10),
    ]  # fmt: skip
    assert [image.width for image in rendered.images] == [1280, 10]
    assert all(set(rendered.tokens[span.start : span.end]) == {PLACEHOLDER} for span in rendered.spans)


def test_the_sounds_of_a_message_are_encoded_as_one_and_those_of_another_apart():
    messages = [Message("user", [SECOND, "and", SPEECH]), Message("user", [SECOND])]
    assert [clip.samples for clip in render(messages, Bytes()).clips] == [48_000, 16_000]
    assert [clip.samples for clip in render(messages, Bytes(), Rendering(merge_audio=False)).clips] == [16_000, 32_000, 16_000]


def test_sounds_that_are_encoded_as_one_can_leave_room_unfilled():
    short = Audio(bytes(2 * 1_281))  # each alone makes an embedding; 2,562 samples together make one, too
    rendered = render([Message("user", [short, short])], Bytes())
    assert ([span.row for span in rendered.spans], rendered.unfilled) == ([0, 1], 1)


def test_what_is_over_the_limit_is_cut_off_at_the_end():
    messages = [Message("user", [SECOND])]
    whole = render(messages, Bytes(), Rendering(limit=None))
    assert whole.spans == (Span(7, 17, "audio", 0, 0, 0),)
    assert render(messages, Bytes(), Rendering(limit=len(whole.tokens))) == whole
    cut = render(messages, Bytes(), Rendering(limit=9))
    assert (cut.tokens, cut.spans, cut.cut) == (whole.tokens[:9], (Span(7, 9, "audio", 0, 0, 0),), len(whole.tokens) - 9)
    assert render(messages, Bytes(), Rendering(limit=7)).spans == ()
    assert Rendering().limit == 8192
    assert len(render([Message("user", "a" * 9000)], Bytes()).tokens) == 8192


text = st.text(max_size=12) | st.sampled_from(["<|listen|>", "<image>./</image>", "<unk>", "<|im_end|>", "\n"])
sounds = st.integers(0, 40_000).map(lambda n: Audio(bytes(2 * n)))
images = st.builds(Image, st.integers(1, 3000), st.integers(1, 3000))
drawn = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.lists(text | sounds | images, max_size=4)), max_size=4)
ways = st.builds(
    Rendering,
    omni=st.booleans(),
    stream_input=st.booleans(),
    thinking=st.booleans(),
    image_ids=st.booleans(),
    most=st.integers(1, 9),
    limit=st.just(None),
)


@settings(max_examples=60, deadline=None)
@given(drawn, ways)
def test_whatever_is_said_nothing_of_it_becomes_a_mark_and_every_placeholder_has_its_span(messages, how):
    rendered = render(messages, Bytes(), how)
    filled = [place for span in rendered.spans for place in range(span.start, span.end)]
    assert filled == [place for place, token in enumerate(rendered.tokens) if token == PLACEHOLDER]
    assert rendered.tokens.count(IM_END) == len(messages)
    assert LISTEN not in rendered.tokens
    for kind in ("visual", "audio"):
        rows = [row for span in rendered.spans if span.kind == kind for row in range(span.row, span.row + span.end - span.start)]
        assert rows == list(range(len(rows)))
