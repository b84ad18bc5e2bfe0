"""A robot that hears itself does not interrupt itself, and can still be interrupted where its echo is cancelled."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from omniflow_graph import Event, Graph, GraphError, Pcm16, RecordingError, Session, Stamps, Trace, replay, seconds
from operators.duplex import duplex
from operators.scripted.script import Rule
from operators.senses.echo import BLOCK, Frame, without_echo
from operators.switching import switching
from operators.turn_based import turn_based
from operators.turns import turns
from operators.words import Ack, Sound
from simulations.scenario import MS, Answered, At, Begun, Echo, Room, Scenario, interrupt, say
from simulations.world import simulate

LAMP = "It is a lamp of brass, made a hundred years ago, and it has hung in many houses since."
LOUD = Scenario(
    "loud",
    16_000 * MS,
    user=(
        say("What is it?", At(500 * MS)),
        say("And the other one?", Answered(600 * MS)),
        interrupt("No, I mean the big one over there.", Begun(1500 * MS)),
    ),
    room=Room(echo=Echo(delay=120 * MS, permille=500), noise=30),
    script=(Rule("speech_ends", 1, LAMP), Rule("speech_ends", 2, LAMP)),
)

LAMPS: Any = LOUD.script


@cache
def talked(how: str, engine: str = "direct") -> Trace:
    return simulate(LOUD, engine=engine, echo=how)


def answers(trace: Trace) -> list[tuple[str, bool]]:
    """Return how each answer ended: its last word that was heard, and whether it was stopped."""
    return [((turn.heard or turn.text).split()[-1], turn.stopped) for turn in turns(trace)]


def samples(trace: Trace, edge: str, start: int, end: int) -> np.ndarray:
    heard = [event.data for event in trace[edge] if start * 1000 * MS <= event.time < end * 1000 * MS]
    return np.frombuffer(b"".join(heard), "<i2").astype(float)


def test_without_it_the_robot_interrupts_itself():
    assert answers(talked("none"))[0] == ("a", True)


def test_with_a_gate_it_does_not_and_cannot_be_interrupted():
    assert answers(talked("gate")) == [("since.", False), ("since.", False)]


def test_with_the_echo_cancelled_it_does_not_and_the_user_does():
    assert answers(talked("cancel")) == [("since.", False), ("hung", True)]


@pytest.mark.parametrize("how", ["gate", "cancel"])
def test_the_trace_is_the_same_on_bytewax(how: str):
    assert talked(how, "bytewax") == talked(how)


def test_a_real_voice_is_15_db_softer_in_the_simulated_room():
    trace = simulate(LOUD, duplex(model="scripted-fast", script=LAMPS, echo="cancel").replace("wave", fn=real_voice))
    begins = turns(trace)[0].start // seconds(1)
    raw, clear = (samples(trace, edge, begins + 2, begins + 5) for edge in ("env-audio", "clear"))
    assert 10 * np.log10((raw**2).mean() / (clear**2).mean()) > 15


def real_voice(state: None, event: Event[Any]) -> tuple[None, list[Any]]:
    from operators.models import _wave
    from operators.scripted import voice

    return _wave(state, event, say=voice.say)


@pytest.mark.parametrize("graph", [turn_based, switching])
def test_the_other_pipelines_take_it_too(graph: Any):
    trace = simulate(LOUD, graph(model="scripted-fast", script=LOUD.script, echo="gate"))
    assert answers(trace)[0] == ("since.", False)
    assert max(event.data.utterance for event in trace["listen"]) == 2


def ears(how: str, heard: list[Any], played: list[Any], playback: list[Any] | None = None) -> Trace:
    """Run the ears alone: what is played comes in from outside."""
    g = Graph("ears")
    audio, sound = g.source("env-audio", Pcm16), g.source("sound")
    if playback is not None:
        g.sink("told", g.source("playback"))
    g.sink("out", g.map("hear", audio, lambda event: event.data), g.merge("play", sound))
    given = {"env-audio": heard, "sound": played, "playback": playback or []}
    return replay(without_echo(g, how), Session("ears", given, end=seconds(3)), engine="direct")


FRAMES = [(n * 20 * MS, np.full(BLOCK, 1000, "<i2").tobytes()) for n in range(100)]
SOUND = Sound(1, 0, "x", np.full(24 * 200, 8192, "<i2"), True)


def silent(trace: Trace) -> list[int]:
    """Return when it heard nothing, in ms. What sounds just when a frame begins is known with the next one."""
    return [event.time // MS for event in trace["hear"] if not any(event.data)]


def test_a_gate_is_shut_while_something_sounds_and_may_echo():
    assert silent(ears("gate", FRAMES, [(500 * MS, SOUND)])) == [*range(520, 1021, 20)]  # 200 ms of sound, 320 ms of echo


def test_a_gate_opens_where_an_answer_is_cut():
    cut = (600 * MS, Ack(1, 24 * 100, True, 0, 600 * MS))
    assert silent(ears("gate", FRAMES, [(500 * MS, SOUND), cut])) == [*range(520, 921, 20)]


def test_a_player_that_is_behind_moves_the_gate():
    told = [(690 * MS, {"response": 1, "played_samples": 24 * 90})]  # 100 ms behind
    assert silent(ears("gate", FRAMES, [(500 * MS, SOUND)], told)) == [*range(520, 1121, 20)]


def test_what_nothing_is_played_over_is_the_same_object():
    trace = ears("cancel", FRAMES, [])
    assert [event.data for event in trace["hear"]] == [pcm for _, pcm in FRAMES]


def test_until_it_has_learnt_the_room_it_is_deaf_and_no_longer():
    long = Sound(1, 0, "x", (8192 * np.sin(np.arange(24 * 1800))).astype("<i2"), True)
    assert silent(ears("cancel", FRAMES, [(0, long)])) == [*range(20, 1020, 20)]


def test_frames_of_any_length_come_out_whole():
    lengths, at, frames = [160, 512, 1, 320, 700, 33], 0, []
    for n in range(60):
        frames.append((at * 62_500, np.full(lengths[n % 6], 1000, "<i2").tobytes()))
        at += lengths[n % 6]
    trace = ears("gate", frames, [(300 * MS, SOUND)])
    assert sum(len(event.data) for event in trace["hear"]) == sum(len(pcm) for _, pcm in frames)


def test_a_frame_that_came_late_was_heard_when_it_was_captured():
    from operators.senses.echo import frame

    late: Event[Pcm16] = Event(900 * MS, "env-audio", 0, Pcm16(b"\1\0"), stamps=Stamps(100 * MS, 900 * MS, None, True, 0))
    assert frame(late) == Frame(100 * MS, b"\1\0")
    assert frame(late._replace(stamps=None)) == Frame(900 * MS, b"\1\0")


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ValueError, match="echo: wants one of none, gate, cancel, got 'cancle'"):
        duplex(echo="cancle")
    silent = Graph("silent")
    silent.sink("out", silent.source("env-audio", Pcm16))
    with pytest.raises(GraphError, match="graph 'silent': has no edge 'play', so no echo can be taken out"):
        without_echo(silent, "gate")
    with pytest.raises(RecordingError, match="wants what was heard of an answer"):
        ears("gate", FRAMES, [], [(0, {"response": "x"})])


def test_by_default_nothing_is_changed():
    assert duplex().hash() == duplex(echo="none").hash() != duplex(echo="gate").hash()
