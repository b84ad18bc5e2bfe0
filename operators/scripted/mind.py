"""What a scripted model remembers from window to window: whose turn it is, what is due, what was said and heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from operators.omni_flow.interleaving.admission import Admit, FixedRatio, Progress, TimeAligned, text_first
from operators.omni_flow.playback.ledger import Ledger, Notice
from operators.omni_flow.playback.overlap import Choice, Duration, Overlapping, OverlapPolicy, parse_policy


class Pace(Protocol):
    """Tell how a voice says a line."""

    @property
    def delay(self) -> int:
        """Return how long after a window's end its sound begins, in ns."""
        ...

    def __call__(self, line: str) -> tuple[int, ...]:
        """Return how long each word takes, in ns."""
        ...

    def samples(self, line: str, characters: int) -> int:
        """Return how many samples the first so many characters take."""
        ...


LOOK_AHEAD_NS = 300_000_000  # how far a word may begin after what its window should fill, and still be given in it
INTERLEAVINGS: dict[str, Admit] = {"tail": TimeAligned(LOOK_AHEAD_NS), "text-first": text_first}
INTERLEAVINGS |= {f"fixed-ratio-{rate}": FixedRatio(rate) for rate in (3, 4, 5)}  # words a second


@dataclass(frozen=True)
class Manners:
    """Say how a model converses: how many words a window gets, who may talk over it, how long it listens first."""

    admit: Admit = INTERLEAVINGS["tail"]
    overlap: OverlapPolicy = Duration()
    force_listen: int = 0  # windows


def manners(interleave: str, overlap: str, force_listen: int) -> Manners:
    """Read manners as they are typed. Raises ValueError that names what is wrong.

    >>> manners("text-first", "listen-only", 3).overlap
    ListenOnly()
    """
    if interleave not in INTERLEAVINGS:
        raise ValueError(f"interleave: wants one of {', '.join(INTERLEAVINGS)}, got {interleave!r}")
    if type(force_listen) is not int or force_listen < 0:
        raise ValueError(f"force_listen: wants a number of windows, 0 or more, got {force_listen!r}")
    return Manners(INTERLEAVINGS[interleave], parse_policy(str(overlap)), force_listen)


@dataclass(frozen=True)
class Listening:
    """Nothing is being said. `unheard` is the answer that still sounds, 0 if all is quiet."""

    unheard: int = 0


@dataclass(frozen=True)
class Speaking:
    """A line is being said, a few words in each window: as many as will be heard soon."""

    response: int
    line: str
    words: tuple[str, ...]  # that have not been given yet,
    durations: tuple[int, ...]  # how long each of them takes to say, in ns,
    begin: int  # and where in the line they begin
    part: int  # of the next words
    first: int  # window of the answer
    progress: Progress


@dataclass(frozen=True)
class Due:
    """A line waits for its turn."""

    text: str
    cause: str


@dataclass(frozen=True)
class Mind:
    """Remember what decides. `choices` and `notices` are what came about since the last decision, which tells of them."""

    turn: Listening | Speaking = Listening()
    due: tuple[Due, ...] = ()
    responses: int = 0
    speeches: int = 0  # utterances that ended and were no short acknowledgement
    talking: bool = False
    overlapping: Overlapping = Overlapping()
    ledger: Ledger = Ledger()
    choices: tuple[Choice, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def audible(self) -> int:
        """Return the answer that is being said or still sounds, 0 if there is none."""
        return self.turn.response if isinstance(self.turn, Speaking) else self.turn.unheard
