"""Tell what the user said from what was heard of it, where nobody knows better: on the edge `listen` of a replayed recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from omniflow_graph import Event
from operators.senses.ears import ON
from simulations.metrics.parts import Part
from simulations.metrics.spans import Span

SHORT_NS = 700_000_000  # of speech over an answer: less is a short acknowledgement, as in the pipeline


def parts_heard(listen: Iterable[Event[Any]], answers: Sequence[Span], until: int) -> list[Part]:
    """Return the stretches of speech that were heard, in order; silence of less than 500 ms within one is part of it.

    The kind is told by what goes on: what begins while an answer goes on is an "interrupt", or a "mhm" if it is shorter
    than 700 ms; all else is "say". Times are as exact as the frames of sound, or the detector's 32 ms.
    """
    found = []
    for begin, end in _stretches(listen, until):
        over = any(a < begin < b for a, b in answers)
        kind = "say" if not over else "mhm" if end - begin < SHORT_NS else "interrupt"
        found.append(Part(kind, begin, min(end, until)))
    return found


def _stretches(listen: Iterable[Event[Any]], until: int) -> Iterator[Span]:
    """Yield when each utterance's first and last frame of speech sounded; a frame's length is what it adds to the speech."""
    since = last = spoken = 0  # speech in a row since; the end of the last of it; how much of this utterance was counted
    run = talking = False
    for event in listen:
        of = event.data
        if talking and not of.talking:
            yield since, last
        speech = of.spoken_ns > spoken if talking and of.talking else of.permille >= ON
        if speech and not talking and not run:
            since = event.time
        if of.talking and speech:
            last = since + of.spoken_ns if not talking else event.time + of.spoken_ns - spoken
        run, talking, spoken = speech, of.talking, of.spoken_ns
    if talking:
        yield since, last
