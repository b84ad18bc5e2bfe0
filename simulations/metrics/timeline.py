"""Read off a trace who spoke when: what the user said, what was heard of the assistant, when the scene changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.trace import NOT_KEPT
from operators.omni_flow.playback.marks import Mark, even_marks
from operators.turns import SPOKEN, Turn, fences, turns
from operators.words import WAVE_HZ, duration
from simulations.metrics.hearing import parts_heard
from simulations.metrics.parts import Part, Timed
from simulations.metrics.spans import Span
from simulations.room.speech import RATE_HZ

UNKNOWN = "[sound]"  # stands for the words of a wave that does not tell them


@dataclass(frozen=True)
class Answer:
    """Hold what was heard of one answer. It goes on from `begin` to `end`; it sounds in its spans."""

    response: int
    begin: int
    end: int
    spans: tuple[Span, ...]
    words: tuple[Timed, ...]
    stopped: bool  # it was cut short
    cause: str


@dataclass(frozen=True)
class Timeline:
    """Hold who spoke when, in ns of the session, each in order of time.

    `told_by` names the edge that tells what the user said: `user` knows it, `listen` is what was heard of it. `cues` are
    when the scene changed, None in a session without pictures.
    """

    session: str
    end: int
    told_by: str
    parts: tuple[Part, ...]
    answers: tuple[Answer, ...]
    cues: tuple[int, ...] | None


class Piece(NamedTuple):
    """Say where samples of an answer, counted from its beginning, lie in the session."""

    first: int
    time: int
    count: int


def timeline(trace: Trace) -> Timeline:
    """Read the timeline off a trace of `simulate` or of `replay`.

    Raises ValueError for one that does not tell who spoke when, naming the edge that is missing, or whose payloads are.
    """
    told_by = _told_by(trace)
    _check_kept(trace, told_by)
    try:
        answers = tuple(_answers(trace))
        parts = tuple(said(trace)) if told_by == "user" else tuple(parts_heard(trace["listen"], [(a.begin, a.end) for a in answers], ended(trace)))
        cues = tuple(event.time for event in trace["look"] if event.data.cut) if "look" in trace.edges else None
    except (AttributeError, TypeError, IndexError, OverflowError) as error:  # a stored trace may hold whatever somebody wrote into it
        words = f"holds on {told_by}, look, play or heard what no session leaves there ({error}); `omniflow replay REC --out DIR` writes another one"
        raise ValueError(f"score: the trace of {trace.session!r} {words}") from error
    return Timeline(trace.session, ended(trace), told_by, parts, answers, cues)


def ended(trace: Trace) -> int:
    """Return when the session ended; of a run that was stopped, its last event."""
    last = max((events[-1].time for events in trace.edges.values() if events), default=0)
    return trace.end if trace.complete else last


def _told_by(trace: Trace) -> str:
    if lost := sorted(SPOKEN - trace.edges.keys()):
        words = f"has no edge {lost[0]!r}, so nobody knows what was heard; score one of `operators.duplex` or another graph that speaks"
        raise ValueError(f"score: the trace of {trace.session!r} {words}")
    for edge in ("user", "listen"):
        if edge in trace.edges:
            return edge
    way = "score a trace of `omniflow simulate`, or one whose graph listens"
    raise ValueError(f"score: the trace of {trace.session!r} has neither an edge 'user' nor 'listen' that tells when the user spoke; {way}")


def _check_kept(trace: Trace, told_by: str) -> None:
    for edge in (told_by, "talker", "look", *sorted(SPOKEN)):
        if any(event.data is NOT_KEPT or event.data is None for event in trace.edges.get(edge, ())):
            raise ValueError(f"score: the trace of {trace.session!r} did not keep {edge!r}; run with keep=None")


# What people said


def said(trace: Trace) -> Iterator[Part]:
    """Yield what people said, the user and who else talks, as far as they came with it."""
    for part, _ in spoken(trace):
        yield part


def spoken(trace: Trace) -> list[tuple[Part, Any]]:
    """List that with its samples, int16 at 16 kHz: in order of time."""
    events = [event for edge in ("user", "talker") for event in trace.edges.get(edge, ())]
    hushed = {(event.data.who, event.data.n): event.time for event in events if not hasattr(event.data, "samples")}
    last = ended(trace)
    found = [_part(of, min(hushed.get((of.who, of.n), last), last)) for of in (event.data for event in events) if hasattr(of, "samples")]
    return sorted((each for each in found if each[0].begin < each[0].end), key=lambda each: (each[0].begin, each[0].who))


def _part(of: Any, until: int) -> tuple[Part, Any]:
    """Cut an utterance off where it was broken off."""
    end = min(of.begin + len(of.samples) * SECOND // RATE_HZ, until)
    words = (Timed(text.strip(), of.begin + begin, min(of.begin + over, end)) for text, begin, over in of.words if of.begin + begin < end)
    return Part(of.kind, of.begin, end, of.text, tuple(words), of.who), of.samples[: max(end - of.begin, 0) * RATE_HZ // SECOND]


# What was heard of the assistant


def sounds(trace: Trace) -> Iterator[tuple[Event[Any], int]]:
    """Yield each wave that began to sound with when it fell silent, in order."""
    silent, last = fences(trace), ended(trace)
    for event in trace["play"]:
        if hasattr(event.data, "samples"):
            until = min(event.time + duration(len(event.data.samples)), silent.get(event.data.response, last), last)
            if event.time < until:
                yield event, until


def _answers(trace: Trace) -> Iterator[Answer]:
    heard: dict[int, list[Span]] = {}
    for event, until in sounds(trace):
        heard.setdefault(event.data.response, []).append((event.time, until))
    waves: dict[int, list[Event[Any]]] = {response: [] for response in heard}
    for event in trace["play"]:
        if hasattr(event.data, "samples") and event.data.response in waves:
            waves[event.data.response].append(event)
    for turn in turns(trace):
        if turn.response in heard:
            yield _answer(turn, heard[turn.response], waves[turn.response])


def _answer(turn: Turn, spans: list[Span], waves: list[Event[Any]]) -> Answer:
    begin, end = spans[0][0], spans[-1][1]
    return Answer(turn.response, begin, end, tuple(spans), tuple(_words(waves, end)), turn.stopped, turn.cause)


def _words(waves: list[Event[Any]], until: int) -> Iterator[Timed]:
    """Yield the words of an answer that began to sound before a time, each cut off there."""
    text, pieces, marks, before = "".join(event.data.text for event in waves), [], [], Mark(0, 0)
    for event in waves:
        of = event.data
        pieces.append(Piece(before.sample, event.time, len(of.samples)))
        after = Mark(before.sample + len(of.samples), before.characters + len(of.text))
        marks += [Mark(*mark) for mark in of.marks] or list(even_marks(of.text, len(of.samples), before)) or [Mark(after.sample, -1)]
        before = after
    last = Mark(0, 0)
    for mark in marks:
        word = UNKNOWN if mark.characters < 0 else text[last.characters : mark.characters].strip()
        begin, end = _begins(pieces, last.sample), _ends(pieces, mark.sample)
        if word and begin < until:
            yield Timed(word, begin, max(begin, min(end, until)))
        last = Mark(mark.sample, max(mark.characters, last.characters))


def _begins(pieces: list[Piece], sample: int) -> int:
    """Return when a sample begins to sound: between two waves that is in the later one."""
    return _at(pieces[max(bisect_right([piece.first for piece in pieces], sample) - 1, 0)], sample)


def _ends(pieces: list[Piece], sample: int) -> int:
    """Return when all samples before one have sounded: between two waves that is in the earlier one."""
    return _at(pieces[max(bisect_left([piece.first for piece in pieces], sample) - 1, 0)], sample)


def _at(piece: Piece, sample: int) -> int:
    return piece.time + min(max(sample - piece.first, 0), piece.count) * SECOND // WAVE_HZ
