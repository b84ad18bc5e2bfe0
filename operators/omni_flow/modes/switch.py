"""Switch a running session between duplex and turn-based mode: what each remembers, what goes, what is told again.

Source: spec 7.5. One set of weights serves both, so nothing here names weights, and a switch moves none. The audio encoder's cache
and the vocoder are shared, so a session is in one mode at a time.

| how | what the mode that is left remembered | what was said and heard, and the last picture |
|---|---|---|
| `reset`, as the reference does | goes | goes |
| `carry` | goes | is kept, and prefilled again: in turn-based mode by `retold`, in duplex by `recalled` |

Who switches in the middle of an answer flushes it: it falls silent at once, and what was never heard of it is not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

from omniflow_graph.events import SECOND
from operators.omni_flow.modes.states import Contents, DuplexState, Inner, Mode, TurnBasedState, some
from operators.omni_flow.turn_based.messages import Image, Message, Role

How = Literal["reset", "carry"]


class Line(NamedTuple):
    """Hold what one side said, as it was heard, and when it began."""

    role: Role
    text: str
    time: int


class Frame(NamedTuple):
    """Hold a picture as it was seen, encoded."""

    time: int
    picture: bytes


@dataclass(frozen=True)
class State:
    """Hold a session that can switch: what its mode remembers, the answer that is given, what was said and heard, the last picture.

    `answer` is the one that is being said or still sounds, 0 if none does. `since`: when the mode began.
    """

    inner: Inner
    since: int = 0
    answer: int = 0
    lines: tuple[Line, ...] = ()
    frame: Frame | None = None

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return self.inner.mode


class Flushed(NamedTuple):
    """Say which answer was cut short by a switch, and why."""

    response: int
    reason: str


class Switched(NamedTuple):
    """Record a switch: when, from where to where, how, what was kept and dropped, and the answer that was cut short."""

    time: int
    was: Mode
    to: Mode
    how: How
    kept: Contents
    dropped: Contents
    flushed: Flushed | None = None


Fresh = Callable[[Mode, How, State], Inner]


def empty(to: Mode, how: How = "reset", state: State | None = None) -> Inner:
    """Begin a mode that remembers nothing."""
    return DuplexState() if to == "duplex" else TurnBasedState()


def begun(mode: Mode) -> State:
    """Begin a session in a mode. Raises ValueError for what is none."""
    return State(empty(checked(mode)))


def checked(mode: Any) -> Mode:
    """Return what names a mode. Raises ValueError for what does not.

    >>> checked("duplex")
    'duplex'
    """
    if mode not in get_args(Mode):
        raise ValueError(f"mode: wants one of {', '.join(get_args(Mode))}, got {mode!r}")
    return mode


def checked_how(how: Any) -> How:
    """Return what names a way to switch. Raises ValueError for what does not."""
    if how not in get_args(How):
        raise ValueError(f"switch: wants one of {', '.join(get_args(How))}, got {how!r}")
    return how


def switch(state: State, to: Mode, how: How, time: int, *, fresh: Fresh = empty) -> tuple[State, Switched]:
    """Switch to a mode at a time. `fresh` begins it; by default it remembers nothing. What it begins with of the old one's is kept.

    Raises ValueError for a mode that the session is in already, for another mode or way, and for a time before the last switch.

    >>> state, switched = switch(begun("duplex"), "turn-based", "reset", 3 * SECOND)
    >>> state.mode, switched.dropped
    ('turn-based', ())
    """
    if checked(to) == state.mode:
        raise ValueError(f"switch at {time / SECOND:.3f} s: wants another mode than {to}, which the session is in; begin a new one to reset it")
    if time < state.since:
        raise ValueError(f"switch at {time / SECOND:.3f} s: wants a time from {state.since / SECOND:.3f} s on, when the mode began")
    checked_how(how)
    flushed = Flushed(state.answer, f"switched to {to}") if state.answer else None
    told = some(lines=len(state.lines), frames=int(state.frame is not None))
    inner = fresh(to, how, state)
    carried = replace(state if how == "carry" else replace(state, lines=(), frame=None), inner=inner, since=time, answer=0)
    kept = (*(each for each in state.inner.contents if each in inner.contents), *(told if how == "carry" else ()))
    dropped = tuple(each for each in (*state.inner.contents, *told) if each not in kept)
    return carried, Switched(time, state.mode, to, how, kept, dropped, flushed)


def retold(lines: Sequence[Line], image: Image | None = None) -> tuple[Message, ...]:
    """Write what is carried as messages, for turn-based mode. The picture comes last, with the user's next turn."""
    picture = (Message("user", (image,)),) if image else ()
    return (*(Message(line.role, line.text) for line in lines), *picture)


def recalled(lines: Sequence[Line]) -> str:
    """Write what is carried as text that goes on with a system prompt, for duplex mode. The picture goes with the first window.

    >>> recalled([Line("user", "Who is there?", 0), Line("assistant", "A cat.", 1)])
    '\\n\\nprevious: user: Who is there?\\nassistant: A cat.'
    """
    return "\n\nprevious: " + "\n".join(f"{line.role}: {line.text}" for line in lines) if lines else ""
