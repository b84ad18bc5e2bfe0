"""The full-duplex pipeline with the published model: a window is seen, heard, thought about, each in a stage of its own that takes time.

A checkpoint with a speech decoder speaks: `speaking.stages` makes codes of what is thought, and sound where it has a voice, too. Without
one there is text only. A snapshot for recovery leaves caches out; they are computed anew from what was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph import Event, Graph, Jpeg, Pcm16, Window, seconds
from omniflow_graph.chance import Rng
from operators.minicpm_o import duplexing
from operators.minicpm_o.config import read_config
from operators.minicpm_o.door import torch
from operators.minicpm_o.duplexing import Deciding, Session
from operators.minicpm_o.hearing import Heard, hear_on, second_states
from operators.minicpm_o.kept import Kept
from operators.minicpm_o.loading import Precision, Weights, load
from operators.minicpm_o.mel import RATE_HZ
from operators.minicpm_o.seeing import see
from operators.minicpm_o.speaking.stages import spoken, voice_of
from operators.minicpm_o.tokenizer import Text, load_text
from operators.omni_flow.context.sliding import Policy
from operators.omni_flow.deciding.choosing import Choosing
from operators.omni_flow.deciding.outcome import Outcome
from operators.omni_flow.deciding.steps import Generating
from operators.omni_flow.tokens.prompt import SYSTEM, system_prompt
from operators.words import Decision

# Stand-ins in nanoseconds for a desktop GPU, from published figures: 65 ms to take a window in, 38 ms a token, of which some 4 are written.
COSTS_NS = {"look": 30_000_000, "listen": 20_000_000, "decide": 200_000_000}


@dataclass(frozen=True)
class Checkpoint:
    """Name a checkpoint's folder; called, give its weights and tokenizer, which are loaded once a process."""

    folder: str
    precision: Precision | None = None

    def __call__(self) -> tuple[Weights, Text]:
        """Load it, if it is not loaded."""
        return _loaded(self.folder, self.precision)

    def load(self) -> None:
        """Load it before the clock starts."""
        self()


@lru_cache(maxsize=2)
def _loaded(folder: str, precision: Precision | None) -> tuple[Weights, Text]:
    return load(folder, precision=precision), load_text(folder)


class Seen(NamedTuple):
    """Hold a window whose pictures were encoded: float32 [looks, 64, D] each. The sound is still sound."""

    k: int
    end: int
    pictures: tuple[np.ndarray, ...]
    sound: bytes


class Perceived(NamedTuple):
    """Hold a window whose sound was encoded, too: float32 [10 n, D]."""

    k: int
    end: int
    pictures: tuple[np.ndarray, ...]
    sound: np.ndarray


@dataclass(frozen=True)
class Ears:
    """Hold what the encoder of sound remembers. Its cache is made of `frames`, the mel frames since it last forgot."""

    heard: Heard = field(default_factory=Heard)
    cache: Kept = field(default_factory=Kept, compare=False)
    frames: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Mind:
    """Hold what the language model remembers: a session, whose cache is apart, and which answer it is giving, counted from 1."""

    session: Session | None = None
    cache: Kept = field(default_factory=Kept, compare=False)
    response: int = 0
    part: int = 0
    epoch: int = 0


class Thought(NamedTuple):
    """Hold what a window came to, and what its speech is made of: the ids of what is said, and the hidden states at them [n, D]."""

    decision: Decision
    ids: tuple[int, ...]
    hidden: np.ndarray


def published(
    folder: str,
    *,
    window: float = 1.0,
    precision: Precision | None = None,
    system: str = SYSTEM,
    most: int = 1,
    force_listen: int = 3,
    decode: str = "sampling",
    sliding: str = "basic",
    voice: str | None = None,
) -> Graph:
    """Build the pipeline with the checkpoint in a folder; every operator can be replaced by name.

    `most`: cells of a picture, of which a window is shown the newest; 2 is the published high definition. In the first
    `force_listen` windows it only listens. `decode`: "sampling" or "greedy". `sliding` says what is forgotten: "none", "basic",
    "context". `voice` is an .npz file with the voice to speak with, see `voice.save_prompt`; by default voice.npz in the folder, and
    without one speech ends with codes. Raises ValueError for what is none of these.
    """
    if not 0.001 <= window <= 3600:
        raise ValueError(f"duplex: wants a window of 0.001 to 3600 seconds, got {window}")
    model = Checkpoint(folder, precision)
    settings = Choosing(mode=decode)  # type: ignore[arg-type]
    policy = Policy(mode=sliding)  # type: ignore[arg-type]
    g = Graph("duplex")
    aligned = g.align("window", g.source("env-visual", Jpeg), g.source("env-audio", Pcm16), length=seconds(window))
    looked = g.stage("look", aligned, partial(look, model=model, most=most), cost=COSTS_NS["look"])
    heard = g.stage("listen", looked, partial(listen, model=model), state=Ears(), cost=COSTS_NS["listen"])
    how = partial(think, model=model, system=system, generating=Generating(force_listen=force_listen), choosing=settings, policy=policy)
    if read_config(folder).speech is None:
        decided = g.stage("decide", heard, partial(decide, **how.keywords), state=Mind(), cost=COSTS_NS["decide"])
        g.sink("out", decided, g.map("text", decided, words))
        return g
    thought = g.stage("think", heard, how, state=Mind(), cost=COSTS_NS["decide"])
    decided = g.map("decide", thought, lambda event: event.data.decision)
    g.sink("out", decided, g.map("text", decided, words), *spoken(g, thought, decided, aligned, model, voice_of(folder, voice)))
    return g


def look(state: None, event: Event[Window], *, model: Callable[[], tuple[Weights, Text]], most: int) -> tuple[None, list[Seen]]:
    """Encode the newest picture of a window; one that cannot be decoded is as none."""
    window, (weights, _) = event.data, model()
    newest = [picture for each in window.of("env-visual")[-1:] if (picture := decoded(each.data)) is not None]
    sound = b"".join(each.data for each in window.of("env-audio"))
    return state, [Seen(window.k, window.end, tuple(see(weights, newest, most)), sound)]


look.takes_hz = RATE_HZ  # type: ignore[attr-defined]  # it hands the sound on, to be encoded


def decoded(encoded: bytes) -> np.ndarray | None:
    """Decode a JPEG or PNG, uint8 [h, w, 3]; None for what is none, or is damaged."""
    from io import BytesIO

    from PIL import Image

    try:
        with Image.open(BytesIO(encoded), formats=("JPEG", "PNG")) as opened:
            return np.asarray(opened.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def listen(state: Ears, event: Event[Seen], *, model: Callable[[], tuple[Weights, Text]]) -> tuple[Ears, list[Perceived]]:
    """Encode the sound of a window behind what was heard before."""
    seen, (weights, _) = event.data, model()
    samples = np.frombuffer(seen.sound[: len(seen.sound) // 2 * 2], "<i2").astype(np.float32) / np.float32(32_768)
    heard = replace(state.heard, cache=state.cache.value if state.cache.value is not None else _heard_again(weights, state))
    frames, new = state.frames, []
    after, found = hear_on(weights, heard, samples, told=new.append)
    for second, rows in new:
        frames = (*frames, second) if rows > len(second) // 2 else (second,)  # else the encoder forgot, and this is the first
    ears = Ears(replace(after, cache=None), Kept(after.cache), frames)
    return ears, [Perceived(seen.k, seen.end, seen.pictures, found)]


def _heard_again(weights: Weights, state: Ears) -> Any:
    """Compute the encoder's cache from the frames that it was made of."""
    cache, before = None, state.heard.mel.given - len(state.frames)
    with torch().inference_mode():
        for n, frames in enumerate(state.frames):
            cache, _ = second_states(weights, cache, frames, first=before + n == 0)
    return cache


def decide(state: Mind, event: Event[Perceived], rng: Rng, **given: Any) -> tuple[Mind, list[Decision]]:
    """Take a window in, answer it, and close it: one decision. It is not spoken."""
    state, (thought,) = think(state, event, rng, **given)
    return state, [thought.decision]


def think(
    state: Mind,
    event: Event[Perceived],
    rng: Rng,
    *,
    model: Callable[[], tuple[Weights, Text]],
    system: str,
    generating: Generating,
    choosing: Choosing,
    policy: Policy,
) -> tuple[Mind, list[Thought]]:
    """Take a window in, answer it, and close it: one decision, and what its speech is made of."""
    given, (weights, text) = event.data, model()
    prompt = system_prompt(text, system)
    if state.session is None:
        session = duplexing.prepare(weights, prompt.prefix, prompt.suffix, policy=policy)
    elif state.cache.value is None:
        session = duplexing.recalled(weights, state.session, prompt.prefix)
    else:
        session = replace(state.session, cache=state.cache.value)
    deciding = Deciding(text.decode, generating, choosing, np.asarray(text.bad, np.intp))
    session = duplexing.fed(weights, session, given.pictures, given.sound)
    was_in_turn = session.talk.in_turn
    session, outcome, states = duplexing.answer(weights, session, deciding, rng(event).random)
    session, _, rest = duplexing.close(weights, session, text.decode)
    begins = outcome.choice == "speak" and not was_in_turn
    response = state.response + begins
    part = 0 if begins else state.part + (outcome.choice == "speak")
    decision = _decision(outcome, given.k, response, part, session.talk.in_turn)._replace(epoch=state.epoch)
    after = Mind(replace(session, cache=session.cache.forgotten()), Kept(session.cache), response, part, state.epoch + (decision.ends == "flush"))
    return after, [Thought(decision, outcome.condition.ids, np.concatenate([*(row[None] for row in states), rest])[outcome.condition.rows])]


def _decision(outcome: Outcome, k: int, response: int, part: int, in_turn: bool) -> Decision:
    """Say what a window came to, as the other models do."""
    speaks, p_listen = outcome.choice == "speak", round(1000 * outcome.p_listen) if outcome.p_listen is not None else 0
    words = {"response": response, "part": part, "last": not in_turn, "text": outcome.text} if speaks else {}
    ends = outcome.ends.kind if outcome.ends else ""
    return Decision(k, outcome.choice, outcome.reason, p_listen=p_listen, forced=outcome.reason if outcome.forced else "", ends=ends, **words)


def words(event: Event[Decision]) -> str | None:
    """Pick the words that a window decided to say."""
    return event.data.text or None
