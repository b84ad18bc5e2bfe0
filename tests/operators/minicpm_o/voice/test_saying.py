"""A duplex session's codes are said unit by unit: a second each in mid-turn, and the rest at the end of a turn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch
from tests.operators.minicpm_o.voice import drawn

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def ready():
    needs_torch()
    from operators.minicpm_o.voice.saying import ready

    return ready(drawn.voice("hift"), drawn.prompt(), 1)


def units(saying, *given):
    from operators.minicpm_o.voice.saying import say

    found = []
    for codes, ends in given:
        saying, samples = say(drawn.voice("hift"), saying, codes, ends=ends)
        found.append((None if samples is None else len(samples), len(saying.waiting)))
    return saying, found


def test_each_unit_of_a_turn_is_a_second_and_its_end_what_is_left(ready):
    saying, found = units(ready, (drawn.codes(25), False), (drawn.codes(25), False), (drawn.codes(12), True))
    assert found == [(24_000, 3), (24_000, 3), (12 * 960 + 3 * 960 + 3840, 3)]
    assert saying == ready


def test_what_is_not_a_second_in_mid_turn_has_silence_before_it(ready):
    from operators.minicpm_o.voice.saying import say

    _, samples = say(drawn.voice("hift"), ready, drawn.codes(25))
    assert bool((samples[:3840] == 0).all())
    assert bool((samples[3840:3900] != 0).any())


def test_too_few_codes_wait(ready):
    assert units(ready, (drawn.codes(4), False))[1] == [(None, 7)]
    assert units(ready, (drawn.codes(4), False), (drawn.codes(1), False))[1] == [(None, 7), (24_000, 3)]


def test_few_codes_at_the_end_of_a_turn_are_said(ready):
    assert units(ready, (drawn.codes(2), True))[1] == [(5 * 960, 3)]


def test_more_than_a_unit_s_codes_are_said_at_once(ready):
    assert units(ready, (drawn.codes(60), False))[1] == [(60 * 960 - 3840, 3)]


def test_two_turns_of_the_same_codes_sound_the_same(ready):
    from operators.minicpm_o.voice.saying import say

    saying, first = say(drawn.voice("hift"), ready, drawn.codes(25), ends=True)
    _, second = say(drawn.voice("hift"), saying, drawn.codes(25), ends=True)
    assert np.array_equal(first, second)


def test_samples_are_steps_of_16_bits(ready):
    from operators.minicpm_o.voice.saying import say

    _, samples = say(drawn.voice("hift"), ready, drawn.codes(25), ends=True)
    assert np.array_equal(samples * 32_768, np.rint(samples * 32_768))
