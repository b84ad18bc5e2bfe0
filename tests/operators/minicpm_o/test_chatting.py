"""A conversation is encoded and answered; in half-duplex mode message by message, with the rounds that the bookkeeping counts."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from operators.minicpm_o.chatting import begin, chat, filled, listen, picture_of, recalled, respond, samples_of
from operators.minicpm_o.replying import CHAT, HALF_DUPLEX
from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.turn_based.half_duplex import HalfDuplexing
from operators.omni_flow.turn_based.messages import Audio, Image, Message
from operators.omni_flow.turn_based.rendering import render
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
SOUND = Audio((np.random.default_rng(1).standard_normal(16_000) * 2000).astype("<i2").tobytes())
GREEDY = replace(CHAT, mode="greedy", most=4)
SPOKEN = replace(HALF_DUPLEX, mode="greedy", most=4)
TEXT = Bytes()


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def image(width=40, height=30):
    from PIL import Image as Pillow

    shown = BytesIO()
    Pillow.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)).save(shown, "PNG")
    return Image(width, height, shown.getvalue())


def test_pictures_and_sounds_go_where_they_stand():
    rendered = render([Message("user", [image(), SOUND, "What?"])], TEXT)
    visual, sound = np.ones((64, 2)), np.full((10, 2), 2.0)
    pieces = filled(rendered, [visual], [sound])
    assert [len(piece) for piece in pieces] == [10, 64, 3, 10, len(rendered.tokens) - 10 - 64 - 3 - 10]
    assert (pieces[1] is not visual, pieces[1].tolist() == visual.tolist(), pieces[3].tolist() == sound.tolist()) == (True, True, True)


def test_an_answer_is_a_function_of_the_conversation(talking):
    asked = [Message("user", [image(), SOUND, "What?"])]
    first, again = (chat(talking, asked, TEXT, replying=GREEDY) for _ in range(2))
    assert first.ids == again.ids
    assert (len(first.ids), first.states.shape) == (4, (4, 16))
    other = chat(talking, [Message("user", [image(50), SOUND, "What?"])], TEXT, replying=GREEDY)
    assert not np.array_equal(other.states, first.states)


def test_sound_is_read_from_minus_1_to_1():
    assert samples_of(Audio(np.array([-32_768, 0, 16_384], "<i2").tobytes())).tolist() == [-1.0, 0.0, 0.5]


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (Image(4, 4, b"no picture"), "a picture of 4 x 4 cannot be decoded"),
        (replace(image(), width=41), "wants a picture of 41 x 30, as it says, got 40 x 30"),
    ],
)
def test_what_is_no_picture_is_refused(shown, words):
    with pytest.raises(ValueError, match=words):
        picture_of(shown)


def test_half_duplex_keeps_as_many_rows_as_its_rounds_say(talking):
    settings, now = HalfDuplexing(stream_input=True), begin(talking)
    now = listen(talking, now, Message("system", "Be brief."), TEXT, settings)
    now = listen(talking, now, Message("user", [image(), SOUND]), TEXT, settings)
    now = listen(talking, now, Message("user", [SOUND]), TEXT, settings)
    assert (now.cache.length, now.where.rows, now.heard.rows) == (now.where.rows, now.where.rows, 103)
    now, found = respond(talking, now, TEXT, settings, SPOKEN)
    assert (now.cache.length, now.where.last, now.heard.rows, len(found.ids)) == (now.where.rows, "unfinished", 0, 4)
    now = listen(talking, now, Message("user", "And?"), TEXT, settings)
    assert now.cache.length == now.where.rows


def test_the_oldest_rounds_go_and_the_rest_moves_up(talking):
    settings, now = HalfDuplexing(high=120, low=80), begin(talking)
    for _ in range(3):
        now = listen(talking, now, Message("user", "Tell me more of it."), TEXT, settings)
        now, _ = respond(talking, now, TEXT, settings, SPOKEN)
    assert now.cache.length == now.where.rows <= 120
    assert [each.id for each in now.where.rounds] == [1, 2]


def test_a_message_while_it_answers_is_refused_and_the_conversation_stays(talking):
    now = begin(talking)
    with pytest.raises(ValueError, match="wants a message of the user to answer"):
        respond(talking, now, TEXT)
    assert listen(talking, now, Message("user", "Hello"), TEXT).cache.length == now.cache.length + len("user\nHello") + 1


def test_what_was_fed_is_kept_with_the_rows_and_makes_the_same_cache(talking):
    now = begin(talking)
    settings = HalfDuplexing(high=90, low=60)
    for n in range(3):
        now = listen(talking, now, Message("user", [SOUND, f"What is {n}?"]), TEXT, settings)
        now, _ = respond(talking, now, TEXT, settings, SPOKEN)
        assert sum(map(len, now.fed)) == now.where.rows == now.cache.length
    assert [each.id for each in now.where.rounds] == [2]  # the others were let go
    whole = begin(talking)
    for n in range(3):
        whole = listen(talking, whole, Message("user", [SOUND, f"What is {n}?"]), TEXT)
        whole, _ = respond(talking, whole, TEXT, replying=SPOKEN)
    again = recalled(talking, replace(whole, cache=whole.cache.forgotten()))
    assert np.allclose(again.cache.keys(0).numpy(), whole.cache.keys(0).numpy(), atol=1e-5)
    assert np.allclose(again.cache.values(0).numpy(), whole.cache.values(0).numpy(), atol=1e-5)


@pytest.mark.parametrize("high", range(60, 120, 4))
def test_wherever_rounds_are_let_go_of_what_was_fed_goes_with_their_rows(talking, high):
    """An answer is 4 tokens long: at one of these bounds it is the answer that makes it too much."""
    now, settings = begin(talking), HalfDuplexing(high=high, low=high // 2)
    for n in range(3):
        now = listen(talking, now, Message("user", f"What is {n}?"), TEXT, settings)
        now, _ = respond(talking, now, TEXT, settings, SPOKEN)
        assert sum(map(len, now.fed)) == now.where.rows == now.cache.length
