"""The user's speech is cut into utterances, at exact samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph import seconds
from operators.senses.ears import Hearing
from operators.senses.segmenter import SERVER, Segmenter, Segmenting, Utterance, closed, hear, opened, take

MS = 1_000_000
FRAME, FRAME_NS = 160, 10 * MS  # samples: frames of 10 ms, each judged by itself
FRAMES, QUIET = Segmenting(chunk=None), Segmenter()


def run(likely: list[int], segmenter: Segmenter = QUIET, first: int = 0) -> tuple[Segmenter, list[tuple[int, Utterance]]]:
    """Let frames be heard with these likelihoods. Frame n holds samples that are all n."""
    found = []
    for n, permille in enumerate(likely, first):
        segmenter = take(segmenter, np.full(FRAME, n, "<i2").tobytes(), n * FRAME_NS, FRAMES)
        segmenter, utterance = hear(segmenter, Hearing(permille, False, 0, 0, False), FRAMES)
        found += [(n * FRAME_NS, utterance)] if utterance else []
    return segmenter, found


def frames_in(utterance: Utterance) -> list[int]:
    return sorted({*np.frombuffer(utterance.pcm, "<i2").tolist()})


def test_an_utterance_is_given_after_500_ms_of_silence_with_30_ms_on_either_side():
    (given,) = run([0] * 10 + [900] * 20 + [0] * 60)[1]
    time, utterance = given
    assert time == (10 + 20 + 50 - 1) * FRAME_NS
    assert (utterance.number, utterance.start, utterance.end, utterance.spoken_ns) == (1, 70 * MS, 330 * MS, 200 * MS)
    assert frames_in(utterance) == list(range(7, 33))


def test_at_the_very_begin_there_is_less_before_it():
    assert frames_in(run([900] * 20 + [0] * 50)[1][0][1]) == list(range(23))


@pytest.mark.parametrize(("n", "found"), [(12, 0), (13, 1)])
def test_less_than_128_ms_of_speech_is_none(n, found):
    assert len(run([0] * 5 + [900] * n + [0] * 60)[1]) == found


def test_a_pause_is_part_of_an_utterance_until_it_lasts_for_500_ms():
    whole = [900] * 20 + [0] * 49 + [900] * 20 + [0] * 50
    assert [frames_in(each) for _, each in run(whole)[1]] == [list(range(92))]
    parted = [900] * 20 + [0] * 50 + [900] * 20 + [0] * 50
    assert [(each.number, frames_in(each)) for _, each in run(parted)[1]] == [(1, list(range(23))), (2, list(range(67, 93)))]


def test_speech_begins_above_700_permille_and_goes_on_above_550():
    assert run([699] * 40 + [0] * 60)[1] == []
    assert frames_in(run([700] * 15 + [550] * 10 + [549] * 50)[1][0][1]) == list(range(28))


def test_clicks_before_an_utterance_are_not_part_of_it():
    assert frames_in(run([900] * 5 + [0] * 10 + [900] * 20 + [0] * 50)[1][0][1]) == list(range(12, 38))


def test_nothing_is_listened_to_before_it_opens():
    segmenter = opened(Segmenter(), SERVER.guard)
    assert SERVER.guard == seconds(0.5)
    assert frames_in(run([900] * 70 + [0] * 50, segmenter)[1][0][1]) == list(range(50, 73))


def test_while_it_is_closed_nothing_is_listened_to_and_what_was_begun_is_forgotten():
    segmenter, found = run([900] * 30)
    assert segmenter.unfinished_ns == 300 * MS
    segmenter, more = run([900] * 30, closed(segmenter), 30)
    assert (found, more, segmenter.unfinished_ns) == ([], [], 0)
    _, last = run([900] * 20 + [0] * 50, opened(segmenter, 60 * FRAME_NS), 60)
    assert [(each.number, frames_in(each)) for _, each in last] == [(2, list(range(60, 83)))]


def test_chunks_of_the_detector_are_counted_in_samples_whatever_frames_they_come_in():
    loud = np.arange(512 * 40, dtype="<i2")
    ends = []
    for size in (320, 1600):
        segmenter, heard = Segmenter(), 0
        for start in range(0, len(loud), size):
            segmenter = take(segmenter, loud[start : start + size].tobytes(), start * 62_500)
            while heard + 512 <= min(start + size, len(loud)):
                permille = 900 if 5 <= heard // 512 < 15 else 0
                segmenter, utterance = hear(segmenter, Hearing(permille, False, 0, 0, False))
                heard += 512
                ends += [utterance] if utterance else []
    assert (
        ends[0]
        == ends[1]
        == Utterance(1, (5 * 512 - 480) * 62_500, (15 * 512 + 480) * 62_500, 320 * MS, loud[5 * 512 - 480 : 15 * 512 + 480].tobytes())
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 600, 900]), st.integers(1, 60)), max_size=12))
def test_utterances_are_samples_as_they_came_in_order_and_apart(runs):
    likely = [permille for permille, n in runs for _ in range(n)]
    _, found = run(likely)
    end = 0
    for number, (time, utterance) in enumerate(found, 1):
        first, last = utterance.start // FRAME_NS, utterance.end // FRAME_NS
        assert (utterance.number, frames_in(utterance)) == (number, list(range(first, last)))
        assert end <= utterance.start
        assert utterance.end <= time
        end = utterance.end
