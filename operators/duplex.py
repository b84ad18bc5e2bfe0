"""The full-duplex pipeline: look and listen, a window, decide, text, speech, wave, play; what was heard fed back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from omniflow_graph import Event, Graph, Jpeg, Pcm16, seconds
from operators.controls import commands
from operators.minicpm_o.loading import Precision
from operators.minicpm_o.pipeline import published
from operators.models import MODELS, Model
from operators.player import Player, play
from operators.scripted import commanded
from operators.scripted.mind import Mind, manners
from operators.scripted.script import load_script
from operators.senses.echo import without_echo
from operators.words import WAVE_HZ, Ack, Decision, Fence, Say, Sound

PLAYBACKS = ("simulated", "recorded")


def duplex(
    *,
    model: str = "scripted",
    window: float = 1.0,
    playback: str = "simulated",
    script: str | None = None,
    recording=None,
    interleave: str = "tail",
    overlap: str = "duration",
    force_listen: int = 0,
    context: str = "as-generated",
    sliding: str = "basic",
    echo: str = "none",
    control: bool = False,
    decode: str = "sampling",
    prompt: str | None = None,
    precision: Precision | None = None,
) -> Graph:
    """Build the pipeline for a model: "scripted", "scripted-fast", "nano" or "recorded"; every operator can be replaced by name.

    `window` is in seconds. `playback` says where acknowledgements come from: "simulated", a player in the graph fed
    back into the window; "recorded", a source. `recording` is what the model "recorded" gives back.

    `interleave` says how many words a window is given: "tail" those that will be heard soon, "text-first" all at once,
    "fixed-ratio-3", -4 or -5 so many a second. `overlap` says what stops the assistant: "listen-only" nothing,
    "on-speech" any speech, "duration(short_ack=700,barge_in=1200)" so many ms of it. In the first `force_listen` windows
    it only listens. `context` says whether words that were never heard stay in what it remembers, "as-generated", or go,
    "as-heard"; `sliding` what it forgets when that is too much: "none" as little as it must, "basic" the oldest windows,
    "context" these except what was said in them. `echo` says what is done about its own voice in its ears: "none", "gate", "cancel".
    With `control` it obeys the source of that name, if the model can: see `controls`. `decode` is how a checkpoint, whose folder is named
    as the model, chooses its tokens: "sampling" or "greedy". `prompt` is what nano is told beforehand.
    `precision` is that of a checkpoint's weights: "bf16", "fp32", "int4", or as they are stored.
    Raises ValueError for what is none of these, and for a window shorter than a millisecond.
    """
    if model not in MODELS and Path(model).is_dir():
        return without_echo(published(model, window=window, sliding=sliding, force_listen=force_listen, decode=decode, precision=precision), echo)
    if model not in MODELS:
        raise ValueError(f"duplex: wants a model out of {', '.join(MODELS)}, got {model!r}")
    checked_playback("duplex", playback)
    if not 0.001 <= window <= 3600:
        raise ValueError(f"duplex: wants a window of 0.001 to 3600 seconds, got {window}")
    how = manners(interleave, overlap, force_listen, context, sliding)
    if prompt is not None and model != "nano":
        raise ValueError(f"duplex: only model 'nano' takes a prompt, got {prompt!r} for {model!r}; leave it out")
    told = {} if prompt is None else {"prompt": prompt}
    made = MODELS[model](length=seconds(window), script=script, recording=recording, manners=how, **told)
    g = Graph("duplex")
    visual, audio = g.source("env-visual", Jpeg), g.source("env-audio", Pcm16)
    heard_then = [g.source("playback")] if playback == "recorded" else []
    look = g.scan("look", visual, made.see, state=made.eyes)
    listen = g.scan("listen", audio, made.hear, state=made.ears)
    aligned = g.align("window", look, listen, *heard_then, length=seconds(window))
    arrivals = aligned
    if control:
        made, arrivals = obeying(made, script), g.merge("arrivals", aligned, commands(g))
    heard = assistant(g, arrivals, made)
    if playback == "simulated":
        g.feedback("playback", heard, aligned)
    return without_echo(g, echo)


def obeying(made: Model, script: str | None) -> Model:
    """Return a model that obeys commands between its windows. Raises ValueError for one that cannot."""
    if not isinstance(made.mind, Mind):
        raise ValueError(f"duplex: control wants a model that obeys, such as scripted, got {made.name!r}; leave control out")
    obey = partial(commanded.obey, decide=made.decide, script=load_script(script))
    costs = {**made.costs, "decide": partial(commanded.cost, each=made.costs["decide"])}
    return replace(made, decide=obey, mind=commanded.Obeying(made.mind), costs=costs)


def checked_playback(whose: str, playback: str) -> None:
    """Raise ValueError for what is no playback."""
    if playback not in PLAYBACKS:
        raise ValueError(f"{whose}: wants playback to be one of {', '.join(PLAYBACKS)}, got {playback!r}")


def assistant(g: Graph, aligned: str, made: Model) -> str:
    """Add what answers a window, from the decision to the loudspeaker; returns the edge of what was heard."""
    decide = g.stage("decide", aligned, made.decide, state=made.mind, cost=made.costs["decide"])
    text = g.map("text", decide, words)
    fence = g.map("fence", decide, silence)
    overlap, notices, context = g.map("overlap", decide, chosen), g.map("notices", decide, noticed), g.map("context", decide, remembered)
    speech = g.stage("speech", decide, speak, cost=made.costs["speech"], fence=fence, cancellable=True)
    wave = g.stage("wave", speech, made.voice, state=made.mouth, cost=made.costs["wave"], fence=fence, cancellable=True)
    played = g.scan("play", g.merge("cues", fence, wave), play, state=Player())
    out, heard = g.map("out-stream", played, sound), g.map("heard", played, acknowledgement)
    g.sink("out", decide, text, fence, overlap, notices, context, out, heard)
    return heard


def words(event: Event[Decision]) -> str | None:
    """Pick the words that a window decided to say."""
    return event.data.text or None


def silence(event: Event[Decision]) -> Fence | None:
    """Order silence where a window decided to flush: a new epoch begins."""
    d = event.data
    return Fence(d.epoch + 1, d.response, d.cause) if d.ends == "flush" else None


def chosen(event: Event[Decision]) -> tuple | None:
    """Pick what was chosen about those who talked over the assistant."""
    return event.data.overlap or None


def noticed(event: Event[Decision]) -> tuple | None:
    """Pick what was wrong with what the player acknowledged."""
    return event.data.notices or None


def remembered(event: Event[Decision]) -> tuple | None:
    """Pick what is remembered after the window."""
    return event.data.context[0] if event.data.context else None


def speak(state: None, event: Event[Decision]) -> tuple[None, list[Say]]:
    """Ask for the sound of what was decided to be said."""
    d = event.data
    wanted = d.choice == "speak" and (d.text or d.last or not d.line)  # of a recorded sound the words need not be known
    return state, [Say(d.response, d.part, d.last, d.text, d.line, d.begin, d.epoch)] if wanted else []


def sound(event: Event[Sound | Ack]) -> Pcm16 | None:
    """Pick the samples that begin to sound, 24 kHz."""
    return Pcm16(event.data.samples.tobytes()) if isinstance(event.data, Sound) else None


sound.rate_hz = WAVE_HZ  # type: ignore[attr-defined]


def acknowledgement(event: Event[Sound | Ack]) -> Ack | None:
    """Pick what was heard."""
    return event.data if isinstance(event.data, Ack) else None
