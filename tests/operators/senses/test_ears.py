"""Speech detection on real speech, on noise, and in integers."""

from __future__ import annotations

import pickle
import wave
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Event, RecordingError, Wake
from operators.senses.ears import Hearing, Talk, detector, hear, hear_fast, loudness, quiet

DATA = Path(__file__).parents[2] / "data"
FRAME, FRAME_NS = 320, 20_000_000
LOUD, SILENT = (np.full(FRAME, 3000, "<i2").tobytes(), bytes(2 * FRAME))


def clip(name: str) -> np.ndarray:
    with wave.open(str(DATA / name)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def said(*parts: np.ndarray | float) -> np.ndarray:
    """Join speech and pauses in seconds."""
    return np.concatenate([np.zeros(round(part * 16_000), "<i2") if isinstance(part, float) else part for part in parts])


def frames(samples: np.ndarray, size: int = FRAME) -> list[Event]:
    return [Event(start * 62_500, "env-audio", n, samples[start : start + size].tobytes()) for n, start in enumerate(range(0, len(samples), size))]


def run(fn, state, events) -> tuple[object, list[tuple[int, Hearing]]]:
    heard = []
    for event in events:
        state, answers = fn(state, event)
        heard += answers
    return state, heard


def changes(heard: list[tuple[int, Hearing]]) -> list[tuple[str, int]]:
    """List (what changed, utterance) in order."""
    found, talking = [], False
    for _, hearing in heard:
        if hearing.talking and not talking:
            found.append(("begins", hearing.utterance))
        if hearing.ended:
            found.append(("ended", hearing.utterance))
        talking = hearing.talking
    return found


def test_two_real_utterances_are_two_and_each_ends_after_half_a_second():
    cards, book = clip("cards_001.wav"), clip("librivox_0930.wav")
    _, heard = run(hear, quiet(), frames(said(0.5, cards, 1.0, book, 1.0)))
    assert changes(heard) == [("begins", 1), ("ended", 1), ("begins", 2), ("ended", 2)]
    ends = [time for time, hearing in heard if hearing.ended]
    assert 0.5e9 + len(cards) * 62_500 < ends[0] < 0.5e9 + len(cards) * 62_500 + 0.6e9
    spoken = [hearing.spoken_ns for _, hearing in heard if hearing.ended]
    assert 0.4e9 < spoken[0] < 1.1e9
    assert 1.8e9 < spoken[1] < 3.3e9


def test_noise_does_not_talk():
    noise = np.random.default_rng(7).integers(-2000, 2000, 5 * 16_000).astype("<i2")
    _, heard = run(hear, quiet(), frames(noise))
    assert len(heard) == 5 * 16_000 // 512
    assert changes(heard) == []


def test_what_was_heard_does_not_depend_on_how_long_the_frames_are():
    samples = said(0.3, clip("cards_001.wav"), 0.7)
    one, other = (run(hear, quiet(), frames(samples, size))[1] for size in (320, 1600))
    assert [hearing for _, hearing in one] == [hearing for _, hearing in other]


def test_every_chunk_is_heard_with_the_64_samples_before_it():
    samples = said(clip("cards_001.wav"), 0.2)
    padded = np.concatenate([np.zeros(64, "<i2"), samples]).astype(np.float32) / 32768
    state, expected = np.zeros((2, 1, 128), np.float32), []
    for start in range(0, len(samples) - 511, 512):
        chunk = {"input": padded[None, start : start + 576], "state": state, "sr": np.array(16_000, np.int64)}
        out, state = detector().run(None, chunk)
        expected.append(round(1000 * float(out[0, 0])))
    assert [hearing.permille for _, hearing in run(hear, quiet(), frames(samples))[1]] == expected


def test_the_state_survives_pickling_mid_stream_with_equal_answers():
    events = frames(said(0.3, clip("cards_001.wav"), 0.7))
    whole = run(hear, quiet(), events)
    state, before = run(hear, quiet(), events[:37])
    state, after = run(hear, pickle.loads(pickle.dumps(state)), events[37:])
    assert (state, before + after) == whole
    assert ("begins", 1) in changes(before)


def test_an_answer_has_the_time_of_the_frame_that_filled_its_chunk():
    _, heard = run(hear, quiet(), frames(np.zeros(4 * FRAME, "<i2")))
    assert [time for time, _ in heard] == [FRAME_NS, 3 * FRAME_NS]


@pytest.mark.parametrize(("fn", "state"), [(hear, quiet()), (hear_fast, Talk())])
def test_a_wake_changes_nothing(fn, state):
    assert fn(state, Wake(5)) == (state, [])


def fast(*frames_of: bytes) -> list[Hearing]:
    events = [Event(n * FRAME_NS, "env-audio", n, data) for n, data in enumerate(frames_of)]
    return [hearing for _, hearing in run(hear_fast, Talk(), events)[1]]


def test_loud_frames_talk_from_128_ms_on_and_end_after_500_ms_of_silence():
    heard = fast(*[LOUD] * 10, *[SILENT] * 30)
    assert heard[5] == Hearing(1000, False, 0, 0, False)
    assert heard[6] == Hearing(1000, True, 1, 140_000_000, False)
    assert heard[9] == Hearing(1000, True, 1, 200_000_000, False)
    assert heard[33] == Hearing(0, True, 1, 200_000_000, False)
    assert heard[34] == Hearing(0, False, 1, 200_000_000, True)
    assert heard[35] == Hearing(0, False, 1, 200_000_000, False)


def test_a_click_is_no_speech_and_a_short_pause_ends_none():
    assert not any(hearing.talking for hearing in fast(*([LOUD] * 6 + [SILENT]) * 5))
    heard = fast(*[LOUD] * 10, *[SILENT] * 24, *[LOUD] * 10)
    assert heard[-1] == Hearing(1000, True, 1, 400_000_000, False)


@pytest.mark.parametrize("samples", [[], [0] * 320, [0, 0, 1], [-1, 2, -32_768], [32_767] * 48_000], ids=str)
def test_loudness_is_the_mean_distance_from_silence_rounded_down(samples):
    assert loudness(np.array(samples, "<i2").tobytes()) == sum(map(abs, samples)) // max(len(samples), 1)


def test_the_loudest_samples_and_an_empty_frame_can_be_heard():
    lowest = np.full(FRAME, -32768, "<i2").tobytes()
    assert [hearing.permille for hearing in fast(lowest, b"")] == [1000, 0]


@pytest.mark.parametrize(("data", "got"), [("words", "str"), ({"a": 1}, "dict"), (None, "NoneType"), (3.5, "float"), (bytes(3), "3 bytes")])
@pytest.mark.parametrize(("fn", "state"), [(hear, quiet()), (hear_fast, Talk())])
def test_what_is_no_sound_is_refused_by_its_stream_number_and_time(fn, state, data, got):
    with pytest.raises(RecordingError) as caught:
        fn(state, Event(1_250_000_000, "env-audio", 7, data))
    assert str(caught.value) == (
        f"stream 'env-audio', event 7 at 1.250 s: wants mono 16-bit samples at 16000 Hz as bytes, got {got}; "
        "`omniflow import` makes them of any sound"
    )
