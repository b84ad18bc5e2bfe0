"""Take the assistant's own voice out of what the microphone hears, so that a robot that hears itself does not interrupt itself.

"gate" is deaf while something sounds, and a little longer: nobody can talk over it. "cancel" subtracts the echo, and is deaf only
for the first second of its voice, in which it learns the room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from omniflow_graph import Event, Graph, GraphError, Pcm16, Wake
from omniflow_graph.events import SECOND
from operators.omni_flow.playback.reading import read_ack
from operators.senses.ears import RATE_HZ, samples_of
from operators.senses.echo_filter import BLOCK, REACH, Filter, adapted, unknown
from operators.senses.own_voice import OwnVoice, Told, begins, ends, follows, forgotten, reference, sounds
from operators.words import Ack, Sound

ECHOES = ("none", "gate", "cancel")
AUDIO, PLAYED, PLAYBACK, CLEAR = "env-audio", "play", "playback", "clear"
SOON = 1  # ns: what sounds is known at once, but not before it sounds
LEARNING = 50  # blocks: 1 s
JITTER, DRIFT = BLOCK // 2, RATE_HZ * 3 // 1000  # samples that a frame may be out of step: beyond, it begins anew, or is nudged


class Frame(NamedTuple):
    """Hold what the microphone heard from a time on."""

    begin: int
    pcm: bytes


class Listener(NamedTuple):
    """Remember what sounds, where the microphone's next sample lies, which samples wait to fill a block, and what was learnt."""

    voice: OwnVoice = OwnVoice()
    next: int = -1
    waiting: bytes = b""
    filter: Filter | None = None


Clear = list[tuple[int, Pcm16] | Wake]
Work = Callable[[Listener, int, bytes], tuple[Listener, bytes]]


def without_echo(graph: Graph, how: str) -> Graph:
    """Return a graph whose ears do not hear what it plays; "none" returns it as it is.

    All that read `env-audio` read the edge "clear" instead, which is made of that and of `play`, fed back, and of what a source
    `playback` acknowledges, if there is one. Raises ValueError for what is none of "none", "gate", "cancel", and GraphError for a graph
    without `env-audio` and `play`.
    """
    if how not in ECHOES:
        raise ValueError(f"echo: wants one of {', '.join(ECHOES)}, got {how!r}")
    if how == "none":
        return graph
    if missing := [edge for edge in (AUDIO, PLAYED) if edge not in graph.edges()]:
        raise GraphError(f"graph {graph.name!r}: has no edge {missing[0]!r}, so no echo can be taken out; leave echo at none")
    again = Graph(graph.name)
    for name in graph.sources():
        again.add(graph.nodes[name])
    told = [again.map("player-said", PLAYBACK, acknowledged)] if PLAYBACK in graph.sources() else []
    both = again.merge("ears-and-voice", again.map("frame", AUDIO, frame), *told)
    again.scan(CLEAR, both, {"gate": gate, "cancel": cancel}[how], state=Listener())
    for node in graph.nodes.values():
        if node.kind != "source":
            again.add(node, *(CLEAR if edge == AUDIO else edge for edge in node.forward))
    for edge in graph.feedbacks.values():
        again.feedback(edge.name, edge.origin, edge.target, delay=edge.delay)
    again.feedback("own-voice", PLAYED, both, delay=SOON)
    return again


def frame(event: Event[Pcm16]) -> Frame:
    """Keep a frame with the time of its capture: one that came late was heard before."""
    return Frame(_captured(event), samples_of(event))


def acknowledged(event: Event[Any]) -> Told:
    """Read what a player acknowledged. Raises RecordingError for what is no acknowledgement."""
    return Told(read_ack(event), _captured(event))


def _captured(event: Event[Any]) -> int:
    stamps = event.stamps
    return event.time if stamps is None or stamps.captured is None else stamps.captured


def gate(listener: Listener, cause: Event[Frame | Sound | Ack | Told] | Wake) -> tuple[Listener, Clear]:
    """Answer each frame with itself, or with silence while something sounds or might still echo."""
    return _listen(listener, cause, _hushed)


def cancel(listener: Listener, cause: Event[Frame | Sound | Ack | Told] | Wake) -> tuple[Listener, Clear]:
    """Answer each frame with itself, or with what is left of it without the echo: whole blocks of 20 ms, the rest with the next one."""
    return _listen(listener, cause, _subtracted)


gate.rate_hz = cancel.rate_hz = RATE_HZ  # type: ignore[attr-defined]


def _listen(listener: Listener, cause: Event[Frame | Sound | Ack | Told] | Wake, work: Work) -> tuple[Listener, Clear]:
    if isinstance(cause, Wake):
        return listener, []
    data, voice = cause.data, listener.voice
    if isinstance(data, Frame):
        listener, clear = _frame(listener, data, work)
        return listener, [(cause.time, Pcm16(clear))] if clear else []
    if isinstance(data, Sound):
        return listener._replace(voice=begins(voice, data, cause.time - SOON)), []
    if isinstance(data, Told):
        data, voice = data.ack, follows(voice, data)
    return listener._replace(voice=ends(voice, data) if data.final else voice), []


def _frame(listener: Listener, frame: Frame, work: Work) -> tuple[Listener, bytes]:
    begin, whole = _place(listener, frame), listener.waiting + frame.pcm
    first = begin - len(listener.waiting) // 2
    listener = listener._replace(voice=forgotten(listener.voice, first - REACH), next=begin + len(frame.pcm) // 2, waiting=b"")
    if not sounds(listener.voice, first - REACH, listener.next):
        return listener, whole
    clear = b""
    while len(whole) >= 2 * BLOCK:
        listener, left = work(listener, first, whole[: 2 * BLOCK])
        clear, whole, first = clear + left, whole[2 * BLOCK :], first + BLOCK
    return listener._replace(waiting=whole), clear


def _place(listener: Listener, frame: Frame) -> int:
    """Say where a frame's first sample lies: behind the last one, unless the clock says that it is far off, or ever further."""
    by_clock = frame.begin * RATE_HZ // SECOND
    off = by_clock - listener.next
    if listener.next < 0 or abs(off) > JITTER:
        return by_clock
    return listener.next + (off > DRIFT) - (off < -DRIFT)


def _hushed(listener: Listener, first: int, pcm: bytes) -> tuple[Listener, bytes]:
    return listener, bytes(len(pcm))


def _subtracted(listener: Listener, first: int, pcm: bytes) -> tuple[Listener, bytes]:
    played = reference(listener.voice, first - REACH, REACH + BLOCK)
    known, left = adapted(listener.filter or unknown(), played, np.frombuffer(pcm, "<i2") / 32768)
    listener = listener._replace(filter=known)
    if known.blocks <= LEARNING:
        return listener, bytes(len(pcm))
    return listener, np.rint(np.clip(left * 32768, -32768, 32767)).astype("<i2").tobytes()
