"""The room on the left, the assistant on the right, each sample at its time."""

from __future__ import annotations

import numpy as np

from omniflow_graph import Graph, Pcm16, Session, seconds
from omniflow_graph.engine.direct import run_direct
from operators.mix import resample, stereo
from operators.player import Player, play
from operators.words import Decision, Fence, Wave


def heard(waves: list[tuple[float, Wave | Fence]], *, stops: tuple[int, ...] = (), end: float = 3.0) -> tuple[np.ndarray, int]:
    """Play waves in a room that hums from 1 s on, and mix it."""
    g = Graph("mix")
    g.source("env-audio", Pcm16)
    decide = g.source("decide")
    played = g.scan("play", g.source("cues", Wave | Fence), play, state=Player())
    g.sink("out", "env-audio", decide, g.map("heard", played, lambda event: event.data if hasattr(event.data, "final") else None))
    frames = [(seconds(1) + n * 20_000_000, np.full(320, 500, "<i2").tobytes()) for n in range(50)]
    told = [(0, Decision(0, "stop", "", response)) for response in stops]
    sources = {"env-audio": frames, "decide": told, "cues": [(seconds(at), wave) for at, wave in waves]}
    session = Session("s", sources, end=seconds(end))
    return stereo(run_direct(g, session), session)


def wave(samples: int, response: int = 1) -> Wave:
    return Wave(response, 0, True, "", np.full(samples, 900, "<i2"))


def test_both_sides_stand_at_their_times():
    mixed, rate = heard([(0.5, wave(12_000))])
    right = np.zeros(3 * 24_000, "<i2")
    right[12_000:24_000] = 900
    left = np.zeros(3 * 24_000, "<i2")
    left[24_000:48_000] = 500
    assert (mixed.shape, mixed.dtype, rate) == ((3 * 24_000, 2), np.dtype("<i2"), 24_000)
    assert np.array_equal(mixed[:, 1], right)
    assert np.array_equal(np.delete(mixed[:, 0], [23_999]), np.delete(left, [23_999]))  # one sample on the slope


def test_what_was_cut_off_is_not_heard():
    mixed, _ = heard([(0.5, wave(48_000)), (1.0, Fence(1, 1, ""))], stops=(1,))
    assert np.flatnonzero(mixed[:, 1]).tolist() == list(range(12_000, 24_000))


def test_what_sounds_on_after_the_session_is_heard_to_its_end():
    mixed, _ = heard([(2.5, wave(24_000))])
    assert mixed.shape == (84_000, 2)


def test_silence_is_as_long_as_the_session():
    mixed, _ = heard([])
    assert (mixed.shape, int(np.abs(mixed[:, 1]).max())) == ((72_000, 2), 0)


def test_a_straight_line_stays_straight_at_another_rate():
    assert resample(np.arange(0, 60, 3).astype("<i2"), 16_000, 24_000)[:25].tolist() == list(range(0, 50, 2))
    assert resample(np.zeros(0, "<i2"), 16_000, 24_000).tolist() == []
