"""Speech in a graph: codes of what was thought, sound of codes, and the player, each in a stage of its own that a fence can cancel.

A snapshot for recovery holds what was said in the turn that is under way; caches are computed anew from it, and go on as they would have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph import Event, Graph, Pcm16
from omniflow_graph.chance import Rng
from operators.minicpm_o.kept import Kept
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.speaking import units
from operators.minicpm_o.speaking.units import Turn
from operators.minicpm_o.voice import VoiceWeights, load_prompt
from operators.minicpm_o.voice import load as load_voice
from operators.minicpm_o.voice.saying import Saying, pcm, ready, say
from operators.minicpm_o.voice.weights import FOLDER
from operators.omni_flow.playback.marks import START, Mark, even_marks
from operators.player import Player, play
from operators.words import WAVE_HZ, Ack, Decision, Fence, Sound, Wave

# Stand-ins in nanoseconds for a desktop GPU, from published figures: 8.5 ms a code; 0.15 s a second of sound.
COSTS_NS = {"speak": 213_000_000, "wave": 150_000_000}
VOICE = "voice.npz"

Model = Callable[[], tuple[Weights, Any]]


class Coded(NamedTuple):
    """Hold the speech codes of one window: of which answer, which part of it, whether it is the last, and the text."""

    response: int
    part: int
    last: bool
    text: str
    codes: tuple[int, ...]
    epoch: int = 0


@dataclass(frozen=True)
class Mouth:
    """Hold the turn that is spoken, its cache apart; of which answer and epoch it is."""

    turn: Turn | None = None
    cache: Kept = field(default_factory=Kept, compare=False)
    response: int = 0
    epoch: int = 0


@dataclass(frozen=True)
class Throat:
    """Hold how a turn sounds so far: what was said of it, codes by part, which is what its caches are made of; its last mark."""

    codes: tuple[tuple[int, ...], ...] = ()
    saying: Kept = field(default_factory=Kept, compare=False)
    mark: Mark = START
    response: int = 0
    epoch: int = 0


@dataclass(frozen=True)
class Voice:
    """Name a checkpoint's folder, and a file with the voice to speak with; called, give the voice and how each turn begins."""

    folder: str
    prompt: str

    def __call__(self) -> tuple[VoiceWeights, Saying]:
        """Load it, if it is not loaded."""
        return _loaded(self.folder, self.prompt)

    def load(self) -> None:
        """Load it before the clock starts."""
        self()


@lru_cache(maxsize=2)
def _loaded(folder: str, prompt: str) -> tuple[VoiceWeights, Saying]:
    weights = load_voice(folder)
    return weights, ready(weights, load_prompt(prompt))


def voice_of(folder: str, prompt: str | None) -> Voice | None:
    """Return the voice of a checkpoint; None where it has none, or where nobody says how it is to sound.

    Raises ValueError for a prompt without a voice to give it to, and for one that is not there.
    """
    there = (Path(folder) / FOLDER).is_dir()
    if prompt is None:
        return Voice(folder, str(Path(folder) / VOICE)) if there and (Path(folder) / VOICE).is_file() else None
    if not there or not Path(prompt).is_file():
        raise ValueError(f"duplex: wants a voice in {Path(folder) / FOLDER} and {prompt}, got {'no such file' if there else 'no such folder'}")
    return Voice(folder, prompt)


def spoken(g: Graph, thought: str, decided: str, aligned: str, model: Model, voice: Voice | None) -> list[str]:
    """Add what speaks: codes, and with a voice sound and the player, whose acknowledgements go back into the window. Returns edges to keep."""
    fence = g.map("fence", decided, silence)
    said = g.map("said", thought, aloud)
    coded = g.stage("speak", said, partial(speak, model=model), state=Mouth(), cost=COSTS_NS["speak"], fence=fence, cancellable=True)
    kept = [fence, g.map("codes", coded, codes_of)]
    if voice is None:
        return kept
    wave = g.stage("wave", coded, partial(sound, voice=voice), state=Throat(), cost=COSTS_NS["wave"], fence=fence, cancellable=True)
    played = g.scan("play", g.merge("cues", fence, wave), play, state=Player())
    heard = g.map("heard", played, acknowledgement)
    g.feedback("playback", heard, aligned)
    return [*kept, g.map("out-stream", played, samples_of), heard]


def silence(event: Event[Decision]) -> Fence | None:
    """Order silence where a window decided to flush: a new epoch begins."""
    d = event.data
    return Fence(d.epoch + 1, d.response, d.cause) if d.ends == "flush" else None


def aloud(event: Event[Any]) -> Any:
    """Pick what is to be said."""
    return event.data if event.data.decision.choice == "speak" else None


def speak(state: Mouth, event: Event[Any], rng: Rng, *, model: Model) -> tuple[Mouth, list[Coded]]:
    """Make codes of what a window says. Another answer, or a new epoch, begins anew."""
    (of, ids, hidden), (weights, _) = event.data, model()
    goes_on = (state.response, state.epoch) == (of.response, of.epoch) and state.turn is not None
    turn = _turn(weights, state) if goes_on else units.silent(weights)
    turn, codes = units.speak(weights, turn, ids, hidden, ends=of.last, draw=rng(event).random)
    after = Mouth(replace(turn, cache=turn.cache.forgotten()), Kept(turn.cache), of.response, of.epoch)
    return after, [Coded(of.response, of.part, of.last, of.text, codes, of.epoch)]


def _turn(weights: Weights, state: Mouth) -> Turn:
    assert state.turn is not None
    return replace(state.turn, cache=state.cache.value) if state.cache.value is not None else units.recalled(weights, state.turn)


def codes_of(event: Event[Coded]) -> np.ndarray:
    """Pick the codes."""
    return np.asarray(event.data.codes, np.int32)


def sound(state: Throat, event: Event[Coded], *, voice: Callable[[], tuple[VoiceWeights, Saying]]) -> tuple[Throat, list[Wave]]:
    """Make sound of codes, with marks where the words end: a window's words take as long as its sound."""
    of, (weights, start) = event.data, voice()
    if (state.response, state.epoch) != (of.response, of.epoch):
        state = Throat(response=of.response, epoch=of.epoch)
    saying = state.saying.value if state.saying.value is not None else _said_again(weights, start, state.codes)
    saying, samples = say(weights, saying, of.codes, ends=of.last)
    found = pcm(samples) if samples is not None else np.zeros(0, "<i2")
    marks = even_marks(of.text, len(found), state.mark)
    end = Mark(state.mark.sample + len(found), state.mark.characters + len(of.text))
    after = Throat((*state.codes, of.codes), Kept(saying), end, of.response, of.epoch)
    wave = Wave(of.response, of.part, of.last, of.text, found, epoch=of.epoch, marks=tuple(map(tuple, marks)))  # type: ignore[arg-type]
    return after, [wave] if len(found) or of.last else []


def _said_again(weights: VoiceWeights, saying: Saying, parts: tuple[tuple[int, ...], ...]) -> Saying:
    """Compute what a turn's voice remembers from the codes that it has said."""
    for codes in parts:
        saying, _ = say(weights, saying, codes)
    return saying


def samples_of(event: Event[Sound | Ack]) -> Pcm16 | None:
    """Pick the samples that begin to sound, 24 kHz."""
    return Pcm16(event.data.samples.tobytes()) if isinstance(event.data, Sound) else None


samples_of.rate_hz = WAVE_HZ  # type: ignore[attr-defined]


def acknowledgement(event: Event[Sound | Ack]) -> Ack | None:
    """Pick what was heard."""
    return event.data if isinstance(event.data, Ack) else None
