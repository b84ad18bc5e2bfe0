"""A duplex session takes windows in, answers and closes them; what fails leaves it as it was, and a lost cache is computed anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.duplexing import Deciding, answer, close, prepare, recalled, take_in
from operators.minicpm_o.thinking import feed
from operators.omni_flow.context.sliding import Policy, heard_up_to
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.tokens.vocabulary import AUDIO, IMAGE, IMAGE_END, PLACEHOLDER, SLICE, SLICE_END, UNIT
from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model
PREFIX, SUFFIX = (1, 2, 3), (4,)
NOISE = np.random.default_rng(2).standard_normal(30 * 16_000).astype(np.float32) / 10
PICTURE = np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8)
HEARS = Deciding(lambda ids: "x" * len(ids), Generating(force_listen=100))
SPEAKS = Deciding(lambda ids: "x" * len(ids), Generating(cap=5), Choosing(mode="greedy"), np.arange(151_643, 151_748))


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()


def second(k):
    return NOISE[k * 16_000 : (k + 1) * 16_000]


def windows(weights, session, count, deciding, first=0, pictures=()):
    found = []
    for k in range(first, first + count):
        session = take_in(weights, session, sound=second(k), pictures=pictures)
        session, outcome, _ = answer(weights, session, deciding)
        session, _, _ = close(weights, session, deciding.text_of)
        found.append(outcome.fed)
    return session, found


def test_a_window_is_laid_out_as_the_reference_does(talking):
    session = take_in(talking, prepare(talking, PREFIX, SUFFIX), sound=second(0), pictures=[PICTURE])
    assert session.taken.ids == (UNIT, IMAGE, *(PLACEHOLDER,) * 64, IMAGE_END, *(AUDIO,) * 10)
    large = np.tile(PICTURE, (10, 10, 1))
    detailed = take_in(talking, prepare(talking, PREFIX), pictures=[large], most=2)
    cell = (SLICE, *(PLACEHOLDER,) * 64, SLICE_END)
    assert detailed.taken.ids == (UNIT, IMAGE, *(PLACEHOLDER,) * 64, IMAGE_END, *cell, *cell)


def test_the_prompt_is_fed_with_the_voice_in_its_middle(talking):
    session = prepare(talking, PREFIX, SUFFIX, reference=NOISE[:32_000])
    assert (session.cache.length, session.context.protected) == (3 + 20 + 1, 24)


def test_windows_that_only_listen_take_13_rows_each(talking):
    session, _ = windows(talking, prepare(talking, PREFIX, SUFFIX), 3, HEARS)
    assert (session.cache.length, [unit.length for unit in session.context.units], session.talk.windows) == (4 + 3 * 13, [13, 13, 13], 3)


def test_what_was_answered_stands_in_the_cache_as_it_was_fed(talking):
    session, (fed,) = windows(talking, prepare(talking, PREFIX), 1, SPEAKS)
    assert session.context.units[0].ids == (UNIT, *(AUDIO,) * 10, *fed)
    assert session.cache.length == 3 + 11 + len(fed)


def test_too_little_sound_opens_no_window_and_waits(talking):
    session = prepare(talking, PREFIX)
    session, _ = windows(talking, session, 1, HEARS)
    waits = take_in(talking, session, sound=second(1)[:8000])
    after, outcome, _ = answer(talking, waits, HEARS)
    assert (waits.taken, outcome.reason, after.cache.length, close(talking, after, HEARS.text_of)[0].talk.windows) == (None, "no_input", 16, 1)
    assert take_in(talking, after, sound=second(1)[8000:]).taken.ids == (UNIT, *(AUDIO,) * 10)


@pytest.mark.parametrize("bad", [{"sound": np.full(16_000, np.nan, np.float32)}, {"pictures": [np.zeros((4, 4), np.uint8)]}])
def test_what_is_neither_picture_nor_sound_is_refused_and_the_session_goes_on(talking, bad):
    session, _ = windows(talking, prepare(talking, PREFIX), 1, SPEAKS)
    with pytest.raises(ValueError, match="wants"):
        take_in(talking, session, **bad)
    assert windows(talking, session, 1, SPEAKS, first=1)[1] == windows(talking, prepare(talking, PREFIX), 2, SPEAKS)[1][1:]


def test_a_window_is_closed_before_the_next(talking):
    session = take_in(talking, prepare(talking, PREFIX), sound=second(0))
    answered, _, _ = answer(talking, session, HEARS)
    with pytest.raises(ValueError, match="wants the last window closed before another is taken in"):
        take_in(talking, answered, sound=second(1))
    with pytest.raises(ValueError, match="wants the last window closed before the next is answered"):
        answer(talking, answered, HEARS)


def test_a_step_leaves_the_session_that_it_was_given(talking):
    session = prepare(talking, PREFIX)
    one, first = windows(talking, session, 2, SPEAKS)
    two, again = windows(talking, session, 2, SPEAKS)
    assert (first, one.cache.length, session.cache.length) == (again, two.cache.length, 3)


def test_a_cache_that_is_lost_is_computed_anew_and_the_session_goes_on_as_it_would_have(talking):
    session, _ = windows(talking, prepare(talking, PREFIX, SUFFIX, policy=Policy("context")), 3, SPEAKS, pictures=[PICTURE])
    lost = replace(session, cache=session.cache.forgotten())
    found = recalled(talking, lost, PREFIX)
    assert np.abs(found.cache.keys(0).numpy() - session.cache.keys(0).numpy()).max() < 1e-5
    assert windows(talking, found, 3, SPEAKS, first=3)[1] == windows(talking, session, 3, SPEAKS, first=3)[1]


def test_what_is_forgotten_leaves_the_cache(talking):
    session, _ = windows(talking, prepare(talking, PREFIX, policy=Policy("basic", high=60, low=40)), 6, HEARS)
    assert (session.cache.length, len(session.context.units), len(session.shown)) == (session.context.length, 3, 3)
    assert session.cache.length == 3 + 3 * 13  # after the fifth window, two were left


def test_words_that_were_never_heard_are_taken_out_and_the_rest_is_fed_anew(talking):
    session, _ = windows(talking, prepare(talking, PREFIX, policy=Policy("none", keeps="as-heard")), 1, SPEAKS, pictures=[PICTURE])
    unit = replace(session.context.units[0], answer=1)
    context, _, plan = heard_up_to(replace(session.context, units=(unit,)), 1, 0, settled=True, text_of=SPEAKS.text_of)
    found = recalled(talking, replace(session, context=context), PREFIX)
    assert (plan.after, found.cache.length, found.context.units[0].length) == (context.length, context.length, unit.length - len(unit.words))


def test_hidden_states_go_with_what_was_fed(talking):
    session = take_in(talking, prepare(talking, PREFIX), sound=second(0))
    answered, outcome, states = answer(talking, session, SPEAKS)
    _, _, rest = close(talking, answered, SPEAKS.text_of)
    wanted = feed(talking, session.cache, [outcome.fed])[1]
    assert np.abs(np.stack([*states, *rest]) - wanted).max() < 1e-5


def test_logits_that_are_not_finite_are_refused_and_the_session_stays(talking):
    session = take_in(talking, prepare(talking, PREFIX), sound=second(0))
    broken = replace(session, taken=session.taken._replace(hidden=np.full(16, np.nan, np.float32)))
    with pytest.raises(ValueError, match="wants finite logits"):
        answer(talking, broken, SPEAKS)
    assert answer(talking, session, SPEAKS)[1].choice in ("listen", "speak")
