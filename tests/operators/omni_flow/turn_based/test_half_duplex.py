"""Message after message is prefilled, and an answer opened, as the published half-duplex session does it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.omni_flow.tokens.tokenizer import Bytes
from operators.omni_flow.tokens.vocabulary import AUDIO_END, AUDIO_START, PLACEHOLDER, name
from operators.omni_flow.turn_based.half_duplex import FILLED, HalfDuplex, HalfDuplexing, answered, generate, prefill, rolled_back
from operators.omni_flow.turn_based.messages import Audio, Image, Message
from operators.omni_flow.turn_based.rounds import Round
from tests.operators.omni_flow.tokens.published import tokenizer

TEXT, SERVER = Bytes(), HalfDuplexing()
SECOND = Audio(bytes(32_000))
OPENER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n<|tts_bos|>"


def user(*parts) -> Message:
    return Message("user", parts)


def said(feed) -> str:
    """Write what is fed, each run of embeddings as their count."""
    found, run = "", 0
    for token in (*feed.rendered.tokens, None):
        if token == PLACEHOLDER:
            run += 1
            continue
        found, run = found + (str(run) if run else ""), 0
        if token is not None:
            found += chr(token) if token < 256 else name(token)
    return found


def after(*messages: Message, how: HalfDuplexing = SERVER) -> HalfDuplex:
    """Give messages, one after another."""
    state = HalfDuplex()
    for message in messages:
        state = prefill(state, message, TEXT, how)[0]
    return state


def answers(state: HalfDuplex, rows: int = 5, *, completed: bool = True, how: HalfDuplexing = SERVER) -> HalfDuplex:
    return answered(generate(state, TEXT, how)[0], rows, completed=completed, settings=how)[0]


def test_a_users_turn_is_opened_once_and_goes_on_with_what_is_raw():
    state, first = prefill(HalfDuplex(), user("one"), TEXT)
    state, second = prefill(state, user("two"), TEXT)
    assert [said(first), said(second)] == ["<|im_start|>user\none", "two"]
    assert said(generate(state, TEXT)[1]) == OPENER


@pytest.mark.parametrize(("completed", "closing"), [(True, "<|im_end|>\n"), (False, "<|tts_eos|><|im_end|>\n")])
def test_after_an_answer_a_new_turn_closes_it_as_the_model_left_it(completed, closing):
    state = answers(after(user("one")), completed=completed)
    assert said(prefill(state, user("two"), TEXT)[1]) == closing + "<|im_start|>user\ntwo"
    assert said(prefill(state, Message("system", "S"), TEXT)[1]) == closing + "<|im_start|>system\nS<|im_end|>\n"


def test_system_and_assistant_stand_in_the_template_and_close_a_turn_of_the_user():
    state, system = prefill(HalfDuplex(), Message("system", "S"), TEXT)
    state, one = prefill(state, user("one"), TEXT)
    state, told = prefill(state, Message("assistant", "A"), TEXT)
    state, two = prefill(state, user("two"), TEXT)
    assert [said(feed) for feed in (system, one, told, two)] == [
        "<|im_start|>system\nS<|im_end|>\n",
        "<|im_start|>user\none",
        "<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n",
        "<|im_start|>user\ntwo",
    ]


def test_parts_follow_each_other_and_pictures_have_neither_number_nor_cells():
    feed = prefill(HalfDuplex(), user(Image(1280, 720), SECOND, "x"), TEXT)[1]
    assert said(feed) == "<|im_start|>user\n<image>64</image><|audio_start|>10<|audio_end|>x"
    feed = prefill(HalfDuplex(), user(Image(1280, 720)), TEXT, HalfDuplexing(most=2))[1]
    assert said(feed) == "<|im_start|>user\n<image>64</image><slice>64</slice><slice>64</slice>"
    feed = prefill(HalfDuplex(), user(Audio(bytes(64_000))), TEXT, HalfDuplexing(stream_input=True))[1]
    assert said(feed).count("<|audio_start|>10<|audio_end|>") == 2


def test_the_first_sound_of_each_turn_is_filled_up_with_zeros_before_it():
    loud = Audio(b"\1\0" * 16_000)
    state, first = prefill(HalfDuplex(), Message("system", [loud]), TEXT)
    assert (first.filled, first.rendered.clips) == (0, (loud,))
    state, typed = prefill(state, user("look"), TEXT)
    state, second = prefill(state, user(Image(9, 9), loud, loud), TEXT)
    state, third = prefill(state, user(loud), TEXT)
    assert (typed.filled, second.filled, third.filled) == (0, 560, 0)
    assert [clip.pcm for clip in second.rendered.clips] == [bytes(2 * 560) + loud.pcm, loud.pcm]
    state, again = prefill(answers(state), user(loud), TEXT)
    assert again.filled == FILLED - 16_000


@pytest.mark.parametrize(("samples", "filled"), [(FILLED - 1, 1), (FILLED, 0), (80_000, 0), (1, FILLED - 1)])
def test_a_sound_that_is_long_enough_is_left_alone(samples, filled):
    state, feed = prefill(HalfDuplex(), user(Audio(bytes(2 * samples))), TEXT)
    assert (feed.filled, state.fills) == (filled, False)


def test_the_first_message_resets_and_the_audio_cache_is_cleared_when_the_specification_says():
    state, feeds = HalfDuplex(), []
    for message in (user(SECOND), user(SECOND), Message("assistant", "A"), Message("system", "S"), user(SECOND)):
        state, feed = prefill(state, message, TEXT)
        feeds.append((feed.resets, feed.clears_audio))
    assert feeds == [(True, True), (False, False), (False, True), (False, True), (False, False)]
    assert generate(state, TEXT)[1].clears_audio


def test_only_a_stream_of_the_users_sound_is_encoded_onto_what_was_heard_before():
    stream = HalfDuplexing(stream_input=True)
    state, system = prefill(HalfDuplex(), Message("system", [SECOND]), TEXT, stream)
    assert (system.encoder, prefill(state, user(SECOND), TEXT, stream)[1].encoder) == ("full", "cached")
    assert prefill(state, user(SECOND), TEXT)[1].encoder == "full"


def test_the_cache_grows_as_in_the_published_session():
    voice, picture = Audio(bytes(102_400)), Image(400, 225)
    system = Message("system", ["Clone the voice in the provided audio prompt.", voice, "As an assistant, you will speak using this voice style."])
    state, rows = HalfDuplex(), []
    for message in (system, user(picture, SECOND), user(picture, SECOND), user(SECOND)):
        state, feed = prefill(state, message, tokenizer())
        rows.append(state.rows)
    state, feed = generate(state, tokenizer())
    assert feed.rendered.tokens == (151645, 198, 151644, 77091, 198, 151667, 271, 151668, 271, 151703)
    rows.append(state.rows)
    state, _, _ = answered(state, 40, completed=False)
    rows.append(state.rows)
    state, feed = prefill(state, user("Go on."), tokenizer())
    rows.append(state.rows)
    assert rows == [60, 141, 219, 231, 241, 281, 290]
    assert state.rounds == (Round(0, 60, True), Round(1, 224), Round(2, 6))


def test_by_default_the_bounds_are_those_of_the_published_model():
    assert (SERVER.high, SERVER.low, SERVER.most, SERVER.stream_input) == (8000, 6000, 1, False)


def test_whole_rounds_go_when_there_are_too_many_rows():
    how = HalfDuplexing(high=100, low=60)
    state = answers(after(Message("system", "S"), user("a" * 20), how=how), how=how)
    assert [each.rows for each in state.rounds] == [11, 51]
    state, feed = prefill(state, user("b" * 31), TEXT, how)
    assert (state.rows, [each.id for each in state.rounds], feed.evicted[0].units) == (48, [0, 2], (1,))
    assert feed.plan.after == state.rows


def test_a_message_while_the_model_answers_and_an_answer_to_nothing_are_refused():
    opened = generate(after(user("a")), TEXT)[0]
    with pytest.raises(ValueError, match="the model is answering, wants answered\\(\\) before another message, got one of user"):
        prefill(opened, user("b"), TEXT)
    for state in (HalfDuplex(), after(Message("system", "S")), opened, answers(after(user("a")))):
        with pytest.raises(ValueError, match="wants a message of the user to answer, got last"):
            generate(state, TEXT)
    with pytest.raises(ValueError, match="wants an answer that was opened, got last 'user'"):
        answered(after(user("a")), 5, completed=True)
    with pytest.raises(ValueError, match="wants 0 < low <= high, or high None, got low 9 and high 8"):
        HalfDuplexing(high=8, low=9)


def test_an_answer_that_was_begun_too_early_is_rolled_back():
    before = after(Message("system", "S"), user(SECOND))
    opened = generate(before, TEXT)[0]
    state, plan = rolled_back(before, answered(opened, 7, completed=False)[0])
    assert (state, plan.before, plan.after) == (before, opened.rows + 7, before.rows)
    goes_on = prefill(state, user(SECOND), TEXT)[1]
    assert (said(goes_on), goes_on.filled) == ("<|audio_start|>10<|audio_end|>", 0)
    with pytest.raises(ValueError, match="what was evicted cannot be brought back"):
        rolled_back(before, replace(opened, rounds=opened.rounds[1:]))


turn = st.sampled_from([Message("system", "S"), Message("assistant", "A"), user("hello"), user(SECOND), user(Image(9, 9)), None])


@settings(max_examples=100, deadline=None)
@given(st.lists(turn, max_size=12), st.booleans())
def test_whatever_comes_rows_are_counted_and_turns_stand_one_after_another(turns, completed):
    how, state, fed, rows = HalfDuplexing(high=150, low=100), HalfDuplex(), [], 0
    for message in turns:
        if message is None and state.last != "user":
            continue
        state, feed = generate(state, TEXT, how) if message is None else prefill(state, message, TEXT, how)
        fed += feed.rendered.tokens
        assert (feed.plan.before, feed.plan.after) == (rows + len(feed.rendered.tokens), state.rows)
        if message is None:
            state, _, plan = answered(state, 3, completed=completed, settings=how)
            assert plan.after == state.rows
        rows = state.rows
        assert all(each.system for each in state.rounds[:-1]) or rows <= 150
    marks = [name(token) for token in fed if name(token) in ("<|im_start|>", "<|im_end|>")]
    assert marks == ["<|im_start|>", "<|im_end|>"] * (len(marks) // 2) + ["<|im_start|>"] * (len(marks) % 2)
    assert fed.count(AUDIO_START) == fed.count(AUDIO_END)


def test_in_a_stream_the_voice_of_the_system_comes_as_a_whole_and_each_second_of_the_user_by_itself():
    how = HalfDuplexing(stream_input=True)
    state, system = prefill(HalfDuplex(), Message("system", ["Voice:", Audio(bytes(2 * 51_200))]), TEXT, how)
    assert said(system) == "<|im_start|>system\nVoice:<|audio_start|>32<|audio_end|><|im_end|>\n"
    assert said(prefill(state, user(Audio(bytes(64_000))), TEXT, how)[1]).count("<|audio_start|>10<|audio_end|>") == 2
