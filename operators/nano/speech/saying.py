"""Say words as they come, window by window: each window's words become sound at once, and the next window's go on where it ended.

Words become units of 40 ms (a Llama, greedy), units frames of mel and pitch (flow matching), frames a wave (a filter for the
voice's pulses, and noise). All of it looks ahead 85 ms at most, which wait for the next window; the last words of a line let
them go. How words are spread over windows shows in the units they become; how a window's units are cut into pieces does not
show in the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from operators.nano.speech.acoustics import DIMENSIONS, HOP, UNIT
from operators.nano.speech.filtering import AHEAD, Filtering, excite, sound
from operators.nano.speech.graphs import Speech
from operators.omni_flow.playback.marks import Mark

UNITS = 512
WORD_END, BEGIN, LINE_END, NO_WORD, FIRST_WORD = range(UNITS, UNITS + 5)  # tokens that are no units
NOTHING = UNITS  # the unit before a line and after it
LONGEST = 40  # units of a word: 1.6 s
LAYERS = 4, 2, 4, 40  # of the decoder's cache: layers, keys and values, heads, width of a head
FLOW = 6, 6, 1, 6, 176  # steps, blocks, batch, frames that are remembered, width
VOCODER = 5, 1, 6, 192
NOISE = 1024  # frames after which the flow's noise comes again
CALM = np.float32(0.6)  # of the noise; chosen among 1, 0.6 and 0.3 by what Whisper heard of nano's lines: see benchmarks


@dataclass(frozen=True, eq=False)
class Saying:
    """Remember a line that is being said: what each network has seen, in arrays, and how far its sound has got."""

    cache: np.ndarray = field(default_factory=lambda: np.zeros((*LAYERS[:3], 0, LAYERS[3]), np.float32))
    units: tuple[int, ...] = (NOTHING,)  # that the flow wants to see again, or has not seen
    flow: np.ndarray = field(default_factory=lambda: np.zeros(FLOW, np.float32))
    made: int = 0  # frames
    first: np.ndarray | None = None  # [1, 6, 82], the last frames that the vocoder saw; None before any
    vocoder: np.ndarray = field(default_factory=lambda: np.zeros(VOCODER, np.float32))
    wave: Filtering = field(default_factory=Filtering)
    said: int = 0  # units
    characters: int = 0  # of the line


def step(speech: Speech, state: Saying, words: Sequence[str], last: bool) -> tuple[Saying, np.ndarray, tuple[Mark, ...]]:
    """Say a window's words; with the `last` of a line the sound ends. Returns the state, int16 samples at 24 kHz, and where words end.

    Marks count samples and characters (of the line's words joined by spaces) from the line's beginning. The last of a window may lie in
    the 85 ms that come with the next. After the last words the state is that of a new line. Raises ValueError for a word that it never learned.
    """
    if unknown := [word for word in words if word not in speech.words]:
        raise ValueError(f"speech: cannot say {unknown[0]!r}; its words are {', '.join(speech.words)}")
    state, units, marks = _units(speech, state, words, last)
    state, frames = _frames(speech, replace(state, units=(*state.units, *units, *([NOTHING] if last else []))))
    state, wave = _wave(speech, state, frames, last)
    samples = np.round(np.clip(wave, -1, 1) * 32767).astype("<i2")
    return Saying() if last else state, samples, marks


def _units(speech: Speech, state: Saying, words: Sequence[str], last: bool) -> tuple[Saying, list[int], tuple[Mark, ...]]:
    """Read the words, then say one after the other, each until the decoder ends it."""
    if not words:
        return state, [], ()
    cache, units, marks, characters = state.cache, [], [], state.characters
    tokens = [FIRST_WORD + speech.words.index(word) for word in words]
    following = [*tokens[1:], LINE_END if last else NO_WORD]
    *read, token = [*([] if cache.shape[3] else [BEGIN]), *tokens, *([LINE_END] if last else [])]
    for each in read:
        _, cache = _decode(speech, each, NO_WORD, NO_WORD, cache)
    for word, now, after in zip(words, tokens, following):
        said, cache = _say(speech, token, now, after, cache)
        units, token = [*units, *said], WORD_END
        characters += len(word) + (characters > 0)
        marks.append(Mark((state.said + len(units)) * UNIT * HOP, characters))
    _, cache = _decode(speech, WORD_END, tokens[-1], following[-1], cache)
    return replace(state, cache=cache, said=state.said + len(units), characters=characters), units, tuple(marks)


def _say(speech: Speech, token: int, now: int, after: int, cache: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Write the units of one word, at least one, after the token before it."""
    units: list[int] = []
    while len(units) < LONGEST:
        scores, cache = _decode(speech, token, now, after, cache)
        token = int(np.argmax(scores if units else scores[:UNITS]))
        if token == WORD_END:
            break
        units.append(token)
    return units, cache


def _decode(speech: Speech, token: int, now: int, after: int, cache: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    given = {"token": [token], "now": [now], "after": [after]}
    return speech.speaking.run(None, {**{name: np.array(value, np.int64) for name, value in given.items()}, "cache": cache})


def _frames(speech: Speech, state: Saying) -> tuple[Saying, np.ndarray]:
    """Make the frames of all units that have one after them: normed, [frames, 82]."""
    count = (len(state.units) - 2) * UNIT
    if count < 1:
        return state, np.zeros((0, DIMENSIONS), np.float32)
    noise = _noise()[np.arange(state.made, state.made + count) % NOISE][None]
    frames, flow = speech.flow.run(None, {"units": np.array([state.units], np.int64), "noise": noise, "cache": state.flow})
    return replace(state, units=state.units[-2:], flow=flow, made=state.made + count), frames[0]


def _wave(speech: Speech, state: Saying, frames: np.ndarray, last: bool) -> tuple[Saying, np.ndarray]:
    """Make the sound of all frames that have three after them; at the end of a line, of all."""
    if len(frames) == 0:
        return state, np.zeros(0, np.float32)
    wave = excite(state.wave, (frames * speech.deviation + speech.mean)[:, -2:], last)
    first = state.first
    if first is None:  # a line begins as if its first frame had always been
        first, frames = np.concatenate([np.repeat(frames[:1], AHEAD, axis=0), frames[:AHEAD]])[None], frames[AHEAD:]
    frames = np.concatenate([frames, np.repeat(frames[-1:], AHEAD if last else 0, axis=0)])
    given = {"frames": frames[None], "first": first, "cache": state.vocoder}
    size, cosine, sine, noise, first, cache = speech.vocoder.run(None, given)
    wave, made = sound(wave, size[0], cosine[0], sine[0], noise[0], last)
    return replace(state, first=first, vocoder=cache, wave=wave), made


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    return CALM * np.random.default_rng(32).standard_normal((NOISE, DIMENSIONS), dtype=np.float32)
