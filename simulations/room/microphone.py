"""Hear what is in a room: a scan that mixes who speaks, noise, music and the assistant's echo, frame by frame, in integers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from omniflow_graph import Event, Pcm16, Wake
from omniflow_graph.chance import Rng
from omniflow_graph.events import SECOND
from operators.words import Ack, Sound
from simulations.room.speech import RATE_HZ, Hush, Utterance, hiss, music, rumble
from simulations.scenario import Scenario

Frames = list[tuple[int, Pcm16] | Wake]


class Source(NamedTuple):
    """Hold what sounds in the room: where its first sample lies in the session, and whose it is."""

    begin: int  # in samples
    samples: np.ndarray
    who: str
    n: int  # of whose utterances, or which answer


class Microphone(NamedTuple):
    """Remember what the room is like and what sounds in it."""

    scenario: Scenario | None = None
    seed: int = 0
    sounding: tuple[Source, ...] = ()


def listen_in(room: Microphone, cause: Event[Scenario | Utterance | Hush | Sound | Ack] | Wake, rng: Rng) -> tuple[Microphone, Frames]:
    """Answer with a frame of what is heard, 16 kHz, whenever one begins: it holds what sounds from then on."""
    if isinstance(cause, Wake):
        return _frame(room, cause.time)
    of = cause.data
    if isinstance(of, Scenario):
        return _frame(Microphone(of, rng(cause).bits()), cause.time)
    if isinstance(of, Utterance):
        return _add(room, Source(_sample(of.begin), of.samples, of.who, of.n)), []
    if isinstance(of, Hush):
        return _cut(room, of.who, of.n, _sample(cause.time)), []
    return _echo(room, of, cause.time), []


listen_in.rate_hz = RATE_HZ  # type: ignore[attr-defined]


def _frame(room: Microphone, time: int) -> tuple[Microphone, Frames]:
    scenario = room.scenario
    assert scenario
    first, n = _sample(time), _sample(scenario.frame)
    left = tuple(of for of in room.sounding if of.begin + len(of.samples) > first + n) if room.sounding else ()
    sound = mixed(room, first, n)
    return (room if len(left) == len(room.sounding) else room._replace(sounding=left)), [(time, sound), Wake(time + scenario.frame)]


def mixed(room: Microphone, first: int, n: int) -> Pcm16:
    """Mix samples [first, first + n) of all that sounds; a sum that is too loud is cut off."""
    assert room.scenario
    around = room.scenario.room
    sounding = [of for of in room.sounding if of.begin < first + n and of.begin + len(of.samples) > first]
    if not sounding and not around.noise and not around.rumble and not around.music:
        return _silence(n)
    sum_ = np.zeros(n, np.int32)
    if around.noise:
        _loop(sum_, hiss(room.seed, around.noise), first)
    if around.rumble:
        _loop(sum_, rumble(room.seed, around.rumble), first)
    if around.music:
        _loop(sum_, music(around.music), first)
    for of in sounding:
        start, begin = max(of.begin - first, 0), max(first - of.begin, 0)
        part = of.samples[begin : begin + n - start]
        sum_[start : start + len(part)] += part
    np.minimum(sum_, 32_767, out=sum_)
    np.maximum(sum_, -32_768, out=sum_)
    return Pcm16(sum_.astype("<i2").tobytes())


_silent: dict[int, Pcm16] = {}


def _silence(n: int) -> Pcm16:
    """Return the one frame of silence of this length: an object that is known already is not digested again."""
    return _silent.setdefault(n, Pcm16(bytes(2 * n)))


def _loop(into: np.ndarray, tape: np.ndarray, first: int) -> None:
    at = first % len(tape)
    part = tape[at : at + len(into)]
    into[: len(part)] += part
    if len(part) < len(into):
        into[len(part) :] += tape[: len(into) - len(part)]


def _echo(room: Microphone, of: Sound | Ack, time: int) -> Microphone:
    """Lay what the assistant says into the room, later and softer; what is cut short falls silent there, too."""
    scenario = room.scenario
    if scenario is None or scenario.room.echo is None:
        return room
    echo = scenario.room.echo
    if isinstance(of, Ack):
        return _cut(room, "echo", of.response, _sample(time + echo.delay)) if of.final else room
    samples = two_thirds(of.samples) * echo.permille // 1000
    return _add(room, Source(_sample(time + echo.delay), samples, "echo", of.response))


def two_thirds(samples: np.ndarray) -> np.ndarray:
    """Bring 24 kHz to 16 kHz in integers, as int32: one sample of each three as it is, the other two as their mean.

    >>> two_thirds(np.array([0, 10, 20, 30, 41, 50, 60], "<i2")).tolist()
    [0, 15, 30, 45]
    """
    threes = samples[: len(samples) // 3 * 3].astype(np.int32).reshape(-1, 3)
    return np.stack([threes[:, 0], (threes[:, 1] + threes[:, 2]) // 2], axis=1).reshape(-1)


def _add(room: Microphone, of: Source) -> Microphone:
    return room._replace(sounding=(*room.sounding, of))


def _cut(room: Microphone, who: str, n: int, at: int) -> Microphone:
    """Let somebody fall silent at a sample."""
    cut = tuple(of._replace(samples=of.samples[: max(at - of.begin, 0)]) if (of.who, of.n) == (who, n) else of for of in room.sounding)
    return room._replace(sounding=tuple(of for of in cut if len(of.samples)))


def _sample(time: int) -> int:
    return time * RATE_HZ // SECOND
