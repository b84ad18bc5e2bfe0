"""What was heard is a WAV file, as long as the run or as what was reached of it, and it is written piece by piece."""

from __future__ import annotations

import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest

from omniflow_graph import Session, Trace, seconds
from omniflow_graph.engine.direct import run_direct
from operators import mix
from operators.commands import speech
from operators.commands.speech import write_speech
from operators.duplex import duplex
from operators.mix import stereo
from tests.operators.commands.rooms import script

LOUD = np.full(320, 3000, "<i2").tobytes()


def talk(folder: Path, end: float) -> tuple[Trace, Session]:
    """Talk for a second, once, and be answered."""
    frames = [(n * 20_000_000, LOUD if n < 50 else bytes(640)) for n in range(100)]
    session = Session("talk", {"env-visual": [], "env-audio": frames}, end=seconds(end))
    return run_direct(duplex(model="scripted-fast", script=script(folder)), session), session


def read(path) -> tuple[int, np.ndarray]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return file.getframerate(), samples


@pytest.mark.parametrize("block", [24_000, 60 * 24_000])
def test_it_holds_what_the_room_and_the_assistant_said(tmp_path, monkeypatch, block):
    trace, session = talk(tmp_path, 6.5)
    whole = stereo(trace, session)[0]
    assert whole[:, 1].any()
    monkeypatch.setattr(mix, "BLOCK", block)
    assert write_speech(tmp_path / "a.wav", trace, session, None) is None
    rate, samples = read(tmp_path / "a.wav")
    assert (rate, samples.tolist()) == (24_000, whole.tolist())


def test_a_run_that_was_stopped_is_heard_as_far_as_it_came(tmp_path):
    trace, session = talk(tmp_path, 6.5)
    write_speech(tmp_path / "a.wav", trace, session, seconds(2.5))
    assert read(tmp_path / "a.wav")[1].tolist() == stereo(trace, session)[0][:60_000].tolist()
    assert (tmp_path / "a.wav").stat().st_size == 44 + 60_000 * 4


def test_ten_minutes_take_no_more_memory_than_a_minute(tmp_path):
    trace, session = talk(tmp_path, 600)
    tracemalloc.start()
    write_speech(tmp_path / "a.wav", trace, session, None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ((tmp_path / "a.wav").stat().st_size, peak < 30_000_000) == (44 + 600 * 24_000 * 4, True)


def test_more_than_a_wav_file_holds_is_said_and_not_written(tmp_path, monkeypatch):
    trace, session = talk(tmp_path, 6.5)
    for most, words in (
        (2 * 156_000, None),
        (2 * 156_000 - 1, "0.0 hours of sound are more than a WAV file holds, so none was written; replay a shorter recording"),
    ):
        monkeypatch.setattr(speech, "MOST_SAMPLES", most)
        assert write_speech(tmp_path / f"{most}.wav", trace, session, None) == words
    assert [path.name for path in tmp_path.glob("*.wav")] == ["312000.wav"]
