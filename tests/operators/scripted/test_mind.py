"""How a model converses is typed, and refused by name."""

from __future__ import annotations

import pytest

from operators.omni_flow.context.sliding import Policy
from operators.omni_flow.interleaving.admission import FixedRatio
from operators.omni_flow.playback.overlap import Duration, OnSpeech
from operators.scripted.mind import Manners, manners


def test_manners_are_read_as_they_are_typed():
    assert manners("tail", "duration", 0) == Manners()
    assert manners("fixed-ratio-5", "on-speech", 2) == Manners(FixedRatio(5), OnSpeech(), 2)
    assert manners("tail", "duration", 0, "as-heard", "none").memory == Policy("none", "as-heard")
    assert manners("tail", "duration(short_ack=1,barge_in=2)", 0).overlap == Duration(1_000_000, 2_000_000)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("never", "duration", 0), "interleave: wants one of tail, text-first, fixed-ratio-3, fixed-ratio-4, fixed-ratio-5, got 'never'"),
        (("tail", "loud", 0), "overlap: wants listen-only, on-speech or duration"),
        (("tail", 7, 0), "overlap: wants listen-only, on-speech or duration"),
        (("tail", "duration", -1), "force_listen: wants a number of windows, 0 or more, got -1"),
        (("tail", "duration", True), "force_listen: wants a number of windows"),
    ],
)
def test_manners_that_are_none_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        manners(*given)
