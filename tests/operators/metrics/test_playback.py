"""Lead is the sound that waits to be played; staleness is how long ago the window of a word ended when it is heard."""

from __future__ import annotations

import pytest

from omniflow_graph import Session, Trace, replay, seconds
from omniflow_graph.trace.stored import load_trace, save_trace
from omniflow_graph.trace.summary import Figure
from omniflow_graph.trace.trace import NOT_KEPT
from operators.duplex import duplex
from operators.metrics.playback import figures, lead, staleness, windows_of
from operators.report.words import spoken_words
from tests.operators.commands.rooms import answered, room, script


@pytest.fixture
def trace(tmp_path) -> Trace:
    return answered(room(tmp_path), script(tmp_path))


def test_lead_grows_when_a_wave_comes_and_runs_down_as_it_sounds(trace):
    waves = [(event.time, len(event.data.samples) * 1_000_000_000 // 24_000) for event in trace["wave"]]
    (first, long), (second, short) = waves
    ahead = first + long - second
    assert lead(trace) == [(first, 0), (first, long), (second, ahead), (second, ahead + short), (second + ahead + short, 0)]


def test_a_word_is_as_old_as_its_window(trace):
    words = spoken_words(trace)
    ends = {window.k: window.end for window in windows_of(trace)}
    assert staleness(trace, words) == [(word.heard, word.heard - ends[trace["decide"][word.decision].data.k]) for word in words]
    assert staleness(trace, words)[0] == (seconds(2.29), seconds(0.29))


def test_the_longest_and_the_oldest_are_the_figures(trace, tmp_path):
    expected = [
        Figure("longest_lead_s", 1.44, "longest lead", "1.44 s", "of sound that waited to be played"),
        Figure("oldest_word_s", 1.43, "oldest word when heard", "1.43 s", "of 7, since its window ended"),
    ]
    assert figures(trace) == expected
    save_trace(trace, tmp_path / "trace.mcap")
    assert figures(load_trace(tmp_path / "trace.mcap")) == expected


def test_of_silence_there_is_none(tmp_path):
    silent = replay(duplex(model="scripted-fast"), Session("nobody", {"env-visual": [], "env-audio": []}, seconds(2)), engine="direct")
    assert figures(silent) == []


def test_what_was_not_kept_is_refused(trace):
    trace.edges["play"] = [event._replace(data=NOT_KEPT) for event in trace["play"]]
    with pytest.raises(ValueError, match="did not keep 'play'"):
        figures(trace)
