"""The turn-based pipeline: listen until the user has finished, answer, and listen to nothing until the answer was heard.

Source: spec 7.4 and 8.2, the half-duplex session. It never speaks unasked: what a script says at a time, or when a scene begins, is
not said here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from omniflow_graph import Event, Graph, Pcm16
from omniflow_graph.events import SECOND
from operators.duplex import assistant, checked_playback
from operators.minicpm_o import chat_pipeline
from operators.models import MODELS, Model, Pace
from operators.omni_flow.playback.ledger import QUIET
from operators.omni_flow.playback.reading import read_ack
from operators.scripted import voice
from operators.scripted.answering import Turns, answer, parts
from operators.scripted.script import load_script
from operators.senses import ears
from operators.senses.echo import without_echo
from operators.senses.segmenter import SERVER, Segmenter, Segmenting, opened
from operators.turn_taking.exchange import Assumed
from operators.turn_taking.user_turns import Ear, listens, typed
from operators.words import Ack

VOICES = {"scripted": voice.say, "scripted-fast": voice.tone}
SOON = 1  # ns: what was answered and heard is known to the ears at once, but not before it happened
UNHEARD = QUIET * SECOND  # after so long without a word the schedule is believed


def turn_based(
    *,
    model: str = "scripted",
    script: str | None = None,
    playback: str = "simulated",
    echo: str = "none",
    decode: str = "sampling",
    protocol: str = "half-duplex",
    system: str = "",
) -> Graph:
    """Build the pipeline for a model, "scripted", "scripted-fast" or a checkpoint's folder; every operator can be replaced by name.

    The n-th turn of the user, spoken or typed, is answered by the script's lines for `speech_ends: n`. The source `messages` may
    hold texts, each a turn, and pictures, which go with the next turn. With `playback` "recorded" a source of this name says what
    was heard; what the graph's own player says counts 2 s later, for an answer of which the source says nothing. `echo` is as in
    duplex. A checkpoint answers in text, which is read at once: `decode` is "sampling" or "greedy", `protocol` "half-duplex" or "chat",
    `system` what it is told first. Raises ValueError for what is none of these.
    """
    checked_playback("turn-based", playback)
    mind = published(model, script, decode, protocol, system)
    made = scripted("scripted" if mind else model, SECOND, script)
    g = Graph("turn-based")
    audio, messages = g.source("env-audio", Pcm16), g.source("messages")
    listen = g.scan("listen", audio, made.hear, state=made.ears)
    said = [g.map("was-heard", g.source("playback"), read_ack)] if playback == "recorded" and not mind else []
    ear = g.merge("ear", g.map("typed", messages, typed), audio, listen, *said)
    turn = g.scan("turn", ear, partial(listens, settings=segmenting(made)), state=Ear(opened(Segmenter(), SERVER.guard)))
    if mind:
        answered = g.stage("answer", turn, mind.answer, state=mind.state, cost=chat_pipeline.COST_NS)
        heard = chat_pipeline.written(g, answered)
    else:
        answered = g.stage("answer", turn, partial(answer, script=load_script(script)), state=Turns(), cost=made.costs["decide"])
        heard = assistant(g, answered, spoken(made, partial(parts, pace=Pace(VOICES[model], 0))))
    g.feedback("answered", answered, ear, delay=SOON)
    if said:
        g.feedback("assumed", g.map("schedule", heard, scheduled), ear, delay=UNHEARD)
    else:
        g.feedback("was-heard", heard, ear, delay=SOON)
    return without_echo(g, echo)


def published(model: str, script: str | None, decode: str, protocol: str, system: str) -> chat_pipeline.Conversing | None:
    """Return how the published model converses, if a checkpoint's folder is named. Raises ValueError for what it cannot do."""
    if model in VOICES or not Path(model).is_dir():
        return None
    if script is not None:
        raise ValueError(f"turn-based: a checkpoint says what it thinks, and takes no script, got {script}; leave it out")
    return chat_pipeline.conversing(model, decode=decode, protocol=protocol, system=system)


def scripted(model: str, length: int, script: str | None) -> Model:
    """Return the parts of a model that can take turns. Raises ValueError for one that cannot."""
    if model not in VOICES:
        raise ValueError(f"turn-based: wants a model out of {', '.join(VOICES)}, or a checkpoint's folder, got {model!r}")
    return MODELS[model](length=length, script=script)


def spoken(made: Model, decide: Callable[..., Any]) -> Model:
    """Return a model that is given what was answered already, and only decides how to say it, which costs nothing."""
    return replace(made, decide=decide, mind=None, costs={**made.costs, "decide": 0})


def scheduled(event: Event[Ack]) -> Assumed:
    """Take what this graph's own player says for the schedule of another one."""
    return Assumed(event.data)


def segmenting(made: Model) -> Segmenting:
    """Say how utterances are cut out of what this model hears."""
    return replace(SERVER, chunk=ears.CHUNK if made.hear is ears.hear else None)
