"""Follow the sound of one answer: what was sent of it, what was acknowledged, what can have been heard by a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from omniflow_graph.events import SECOND
from operators.omni_flow.playback.marks import Mark
from operators.words import WAVE_HZ, duration

FRAME_NS = 20_000_000  # after a fence a player only finishes the frame that it has given to its device


class Stretch(NamedTuple):
    """Hold sound without a gap: `samples` of an answer from `begin` on, after `before` others."""

    begin: int
    before: int
    samples: int


@dataclass(frozen=True)
class Sounding:
    """Hold one answer. All that it learns from acknowledgements are maxima, so neither their order nor how often they come can show.

    `whole`: its last wave was sent. `most` and `reported`: the most samples and the latest time that were acknowledged; `sure`:
    both, of what was acknowledged for a time up to the fence. `final`: that no more is heard. `fence`: when it was flushed.
    """

    response: int
    epoch: int
    stretches: tuple[Stretch, ...] = ()
    samples: int = 0
    text: str = ""
    marks: tuple[Mark, ...] = ()
    whole: bool = False
    most: int = 0
    sure: tuple[int, int] = (0, -1)
    reported: int = -1
    final: bool = False
    fence: int | None = None


def ends(stretch: Stretch) -> int:
    """Return when a stretch has sounded, if nobody disturbs."""
    return stretch.begin + duration(stretch.samples)


def lengthened(answer: Sounding, samples: int, begin: int) -> Sounding:
    """Let so many samples more sound from `begin` on, which is no earlier than the others end."""
    stretches, new = answer.stretches, Stretch(begin, answer.samples, samples)
    if stretches and begin == ends(stretches[-1]):
        stretches, new = stretches[:-1], stretches[-1]._replace(samples=stretches[-1].samples + samples)
    return replace(answer, stretches=(*stretches, new), samples=answer.samples + samples)


def told(answer: Sounding, played: int, time: int, *, final: bool) -> Sounding:
    """Take down that so many samples had been heard by a time; `played` is no more than was sent."""
    by_then = answer.fence is None or time <= answer.fence
    sure = (max(answer.sure[0], played), max(answer.sure[1], time)) if by_then else answer.sure
    return replace(answer, most=max(answer.most, played), sure=sure, reported=max(answer.reported, time), final=answer.final or final)


def known(answer: Sounding) -> int:
    """Return how many samples were heard, as far as was acknowledged; of a fenced answer no more than can have been."""
    return answer.most if answer.fence is None else min(answer.most, limit(answer, answer.fence))


def limit(answer: Sounding, fence: int) -> int:
    """Return how many samples can have been heard of an answer that was flushed then: a frame more than by then."""
    return reach(answer, fence + FRAME_NS)


def reach(answer: Sounding, time: int) -> int:
    """Return how many samples can have been heard by a time: as scheduled, and no more than sound in the time since the last word."""
    scheduled = max((each.before + min(each.samples, _samples(time - each.begin)) for each in answer.stretches if each.begin <= time), default=0)
    played, since = answer.sure
    return scheduled if since < 0 else max(played, min(scheduled, played + _samples(time - since)))


def due(answer: Sounding, played: int) -> int | None:
    """Return when the next sample should sound once so many have, if nobody disturbs; None if there is none."""
    for each in answer.stretches:
        if played < each.before + each.samples:
            return each.begin + duration(max(0, played - each.before))
    return None


def _samples(ns: int) -> int:
    return ns * WAVE_HZ // SECOND
