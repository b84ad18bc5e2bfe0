"""A closed graph hears a room and a user who hears it; one seed decides all that chance has a part in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniflow_graph import Graph, GraphError
from operators.duplex import duplex
from operators.scripted.script import Rule
from operators.senses.eyes import see
from operators.turn_based import turn_based
from operators.turns import turns
from simulations.scenario import MS, Answered, At, Begun, Echo, Phrase, Room, Scenario, Shot, interrupt, mhm, say
from simulations.scenario_file import load_scenario
from simulations.world import closed, session_of, simulate

S = 1000 * MS
LINE = "It is a lamp of brass, made a hundred years ago, and it has hung in many houses since."
ASKED = Scenario("asked", 12 * S, (say("What is that thing?", At(S)),), script=(Rule("speech_ends", 1, LINE), Rule("speech_ends", 2, "Go on.")))
STOP = interrupt("No no, please stop, I mean the other one.", Phrase("brass"))


def said(scenario: Scenario, **more) -> list[tuple[str, bool]]:
    """Return what the assistant says, and whether it was cut short."""
    return [(turn.heard or turn.text, turn.stopped) for turn in turns(simulate(scenario, **more))]


def test_a_question_is_answered():
    assert said(ASKED) == [(LINE, False)]


def test_who_is_talked_over_at_a_phrase_stops_and_listens():
    answers = said(replace(ASKED, user=(*ASKED.user, STOP)))
    assert [stopped for _, stopped in answers] == [True, False]
    assert answers[0][0].startswith("It is a lamp of brass, made")
    assert answers[1][0] == "Go on."


def test_a_nod_does_not_stop_it():
    assert said(replace(ASKED, user=(*ASKED.user, mhm(Begun(2 * S))))) == [(LINE, False)]


def test_whoever_is_not_answered_asks_again():
    asked = replace(ASKED, user=(say("A?", At(S)), say("Thanks.", Answered(patience=3 * S, otherwise="repeat"))))
    trace = simulate(replace(asked, length=20 * S, script=(Rule("speech_ends", 2, "Yes."),)))
    assert [event.data.kind for event in trace["user"]][:4] == ["say", "repeat", "repeat", "repeat"]  # one letter is no speech


def test_it_speaks_up_at_what_the_camera_sees():
    watching = Scenario("watching", 8 * S, camera=(Shot(0, "a lamp"), Shot(3 * S, "a kettle")), script=(Rule("scene", 2, "A kettle."),))
    fast = duplex(model="scripted-fast", script=watching.script)
    for graph in (fast, fast.replace("look", see)):
        assert [(turn.text, turn.cause) for turn in turns(simulate(watching, graph))] == [("A kettle.", "scene 2 began at 3.00 s")]


def test_a_microphone_near_the_loudspeaker_lets_it_talk_itself_down():
    loud = replace(ASKED, room=Room(echo=Echo(permille=900)))
    assert [stopped for _, stopped in said(loud)][:1] == [True]
    assert said(replace(ASKED, room=Room(echo=Echo(permille=80)))) == [(LINE, False)]


def test_faults_of_a_scenario_happen():
    deaf = replace(ASKED, faults=(("env-audio", "disconnect(at_ms=500, length_ms=9000)"),))
    assert said(deaf) == []


EVERYTHING = replace(load_scenario("noisy_room"), length=10 * S)


@pytest.mark.parametrize("scenario", [EVERYTHING, replace(ASKED, user=(*ASKED.user, STOP), jitter=300 * MS)], ids=lambda scenario: scenario.name)
def test_engines_agree_and_one_seed_decides_everything(scenario):
    first = simulate(scenario, seed=7)
    assert simulate(scenario, seed=7, engine="bytewax") == first
    assert simulate(scenario, seed=8).digest != first.digest


def test_a_frame_of_sound_does_not_hold_what_is_decided_while_it_sounds():
    trace = simulate(replace(ASKED, user=(*ASKED.user, STOP)))
    assert all(event.data.begin >= event.time for event in trace["user"])
    frames = {event.time: event.data for event in trace["env-audio"]}
    for event in trace["user"]:
        last = max(time for time in frames if time <= event.time)
        assert event.data.begin >= last + 20 * MS


def turning():
    return turn_based(model="scripted-fast", script=(Rule("speech_ends", 1, "A lamp."),))


def test_a_graph_without_windows_can_be_closed():
    asked = Scenario("asked", 8 * S, (say("What is that?", At(S)), say("Thank you.")))
    trace = simulate(asked, turning())
    (turn,) = turns(trace)
    assert [(event.data.text, event.data.begin) for event in trace["user"]] == [("What is that?", S), ("Thank you.", turn.end + 600 * MS + 1)]


def test_other_sources_are_given_what_comes_in_there():
    trace = simulate(Scenario("typed", 8 * S), turning(), given={"messages": [(S, "What is that?")]})
    assert [turn.start // MS for turn in turns(trace)] == [1290]


def quiet(*sources: str) -> Graph:
    g = Graph("quiet")
    g.sink("out", *(g.source(name) for name in sources))
    return g


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (quiet("mic"), "graph 'quiet': has no source 'env-audio' to hear the user with; it has mic"),
        (quiet("env-audio"), "has no edge 'play' that says what sounds; name it: closed.graph, hears=...."),
        (
            duplex(model="scripted-fast", playback="recorded"),
            "wants to be told on 'playback' what was heard, and nobody would; build it with playback='simulated'",
        ),
    ],
    ids=str,
)
def test_a_graph_that_cannot_be_closed_is_refused(graph, words):
    with pytest.raises(GraphError, match=words):
        closed(graph)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seed": -1}, "simulate: wants seed to be a whole number"),
        ({"engine": "bytewax", "watch": print}, "watch goes with engine='direct', got engine='bytewax'"),
        ({"graph": duplex(), "model": "scripted"}, "model: options go with the default graph"),
        ({"engine": "steam"}, "wants engine to be one of bytewax, direct"),
    ],
)
def test_options_without_meaning_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        simulate(ASKED, **options)


def test_a_session_is_named_for_its_scenario_and_seed():
    assert (session_of(ASKED, 3).name, session_of(ASKED, 3).end) == ("asked 3", 12 * S)
