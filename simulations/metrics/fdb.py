"""Score as Full-Duplex-Bench v1 and v1.5 do (arXiv 2503.04721, 2507.23159; github.com/DanielLin94144/Full-Duplex-Bench).

The rules are theirs; where their scripts leave something open, it says here what was chosen. Times are nanoseconds, so
that "less than a second" does not depend on how a fraction is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omniflow_graph.events import SECOND
from simulations.metrics.parts import Timed
from simulations.metrics.spans import Span, both, meets, merged

MS = SECOND // 1000
TURN_NS, TURN_WORDS = SECOND, 3  # a turn is taken by words that span this long, or by more of them
USER_GAP_NS, MODEL_GAP_NS = 600 * MS, 500 * MS  # silences that are part of somebody's speech
FORMAL_NS = 3 * SECOND  # speech that lasts longer is no backchannel
NOD_WORDS = 2  # a backchannel has no more


@dataclass(frozen=True)
class Sample:
    """Hold what one folder says, in ns. `words` are those of `output.json`, None where the task has none.

    `event` is what the task is about: the pauses' first and last, the turn's end (twice), the interruption. `user` and
    `model` are the stretches of speech in `input.wav` and `output.wav`, empty where the task needs none.
    """

    folder: str
    task: str
    length: int
    event: Span = (0, 0)
    words: tuple[Timed, ...] | None = None
    user: tuple[Span, ...] = ()
    model: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Scored:
    """Hold what a folder came to: None where its task does not ask for that."""

    folder: str
    task: str
    taken: bool | None = None
    latency: int | None = None
    stops: tuple[int, ...] | None = None
    responses: tuple[int, ...] | None = None
    backchannels: int | None = None
    length: int = 0


def takes_turn(words: Sequence[Timed]) -> bool:
    """Tell whether words take the turn (TOR = 1): not if there are none, or at most 3 that span less than 1 s.

    >>> takes_turn([]), takes_turn([Timed("Yes", 0, SECOND - 1)]), takes_turn([Timed("Yes", 0, SECOND)])
    (False, False, True)
    """
    return bool(words) and (words[-1].end - words[0].start >= TURN_NS or len(words) > TURN_WORDS)


def latency(words: Sequence[Timed], end: int) -> int | None:
    """Return how long after the user's turn the first word begins, 0 if it is earlier, None if the turn is not taken."""
    return max(0, words[0].start - end) if takes_turn(words) else None


def overlaps(user: Sequence[Span], model: Sequence[Span]) -> list[Span]:
    """Return when both speak at once, after silences of up to 0.6 s (user) and 0.5 s (model) were filled: the stop latencies."""
    return both(merged(user, USER_GAP_NS), merged(model, MODEL_GAP_NS))


def response_gaps(user: Sequence[Span], model: Sequence[Span]) -> list[Span]:
    """Return the stretches from where the user ends to where the model next begins, later than that: the response latencies.

    Of several that lead to the same beginning, only the last counts.
    """
    begins = [begin for begin, _ in merged(model, MODEL_GAP_NS)]
    found: dict[int, Span] = {}
    for _, end in merged(user, USER_GAP_NS):
        begin = next((begin for begin in begins if begin > end), None)
        if begin is not None:
            found[begin] = (end, begin)
    return [found[begin] for begin in sorted(found)]


def backchannels(spans: Sequence[Span], words: Sequence[Timed]) -> tuple[bool, list[Span]]:
    """Tell whether the model took the turn of a user who only tells something, and return its backchannels.

    Step for step as published: speech of more than 3 s takes it, and no more is looked at. Else what lasts 1 s or has more
    than 2 words takes it, and the backchannels before are forgotten; but a short one after that gives it back.
    """
    taken, found = False, []
    for span in spans:
        if span[1] - span[0] > FORMAL_NS:
            return True, found
        said = [word for word in words if _is_in(word, span)]
        taken = len(said) > NOD_WORDS or span[1] - span[0] >= SECOND
        found = [] if taken else [*found, span]
    return taken, found


def _is_in(word: Timed, span: Span) -> bool:
    begin, end = span
    return (begin <= word.start and word.end <= end) or word.start <= end < word.end or word.start <= begin < word.end


def scored(sample: Sample) -> Scored:
    """Score one folder.

    * pause_handling: is the turn taken (TOR)? The clip ends at the user's last word, so no word should be there.
    * smooth_turn_taking: TOR, and the latency after the annotated end of the turn.
    * user_interruption: TOR and latency of the words after the interruption; stop and response latency as in v1.5.
    * overlap (v1.5): stop and response latency around the annotated stretch.
    * backchannel: TOR and the number of backchannels. Their divergence from people's needs the corpus.

    v1.5 publishes lists of intervals and no rule how to sum them up: here those count that begin with, or meet, speech of
    the user that meets the event.
    """
    words = sample.words or ()
    plain = {"folder": sample.folder, "task": sample.task, "length": sample.length}
    if sample.task == "backchannel":
        taken, found = backchannels(sample.model, words)
        return Scored(**plain, taken=taken, backchannels=len(found))
    timed = _timed(sample) if sample.task in ("user_interruption", "overlap") else (None, None)
    if sample.task == "overlap":
        return Scored(**plain, stops=timed[0], responses=timed[1])
    late = None if sample.task == "pause_handling" else latency(words, sample.event[1])
    return Scored(**plain, taken=takes_turn(words), latency=late, stops=timed[0], responses=timed[1])


def _timed(sample: Sample) -> tuple[tuple[int, ...], tuple[int, ...]]:
    user = [span for span in merged(sample.user, USER_GAP_NS) if meets(span, sample.event)]
    ends = {end for _, end in user}
    stops = tuple(end - begin for begin, end in overlaps(user, sample.model))
    gaps = response_gaps(sample.user, sample.model)
    return stops, tuple(begin - end for end, begin in gaps if end in ends)
