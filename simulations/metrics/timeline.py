"""Read off a trace who spoke when: what the user said, what was heard of the assistant, when the scene changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.trace import NOT_KEPT
from operators.sounding import Sounding, by_answer, sounds, words_of_answer
from operators.turns import SPOKEN, Turn, turns
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


def sounded(trace: Trace) -> list[Sounding]:
    """List each wave that sounded, up to when the session ended."""
    last = ended(trace)
    cut = [each._replace(end=min(each.end, last)) for each in sounds(trace)]
    return [each for each in cut if each.start < each.end]


def _answers(trace: Trace) -> Iterator[Answer]:
    waves, heard = by_answer(sounds(trace)), by_answer(sounded(trace))
    for turn in turns(trace):
        if turn.response in heard:
            spans = [(each.start, each.end) for each in heard[turn.response]]
            yield _answer(turn, spans, [each.event for each in waves[turn.response]])


def _answer(turn: Turn, spans: list[Span], waves: list[Event[Any]]) -> Answer:
    begin, end = spans[0][0], spans[-1][1]
    return Answer(turn.response, begin, end, tuple(spans), tuple(_words(waves, end)), turn.stopped, turn.cause)


def _words(waves: list[Event[Any]], until: int) -> Iterator[Timed]:
    """Yield the words of an answer that began to sound before a time, each cut off there."""
    for word in words_of_answer(waves):
        if word.start < until:
            yield Timed(word.text.strip() or UNKNOWN, word.start, max(word.start, min(word.end, until)))
