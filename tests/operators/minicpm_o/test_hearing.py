"""A stream is heard as the whole clip would be, second by second, and what comes later changes nothing of what was heard."""

from __future__ import annotations

import numpy as np
import pytest

from operators.minicpm_o.hearing import Heard, hear, hear_on, hear_piece
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
NOISE = np.random.default_rng(5).standard_normal(12 * 16_000).astype(np.float32) / 10


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def streamed(weights, sound, sizes):
    state, found, at = Heard(), [], 0
    for size in sizes:
        state, tokens = hear_on(weights, state, sound[at : at + size])
        found.append(tokens)
        at += size
    return state, found


def test_a_clip_has_10_embeddings_a_second(weights):
    assert [len(each) for each in hear(weights, [NOISE[:n] for n in (16_000, 20_000, 6_400, 32_000)])] == [10, 12, 4, 20]


def test_a_stream_is_heard_as_the_clip_where_seconds_do_not_see_later_ones(weights):
    _, found = streamed(weights, NOISE, (16_560, 16_000, 16_000, 15_000))
    (whole,) = hear(weights, [NOISE[: 6 * 16_000]], mode="fixed")
    assert np.abs(np.concatenate(found) - whole[:30]).max() < 1e-4


def test_how_sound_is_cut_into_pieces_does_not_matter(weights):
    _, seconds = streamed(weights, NOISE, (16_560, *(16_000,) * 4))
    _, pieces = streamed(weights, NOISE, (16_560, 1, 40_000, 23_999))
    assert np.array_equal(np.concatenate(seconds), np.concatenate(pieces))


def test_a_longer_clip_never_changes_what_came_before(weights):
    (short,), (long,) = hear(weights, [NOISE[: 4 * 16_000]], mode="fixed"), hear(weights, [NOISE[: 9 * 16_000]], mode="fixed")
    assert np.abs(short[:30] - long[:30]).max() < 1e-5  # its last second sees its own last frame, after which there was nothing


def test_a_clip_that_is_not_cut_into_seconds_sees_all_of_itself(weights):
    (cut,), (whole,) = hear(weights, [NOISE[:48_000]]), hear(weights, [NOISE[:48_000]], chunked=False)
    assert np.abs(cut[:10] - whole[:10]).max() > 1e-4
    assert np.array_equal(*hear(weights, [NOISE[:16_000]]), *hear(weights, [NOISE[:16_000]], chunked=False))  # there is but one second


def test_clips_by_themselves_do_not_depend_on_one_another_and_together_they_do(weights):
    long, short = NOISE[:80_000], NOISE[8_000:28_000]
    (alone,) = hear(weights, [short])
    assert np.array_equal(hear(weights, [long, short])[1], alone)
    assert np.abs(hear(weights, [long, short], together=True)[1] - alone).max() > 1e-4


def test_the_first_second_is_filled_up_with_silence(weights):
    state, (tokens,) = streamed(weights, NOISE, (16_000,))
    assert (len(tokens), len(state.waiting), state.rows) == (10, 80, 50)  # 560 zeros came first, 80 samples wait
    filled = np.concatenate([np.zeros(560, np.float32), NOISE[:16_000]])
    assert np.array_equal(hear_on(weights, Heard(), filled)[1], tokens)


def test_the_encoder_forgets_after_29_seconds(weights):
    sound = np.tile(NOISE, 3)
    state, found = streamed(weights, sound, (16_560, *(16_000,) * 28))
    assert (state.rows, len(found[-1])) == (1450, 10)
    after, tokens = hear_on(weights, state, sound[16_560 + 28 * 16_000 :][:16_000])
    assert (after.rows, len(tokens), state.rows) == (50, 10, 1450)


def test_a_piece_of_an_utterance_keeps_the_frames_around_it(weights):
    state, first = hear_piece(weights, Heard(), NOISE[:16_560])
    after, second = hear_piece(weights, state, NOISE[16_560:32_560])
    assert (len(first), state.rows, len(second), after.rows) == (10, 51, 10, 103)


def test_nothing_is_heard_of_nothing(weights):
    state, tokens = hear_on(weights, Heard(), np.zeros(0, np.float32))
    assert (tokens.shape, state.begun, state.rows) == ((0, 32), False, 0)


def test_a_stream_stays_as_it_was_where_sound_is_refused(weights):
    state, _ = streamed(weights, NOISE, (16_000,))
    with pytest.raises(ValueError, match="wants finite samples"):
        hear_on(weights, state, np.full(16_000, np.nan, np.float32))
    assert np.array_equal(hear_on(weights, state, NOISE[:16_000])[1], hear_on(weights, state, NOISE[:16_000])[1])
    assert state.rows == 50
