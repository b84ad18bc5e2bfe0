"""Cut what the user said into turns, and find what the assistant did about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniflow_graph.events import SECOND
from simulations.metrics.parts import Part, Timed
from simulations.metrics.spans import Span
from simulations.metrics.timeline import Answer, Timeline

PAUSE_NS = 2 * SECOND  # the longest silence after which the user goes on with the same turn


@dataclass(frozen=True)
class Turn:
    """Hold one turn of the user: what they said, with pauses in between, until they take another one at `next`.

    `since` is when the part of it begins that is answered: its last one; its first one, if it began over an answer.
    `over` says that an answer was going on then.
    """

    parts: tuple[Part, ...]
    next: int
    since: int
    over: bool

    @property
    def begin(self) -> int:
        """Return when its first word begins."""
        return self.parts[0].begin

    @property
    def end(self) -> int:
        """Return when its last word ends."""
        return self.parts[-1].end

    @property
    def pauses(self) -> list[Span]:
        """Return the silences within it."""
        return [(a.end, b.begin) for a, b in zip(self.parts, self.parts[1:])]

    @property
    def text(self) -> str:
        """Return its words."""
        return " ".join(part.text for part in self.parts if part.text)


def turns_of(line: Timeline, pause: int = PAUSE_NS) -> list[Turn]:
    """Return the user's turns in order: what they say that wants the floor.

    What they "say" within `pause` of what they said before belongs to the same turn, unless an answer that began
    meanwhile has ended by itself: then it was answered, and this is another turn. So are interruptions and repetitions.
    """
    groups: list[list[Part]] = []
    for part in (part for part in line.parts if part.floor):
        if groups and _goes_on(groups[-1][-1], part, line.answers, pause):
            groups[-1].append(part)
        else:
            groups.append([part])
    nexts = [*(group[0].begin for group in groups[1:]), line.end]
    return [_turn(tuple(group), next_, line.answers) for group, next_ in zip(groups, nexts)]


def going_on(answers: Sequence[Answer], time: int) -> Answer | None:
    """Return the answer that has begun before a time and ends after it, also if it is silent just then."""
    return next((answer for answer in answers if answer.begin < time < answer.end), None)


def reply(turn: Turn, answers: Sequence[Answer]) -> list[Timed]:
    """Return the words that a turn is answered with: of answers that begin from `since` on, before the user's next turn.

    If the turn began over an answer, only words after its end count.
    """
    words = between(answers, turn.since, turn.next)
    return [word for word in words if word.start >= turn.end] if turn.over else words


def between(answers: Sequence[Answer], begin: int, end: int) -> list[Timed]:
    """Return the words of answers that begin in [begin, end), as far as they were heard by then."""
    words = (word for answer in answers if begin <= answer.begin < end for word in answer.words if word.start < end)
    return sorted((word._replace(end=min(word.end, end)) for word in words), key=lambda word: word.start)


def _goes_on(before: Part, part: Part, answers: Sequence[Answer], pause: int) -> bool:
    answered = any(before.begin <= answer.begin and answer.end <= part.begin and not answer.stopped for answer in answers)
    return part.kind == "say" and part.begin - before.end <= pause and not answered


def _turn(parts: tuple[Part, ...], next_: int, answers: Sequence[Answer]) -> Turn:
    first, last = parts[0].begin, parts[-1].begin
    since = first if going_on(answers, first) else last
    return Turn(parts, next_, since, going_on(answers, since) is not None)
