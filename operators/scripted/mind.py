"""What a scripted model remembers from window to window: whose turn it is, what is due, what was said and heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, get_args

from operators.omni_flow.context.sliding import Context, Keeps, Mode, Policy, begin_context
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


BASIC = Policy()


@dataclass(frozen=True)
class Manners:
    """Say how a model converses: how many words a window gets, who may talk over it, how long it listens first, what it remembers."""

    admit: Admit = INTERLEAVINGS["tail"]
    overlap: OverlapPolicy = Duration()
    force_listen: int = 0  # windows
    memory: Policy = BASIC


def manners(interleave: str, overlap: str, force_listen: int, context: str = "as-generated", sliding: str = "basic") -> Manners:
    """Read manners as they are typed. Raises ValueError that names what is wrong.

    >>> manners("text-first", "listen-only", 3).overlap
    ListenOnly()
    """
    if interleave not in INTERLEAVINGS:
        raise ValueError(f"interleave: wants one of {', '.join(INTERLEAVINGS)}, got {interleave!r}")
    if type(force_listen) is not int or force_listen < 0:
        raise ValueError(f"force_listen: wants a number of windows, 0 or more, got {force_listen!r}")
    memory = Policy(_one_of("sliding", sliding, Mode), _one_of("context", context, Keeps))
    return Manners(INTERLEAVINGS[interleave], parse_policy(str(overlap)), force_listen, memory)


def _one_of(name: str, given: str, choices: Any) -> Any:
    if given not in get_args(choices):
        raise ValueError(f"{name}: wants one of {', '.join(get_args(choices))}, got {given!r}")
    return given


@dataclass(frozen=True)
class Listening:
    """Nothing is being said. `unheard` is the answer that still sounds, 0 if all is quiet, and `begins` when that begins."""

    unheard: int = 0
    begins: int = 0


@dataclass(frozen=True)
class Speaking:
    """A line is being said, a few words in each window: as many as will be heard soon."""

    response: int
    line: str
    words: tuple[str, ...]  # that have not been given yet,
    durations: tuple[int, ...]  # how long each of them takes to say, in ns,
    begin: int  # and where in the line they begin
    part: int  # of the next words
    progress: Progress


@dataclass(frozen=True)
class Due:
    """A line waits for its turn."""

    text: str
    cause: str


NOTHING = begin_context(BASIC, prefix=0)  # there is no prompt


@dataclass(frozen=True)
class Mind:
    """Remember what decides. `choices` and `notices` are what came about since the last decision, which tells of them.

    `context` is what a model with a cache would have in it, `open` the answers in it of which more may be heard.
    """

    turn: Listening | Speaking = Listening()
    due: tuple[Due, ...] = ()
    responses: int = 0
    speeches: int = 0  # utterances that ended and were no short acknowledgement
    talking: bool = False
    overlapping: Overlapping = Overlapping()
    ledger: Ledger = Ledger()
    choices: tuple[Choice, ...] = ()
    notices: tuple[Notice, ...] = ()
    context: Context = NOTHING
    open: tuple[int, ...] = ()

    @property
    def audible(self) -> int:
        """Return the answer that is being said or still sounds, 0 if there is none."""
        return self.turn.response if isinstance(self.turn, Speaking) else self.turn.unheard

    def over(self, time: int) -> int:
        """Return the answer that who speaks at a time speaks over: one that has begun to sound, as scheduled. 0 if there is none."""
        turn = self.turn
        if isinstance(turn, Speaking):
            return turn.response if time >= turn.progress.begins else 0
        return turn.unheard if time >= turn.begins else 0
