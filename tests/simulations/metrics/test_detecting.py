"""Speech is found in a sound as the detector's own package finds it: by its thresholds, shortest lengths and margins."""

from __future__ import annotations

import numpy as np
import pytest

import recordings
from omniflow_graph import Event
from omniflow_graph.recording import open_recording
from operators.senses.ears import hear, quiet
from simulations.metrics.detecting import CHUNK, likely, padded, speech_spans, stretches
from tests.simulations.metrics.lines import MS

LONG = 100 * CHUNK


def chunks(*spans: tuple[int, int], permille: int = 500) -> list[int]:
    return [permille if any(a <= n < b for a, b in spans) else 0 for n in range(100)]


def test_speech_begins_with_the_first_likely_chunk_and_ends_with_the_last():
    assert stretches(chunks((10, 20)), LONG) == [(10 * CHUNK, 20 * CHUNK)]


def test_a_silence_of_less_than_100_ms_is_part_of_it():
    assert stretches(chunks((10, 20), (23, 40)), LONG) == [(10 * CHUNK, 40 * CHUNK)]  # 96 ms
    assert stretches(chunks((10, 20), (25, 40)), LONG) == [(10 * CHUNK, 20 * CHUNK), (25 * CHUNK, 40 * CHUNK)]


def test_speech_of_250_ms_and_less_is_none():
    assert stretches(chunks((10, 17), (40, 48)), LONG) == [(40 * CHUNK, 48 * CHUNK)]  # 224 and 256 ms


def test_between_the_thresholds_speech_goes_on_but_does_not_begin():
    assert stretches([499] * 10 + [500] * 5 + [350] * 20 + [349] * 65, LONG) == [(10 * CHUNK, 35 * CHUNK)]
    assert stretches([499] * 100, LONG) == []


def test_speech_up_to_the_end_ends_there():
    assert stretches(chunks((90, 100)), LONG - 100) == [(90 * CHUNK, LONG - 100)]
    assert stretches(chunks((93, 100)), LONG) == []


def test_margins_of_30_ms_are_added_and_shared_where_there_is_no_room():
    assert padded([(1000, 9000), (20_000, 30_000)], 40_000) == [(520, 9480), (19_520, 30_480)]
    assert padded([(200, 9000), (9600, 30_000)], 30_100) == [(0, 9300), (9300, 30_100)]
    assert padded([], 100) == []


def test_in_silence_there_is_no_speech():
    assert speech_spans(np.zeros(16_000, "<i2")) == []
    assert len(likely(np.zeros(CHUNK + 1, "<i2"))) == 2


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """Six seconds of a recording, with a question in it."""
    heard = open_recording(recordings.path("three_questions")).session().events(["env-audio"])
    return np.concatenate([np.frombuffer(event.data, "<i2") for event in heard])[: 6 * 16_000]


def test_it_hears_what_the_assistant_with_the_same_detector_hears(samples):
    _, hearings = hear(quiet(), Event(0, "env-audio", 0, samples.tobytes()))
    assert likely(samples)[: len(hearings)] == [hearing.permille for _, hearing in hearings]


def test_a_recorded_question_is_found_where_it_is(samples):
    assert speech_spans(samples) == [(1250 * MS, 1822 * MS), (2338 * MS, 3710 * MS)]
