"""What differs between the models that can run the pipeline: how they hear, see, decide, speak, and what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from omniflow_graph import Event
from omniflow_graph.events import SECOND
from omniflow_graph.graph.nodes import Cost
from omniflow_graph.recording import Recording
from operators.omni_flow.context.sliding import begin_context
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.scripted import voice
from operators.scripted.decide import decide
from operators.scripted.mind import Manners, Mind
from operators.scripted.paradigms import Blocked, decide_blocked, when_asked
from operators.scripted.script import Script, load_script
from operators.senses import ears, eyes
from operators.words import Say, Wave, duration, place, words_of

# Stand-ins for a small model on a desktop GPU, in nanoseconds: for each window, and for each second that a window lasts.
COSTS_NS = {"decide": (20_000_000, 100_000_000), "speech": (5_000_000, 15_000_000), "wave": (30_000_000, 120_000_000)}


def costs_of(length: int) -> dict[str, int]:
    """Return what each stage costs a window of this length: a model has less to take in of a short one, but not nothing.

    >>> costs_of(1_000_000_000)
    {'decide': 120000000, 'speech': 20000000, 'wave': 150000000}
    """
    return {stage: once + per_second * length // SECOND for stage, (once, per_second) in COSTS_NS.items()}


@dataclass(frozen=True)
class Model:
    """Bundle the functions and first states of one model's operators."""

    name: str
    see: Callable[..., Any]
    eyes: Any
    hear: Callable[..., Any]
    ears: Any
    decide: Callable[..., Any]
    mind: Any
    voice: Callable[..., Any]
    costs: Mapping[str, Cost]
    mouth: Any = None  # the first state of its voice


# How a model sees and hears, each with its first state.
SENSES: dict[str, tuple[Callable[..., Any], Any, Callable[..., Any], Any]] = {
    "scripted": (eyes.see, eyes.Eyes(), ears.hear, ears.quiet()),
    "scripted-fast": (eyes.see_fast, eyes.Eyes(), ears.hear_fast, ears.Talk()),
}


def scripted(*, length: int, script: str | None = None, recording: Recording | None = None, manners: Manners = Manners()) -> Model:
    """Hear with a real speech detector, see scene changes, say lines from a script with a real voice."""
    return _scripted("scripted", voice.say, length, script, manners)


def scripted_fast(*, length: int, script: str | Script | None = None, recording: Recording | None = None, manners: Manners = Manners()) -> Model:
    """Do the same in integers, without any model: for timing tests, in milliseconds."""
    return _scripted("scripted-fast", voice.tone, length, script, manners)


def _scripted(name: str, say: Callable[[str], np.ndarray], length: int, script: str | Script | None, manners: Manners) -> Model:
    costs = costs_of(length)
    mind = partial(decide, script=load_script(script), pace=Pace(say, sum(costs.values())), manners=manners)
    return Model(name, *SENSES[name], mind, Mind(context=begin_context(manners.memory, prefix=0)), partial(_wave, say=say), costs)


def blocked(*, length: int, script: str | None = None, recording: Recording | None = None, manners: Manners = Manners()) -> Model:
    """Do as `scripted-fast`, but perceive nothing while an answer is said or sounds: what is said then is missed."""
    made = scripted_fast(length=length, script=script, manners=manners)
    return replace(made, name="blocked", decide=partial(decide_blocked, decide=made.decide, overlap=manners.overlap), mind=Blocked(made.mind))


def passive(*, length: int, script: str | None = None, recording: Recording | None = None, manners: Manners = Manners()) -> Model:
    """Do as `scripted-fast`, but speak only when somebody has spoken: never at a new scene, or at a time."""
    return replace(scripted_fast(length=length, script=when_asked(load_script(script)), manners=manners), name="passive")


def recorded(*, length: int, script: str | None = None, recording: Recording | None = None, manners: Manners = Manners()) -> Model:
    """Give back what a recording decided and said. Raises ValueError without a recording that holds an assistant."""
    from operators.memory import Memory

    if script is not None:
        raise ValueError(f"model 'recorded': says what was recorded, and takes no script, got {script}; wants model 'scripted'")
    if manners != Manners():
        raise ValueError(f"model 'recorded': decides as it did then, and takes no manners, got {manners}; wants model 'scripted'")
    if recording is None:
        raise ValueError("model 'recorded': wants a recording to give back; replay one that holds an assistant")
    memory = Memory.of(recording, length)
    return Model("recorded", *SENSES[senses_of(recording)], memory.decide, None, memory.wave, memory.costs)


def senses_of(recording: Recording) -> str:
    """Name the model whose eyes and ears a trace was made with: its own, or of one that was given back those of the first.

    What was recorded without any gets the fast ones.
    """
    known = recording.manifest.notes.get("senses", recording.manifest.model)
    return known if isinstance(known, str) and known in SENSES else "scripted-fast"


def in_integers(model: str | None, recording: Recording) -> bool:
    """Tell whether a model computes in integers only, with this recording: its digests are the same on every machine."""
    return model in ("scripted-fast", "blocked", "passive") or (model == "recorded" and senses_of(recording) == "scripted-fast")


@dataclass(frozen=True)
class Pace:
    """Tell how long each word of a line takes to say with this voice, in ns, and how long its sound is behind the window."""

    say: Callable[[str], np.ndarray]
    delay: int

    def __call__(self, line: str) -> tuple[int, ...]:
        """Return the durations of the line's words."""
        samples, ends = len(self.say(line)), accumulate(map(len, words_of(line)), initial=0)
        places = [duration(place(end, line, samples)) for end in ends]
        return tuple(end - start for start, end in pairwise(places))

    def samples(self, line: str, characters: int) -> int:
        """Return how many samples the first so many characters take."""
        return place(characters, line, len(self.say(line)))


def _wave(state: None, event: Event[Say], *, say: Callable[[str], np.ndarray]) -> tuple[None, list[Wave]]:
    """Voice a whole line, and give what belongs to these words of it, with marks where they end."""
    of = event.data
    samples = say(of.line)
    start, end = (place(at, of.line, len(samples)) for at in (of.begin, of.begin + len(of.text)))
    marks = even_marks(of.text, end - start, Mark(start, of.begin))
    return state, [Wave(of.response, of.part, of.last, of.text, samples[start:end], epoch=of.epoch, marks=marks)]


def nano(**given: Any) -> Model:
    """Hear, see, decide and speak with a small model that was trained here. Takes a prompt, too: see `operators.nano.model`."""
    from operators.nano import model

    return model.nano(**given)


MODELS: dict[str, Callable[..., Model]] = {
    "scripted": scripted,
    "scripted-fast": scripted_fast,
    "recorded": recorded,
    "nano": nano,
    "blocked": blocked,
    "passive": passive,
}
