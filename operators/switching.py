"""A session that switches between duplex and turn-based mode while it runs: one graph, one model, a source that says when.

The stage `answer` keeps the session's state: a window goes to what decides in duplex, a turn of the user to what answers in
turn-based mode. A switch is a fence to it: what it was working on is dropped, and what the assistant was saying falls silent.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from omniflow_graph import Event, Graph, Jpeg, Pcm16, Wake, Window, seconds
from operators.duplex import assistant, checked_playback
from operators.minicpm_o import chat_pipeline, mode_pipeline
from operators.models import Pace, costs_of
from operators.omni_flow.modes.states import Mode
from operators.omni_flow.modes.switch import State, Switched, checked, checked_how
from operators.omni_flow.playback.reading import read_ack
from operators.scripted.script import load_script
from operators.scripted.session_modes import Switch, answers, fresh, says
from operators.senses.echo import without_echo
from operators.turn_based import SOON, UNHEARD, VOICES, published, scheduled, scripted, segmenting, spoken
from operators.turn_taking.exchange import Answer, UserTurn
from operators.turn_taking.room import asked, entered, follows, seen
from operators.turn_taking.user_turns import typed
from operators.words import Ack, Decision, Sound


class Gate(NamedTuple):
    """Remember the mode, and since when."""

    mode: Mode
    since: int = 0


def switching(
    *,
    model: str = "scripted",
    window: float = 1.0,
    script: str | None = None,
    begin: str = "duplex",
    how: str = "reset",
    playback: str = "simulated",
    echo: str = "none",
    decode: str = "sampling",
) -> Graph:
    """Build the pipeline for a model, "scripted", "scripted-fast" or a checkpoint's folder; every operator can be replaced by name.

    The source `mode` says "duplex" or "turn-based"; `begin` is the mode of the start. `how` is "reset", all is forgotten at a
    switch, or "carry", which a scripted model takes so: it goes on to count the user's turns. Each switch is recorded on the
    edge `modes`. `playback` and `decode` are as in turn-based mode, `echo` as in duplex. Raises ValueError for what is none of these,
    and for a window shorter than a millisecond.
    """
    checked_playback("switching", playback)
    if not 0.001 <= window <= 3600:
        raise ValueError(f"switching: wants a window of 0.001 to 3600 seconds, got {window}")
    is_folder = published(model, script, decode, "half-duplex", "") is not None
    made, mode = scripted("scripted" if is_folder else model, seconds(window), script), checked(begin)
    g = Graph("switching")
    visual, audio = g.source("env-visual", Jpeg), g.source("env-audio", Pcm16)
    ask, messages = g.map("asked", g.source("mode"), asked), g.map("typed", g.source("messages"), typed)
    look = visual if is_folder else g.scan("look", visual, made.see, state=made.eyes)
    listen = g.scan("listen", audio, made.hear, state=made.ears)
    said = [g.map("acknowledged", g.source("playback"), read_ack)] if playback == "recorded" and not is_folder else []
    room = g.merge("room", ask, messages, g.map("seen", visual, seen), audio, listen, *said)
    turn = g.scan("turn", room, partial(follows, how=checked_how(how), settings=segmenting(made)), state=entered(mode))
    aligned = g.align("window", look, audio if is_folder else listen, *said, length=seconds(window))
    work = g.scan("work", g.merge("arrivals", turn, aligned), admits, state=Gate(mode))
    fence = g.map("switch", turn, switches)
    if is_folder:
        answered = mode_pipeline.switching_stages(g, model, work, fence, begin=mode, how=checked_how(how), decode=decode)
    else:
        answer = partial(answers, duplex=made.decide, script=load_script(script), how=checked_how(how))
        each = partial(cost, each=costs_of(seconds(window))["decide"])
        answered = g.stage("answer", work, answer, state=State(fresh(mode, "reset")), cost=each, fence=fence, cancellable=True)
    g.sink("switches", g.map("modes", answered, switched))
    if is_folder:
        g.feedback("answered", answered, room, delay=SOON)
        g.feedback("was-read", chat_pipeline.written(g, answered), room, delay=SOON)
    else:
        _heard(g, assistant(g, answered, spoken(made, partial(says, pace=Pace(VOICES[model], 0)))), room, aligned, bool(said))
        g.feedback("answered", answered, room, delay=SOON)
    return without_echo(g, echo)


def _heard(g: Graph, heard: str, room: str, aligned: str, recorded: bool) -> None:
    """Tell the room what sounds, and what is heard of it, also if a recording says so."""
    if recorded:
        g.feedback("sounded", g.map("sounds", "play", begins), room, delay=SOON)
        g.feedback("assumed", g.map("schedule", heard, scheduled), room, delay=UNHEARD)
    else:
        g.feedback("playback", heard, aligned)
        g.feedback("sounded", "play", room, delay=SOON)


def begins(event: Event[Sound | Ack]) -> Sound | None:
    """Pick what begins to sound, and not what this graph's own player says was heard of it."""
    return event.data if isinstance(event.data, Sound) else None


def admits(gate: Gate, cause: Event[UserTurn | Switch | Window] | Wake) -> tuple[Gate, list[tuple[int, UserTurn | Switch | Window] | Wake]]:
    """Let through what the session's mode works on: windows in duplex, those only in which it was in duplex."""
    if isinstance(cause, Wake):
        return gate, []
    data = cause.data
    if isinstance(data, Switch):
        gate = Gate(data.to, cause.time)
    shut = isinstance(data, Window) and (gate.mode != "duplex" or data.end <= gate.since)
    return gate, [] if shut else [(cause.time, data)]


def cost(event: Event[UserTurn | Switch | Window], *, each: int) -> int:
    """Return what the model needs for a window, or a turn; a switch moves no weights, and costs nothing."""
    return 0 if isinstance(event.data, Switch) else each


def switches(event: Event[UserTurn | Switch]) -> Switch | None:
    """Pick the switches."""
    return event.data if isinstance(event.data, Switch) else None


def switched(event: Event[Answer | Decision | Switched]) -> Switched | None:
    """Pick the records of switches."""
    return event.data if isinstance(event.data, Switched) else None
