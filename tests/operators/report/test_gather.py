"""What a page shows is what the trace holds: decisions with their chains, lead, speech, stages, what went wrong."""

from __future__ import annotations

import json

import pytest

from omniflow_graph import Graph, Session, replay, seconds
from operators.report.gather import gather
from simulations.scenario import MS, SECOND, At, Phrase, Scenario, interrupt, say
from simulations.world import simulate
from tests.operators.commands.rooms import answered, room, script
from tests.operators.test_turns import FIRST, decided
from tests.operators.test_turns import SECOND as THEN


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    recording = room(folder)
    return gather(answered(recording, script(folder)), recording.session())


def test_a_decision_has_its_window_its_reason_and_its_chain(shown):
    decision = shown["decisions"][1]
    assert {key: decision[key] for key in ("k", "t", "c", "r", "text")} == {
        "k": 1,
        "t": 2120.0,
        "c": "speak",
        "r": 1,
        "text": "I can hear you very well",
    }
    assert decision["why"] == "user speech 1 ended at 1.98 s"
    assert [link[:4] for link in decision["chain"]] == [[1, "window", 1, 1], [2, "listen", 50, 99], [3, "env-audio", 50, 99]]
    assert decision["chain"][1][6][0][1].endswith("ended=True")  # the event that was telling


def test_lead_grows_when_a_wave_comes_and_runs_down_as_it_sounds(shown):
    assert shown["lead"] == [[2290.0, 0], [2290.0, 1440.0], [3290.0, 440.0], [3290.0, 740.0], [4030.0, 0]]


def test_a_word_is_as_old_as_the_window_that_decided_it(shown):
    assert shown["ages"][0] == [2290.0, 290.0]
    assert shown["ages"][-1] == [3730.0, 730.0]  # the last one was decided a window later


def test_speech_that_was_heard_and_the_work_of_stages_are_there(shown):
    assert shown["speech"] == [[620.0, 1960.0, 1]]
    assert shown["stages"]["decide"][:2] == [[1000.0, 1120.0, False], [2000.0, 2120.0, False]]
    assert [window[:3] for window in shown["windows"]] == [[n, 1000.0 * n, 1000.0 * n + 1000] for n in range(5)]


def test_both_sides_have_a_waveform_and_sound(shown):
    assert len(shown["room"]) == len(shown["voice"]) > 1000
    assert shown["audio"].startswith("data:audio/ogg;base64,")


def test_what_is_cut_short_is_told_with_its_reason_and_lead_ends():
    scenario = Scenario(
        "cut", 12 * SECOND, (say("What is that?", At(SECOND)), interrupt("No, stop it now, please, at once, now.", Phrase("brass", 100 * MS))),
        script=load("It is a lamp of brass, made long ago, and it has hung in many houses since then."),
    )  # fmt: skip
    shown = gather(simulate(scenario), sound=False)
    kinds = [event[1] for event in shown["events"]]
    assert "flush" in kinds
    assert "overlap" in kinds
    (flush,) = [event for event in shown["events"] if event[1] == "flush"]
    assert [flush[0], 0.0] in shown["lead"]
    assert [person[2:] for person in shown["people"]] == [
        ["user", "say", "What is that?"],
        ["user", "interrupt", "No, stop it now, please, at once, now."],
    ]
    assert shown["audio"] == ""


def load(line: str) -> tuple:
    from operators.scripted.script import Rule

    return (Rule("speech_ends", 1, line),)


def test_a_graph_in_which_nobody_speaks_shows_its_edges():
    g = Graph("meter")
    g.sink("out", g.align("window", g.map("loud", g.source("mic"), lambda event: event.data), length=seconds(1)))
    shown = gather(replay(g, Session("s", {"mic": [(0, 1), (500 * MS, 2)]}, end=seconds(1.5))))
    assert shown["ticks"] == {"mic": [0.0, 500.0], "loud": [0.0, 500.0], "window": [1000.0, 2000.0]}
    assert (shown["decisions"], shown["words"], shown["audio"]) == ([], [], "")
    json.dumps(shown)


def test_decisions_without_sound_are_shown_with_what_they_say():
    shown = gather(decided(FIRST, THEN))
    assert [(d["t"], d["c"], d["text"], d["chain"][0][1]) for d in shown["decisions"]] == [
        (1000.0, "speak", "one", "told"),
        (2000.0, "speak", " two", "told"),
    ]
    assert (shown["speaks"], shown["words"], [turn["text"] for turn in shown["turns"]]) == (False, [], ["one two"])
