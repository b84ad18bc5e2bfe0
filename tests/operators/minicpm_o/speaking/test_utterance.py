"""A whole answer is said until the end code, which may not come too early."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from operators.minicpm_o.speaking.utterance import spoken, utter
from operators.omni_flow.tokens.vocabulary import TTS_BOS, TTS_EOS

pytestmark = pytest.mark.model


def test_what_is_spoken_stands_between_the_last_marks():
    assert spoken([TTS_BOS, 1, TTS_BOS, 5, 6, TTS_EOS, 9]) == range(3, 5)
    assert spoken([1, 2]) is spoken([TTS_BOS, 1]) is spoken([TTS_BOS, 1, TTS_EOS]) is None


def test_the_end_does_not_come_before_so_many_codes(speaker, said):
    alike = replace(speaker, code_head=speaker.code_head * 0)
    assert len(utter(alike, *said[0], draw=lambda: 0.999999, least=7)) == 7
    assert len(utter(alike, *said[0], draw=lambda: 0.1, most=9)) == 9


def test_the_numbers_that_are_drawn_decide(speaker, said):
    runs = [utter(speaker, *said[2], draw=np.random.default_rng(seed).random, most=30) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
