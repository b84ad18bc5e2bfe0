"""Scores are summed up with their n: what nobody could count is left open, not zero."""

from __future__ import annotations

import pytest

from simulations.metrics.fdb import Scored
from simulations.metrics.summary import KEYS, brief, by_task, figures, plain, rows, spread, task_rows, told, total
from simulations.metrics.truth import Score, score
from tests.simulations.metrics.lines import MS, heard, ran, sound, speak, utterance

ONE = Score(
    "one", "user", turns=3, taken=2, latencies=(900 * MS, 1300 * MS), stops=(700 * MS,), talked_on=1, paused=1, acknowledgements=2, carried_on=1,
    overlap=800 * MS, user_speech=4000 * MS, answers=4, false_starts=1, cues=2, hits=(1200 * MS,), false_alarms=1,
)  # fmt: skip
TWO = Score("two", "listen", turns=1, taken=1, latencies=(2000 * MS,), user_speech=1000 * MS, answers=1)
NONE = {"n": 0, "mean": None, "median": None, "most": None}


def test_sessions_are_added_up():
    assert total([ONE, TWO]) == Score(
        "all", "listen and user", turns=4, taken=3, latencies=(900 * MS, 1300 * MS, 2000 * MS), stops=(700 * MS,), talked_on=1, paused=1,
        acknowledgements=2, carried_on=1, overlap=800 * MS, user_speech=5000 * MS, answers=5, false_starts=1, cues=2,
        hits=(1200 * MS,), false_alarms=1,
    )  # fmt: skip
    assert total([TWO, TWO]).cues is None


def test_a_score_is_told_in_ms_and_shares():
    assert told(ONE) == {
        "session": "one", "told_by": "user",
        "takeover": {"count": 2, "n": 3, "share": 2 / 3},
        "response_latency_ms": {"n": 2, "mean": 1100.0, "median": 1100.0, "most": 1300.0},
        "stop_latency_ms": {"n": 1, "mean": 700.0, "median": 700.0, "most": 700.0},
        "talked_on": 1,
        "pauses_kept": {"count": 0, "n": 1, "share": 0.0},
        "backchannels_carried_on": {"count": 1, "n": 2, "share": 0.5},
        "bystanders_ignored": {"count": 0, "n": 0, "share": None},
        "overlap_ms": 800.0, "user_speech_ms": 4000.0,
        "false_starts": {"count": 1, "n": 4, "share": 0.25},
        "proactive_hits": {"count": 1, "n": 2, "share": 0.5},
        "hit_delay_ms": {"n": 1, "mean": 1200.0, "median": 1200.0, "most": 1200.0},
        "false_alarms": 1,
    }  # fmt: skip
    assert (told(TWO)["proactive_hits"], told(TWO)["stop_latency_ms"]) == (None, NONE)


def test_of_times_there_is_the_mean_the_median_and_the_longest():
    assert spread([MS, 2 * MS, 6 * MS]) == {"n": 3, "mean": 3.0, "median": 2.0, "most": 6.0}
    assert spread([]) == NONE


def test_a_score_is_shown_row_by_row_each_with_what_it_is_of():
    assert rows(ONE) == [
        ("takeover", "0.667", "3 turns"),
        ("response latency", "1,100 ms, mean 1,100, most 1,300", "2 taken"),
        ("stop latency", "700 ms, mean 700, most 700", "1 stopped"),
        ("talked on", "1", "2 interruptions"),
        ("pauses kept", "0.000", "1 turn with pauses"),
        ("backchannels carried on", "0.500", "2 acknowledgements"),
        ("bystanders ignored", "", "0 over an answer"),
        ("overlap", "0.80 s", "4.00 s of user speech"),
        ("false starts", "0.250", "4 answers"),
        ("proactive hits", "0.500", "2 changes of scene"),
        ("false alarms", "1", "4 answers"),
    ]
    assert rows(TWO)[9] == ("proactive hits", "", "no pictures")


def test_a_session_is_one_line_among_others():
    assert brief(ONE) == ["one", "2 of 3", "1,100", "700", "0 of 1", "1 of 2", "800", "1", "1", "1"]
    assert brief(TWO) == ["two", "1 of 1", "2,000", "", "", "", "0", "0", "0", "0"]


FOLDERS = [
    Scored("1", "smooth_turn_taking", True, 500 * MS),
    Scored("2", "smooth_turn_taking", False),
    Scored("3", "user_interruption", True, 0, (400 * MS, 200 * MS), (1000 * MS,)),
    Scored("4", "user_interruption", True, 100 * MS, (), ()),
    Scored("5", "pause_handling", False),
    Scored("6", "overlap", stops=(300 * MS,), responses=()),
    Scored("7", "backchannel", False, backchannels=2, length=4000 * MS),
    Scored("8", "backchannel", True, backchannels=0, length=4000 * MS),
]


def test_folders_are_averaged_task_by_task_and_the_latency_over_the_turns_that_were_taken():
    assert by_task(FOLDERS) == {
        "backchannel": {"n": 2, "tor": 0.5, "backchannels_per_s": 0.25},
        "overlap": {"n": 1, "stop_ms": spread([300 * MS]), "response_ms": NONE},
        "pause_handling": {"n": 1, "tor": 0.0},
        "smooth_turn_taking": {"n": 2, "tor": 0.5, "latency_ms": {"n": 1, "mean": 500.0, "median": 500.0, "most": 500.0}},
        "user_interruption": {
            "n": 2, "tor": 1.0, "latency_ms": {"n": 2, "mean": 50.0, "median": 50.0, "most": 100.0},
            "stop_ms": {"n": 2, "mean": 300.0, "median": 300.0, "most": 400.0}, "response_ms": spread([1000 * MS]),
        },
    }  # fmt: skip


def test_tasks_are_shown_with_how_many_times_were_averaged():
    assert task_rows(by_task(FOLDERS)) == [
        ["backchannel", "2", "0.500", "", "", "", "0.250"],
        ["overlap", "1", "", "", "300 (1)", "", ""],
        ["pause_handling", "1", "0.000", "", "", "", ""],
        ["smooth_turn_taking", "2", "0.500", "500 (1)", "", "", ""],
        ["user_interruption", "2", "1.000", "50 (2)", "300 (2)", "1,000 (1)", ""],
    ]


def test_a_folder_is_told_with_what_its_task_asks_for():
    assert plain(FOLDERS[2]) == {
        "folder": "3", "task": "user_interruption", "tor": 1, "latency_ms": 0.0, "backchannels": None,
        "stops_ms": [400.0, 200.0], "responses_ms": [1000.0],
    }  # fmt: skip
    assert plain(FOLDERS[5]) == {
        "folder": "6", "task": "overlap", "tor": None, "latency_ms": None, "backchannels": None, "stops_ms": [300.0], "responses_ms": [],
    }  # fmt: skip


def test_a_trace_is_told_in_figures_how_soon_it_answered_and_fell_silent_first():
    hello = utterance(1, "say", 1000, ("Hello", 0, 400), (" there", 500, 900))
    wave = sound(1, 0, "one two three four", 1200, last=True, marks=((300, 3), (600, 7), (900, 13), (1200, 18)))
    trace = ran(user=[(980, hello)], decide=[(2200, speak(1))], play=[(2400, wave)], heard=[(3600, heard(1, 1200, final=True))])
    found = figures(trace)
    assert [(figure.name, figure.shown, figure.of) for figure in found[:4]] == [
        ("response latency", "500 ms, mean 500, most 500", "1 taken"),
        ("stop latency", "", "0 stopped"),
        ("takeover", "1.000", "1 turn"),
        ("talked on", "0", "0 interruptions"),
    ]
    assert {figure.key: figure.value for figure in found}.items() <= told(score(trace)).items()
    assert len(found) == len(KEYS) == 11


def test_a_trace_that_cannot_tell_who_spoke_has_none_and_one_that_lost_it_is_refused():
    assert figures(ran(decide=[(1900, speak(1))])) == []
    del (silent := ran(user=[])).edges["play"]
    assert figures(silent) == []
    with pytest.raises(ValueError, match="did not keep 'decide'"):
        figures(ran(user=[], decide=[(1900, speak(1))], keep=["user"]))
