"""One window's answer, token by token, as pure steps: what is fed, what is refused, how the window is closed.

Source: spec 5.4, generate 1-4 and finalize, without the mistakes of its reference; `generating` has the table of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from omniflow_graph.events import made
from operators.omni_flow.deciding.outcome import BOTH, Ends, Force, Part, Reason
from operators.omni_flow.tokens.groups import Form
from operators.omni_flow.tokens.vocabulary import (
    CHUNK_EOS,
    CHUNK_TTS_EOS,
    LISTEN,
    PLACEHOLDER,
    SPEAK,
    SPECIAL_FROM,
    TTS_BOS,
    TTS_PAD,
    TURN_EOS,
    UNIT_END,
)

TextOf = Callable[[tuple[int, ...]], str]  # decodes ids, special tokens skipped
TERMINATORS: dict[int, Reason] = {LISTEN: "listen", CHUNK_EOS: "chunk_eos", CHUNK_TTS_EOS: "chunk_tts_eos"}
REFERENCE_CAP = 20


@dataclass(frozen=True)
class Generating:
    """Say how a window is answered. The defaults are those of the published model; its server forces the first 3 windows to listen.

    `cap` counts steps, with the one that closes a window between marks: 20 are a control token and 18 of content. `characters`:
    text that would reach so many is left for the next window. `listen_in_turn`: a listen inside a turn is content, `<|tts_bos|>`,
    and the turn goes on ("continue", as the published checkpoint learned it), or stops the turn ("stop"). Raises ValueError.
    """

    form: Form = field(default_factory=Form)
    cap: int = REFERENCE_CAP
    characters: int = 28
    force_listen: int = 0
    listen_in_turn: Literal["continue", "stop"] = "continue"
    reference_compatible: bool = False

    def __post_init__(self) -> None:
        """Check what was given."""
        if self.listen_in_turn not in ("continue", "stop"):
            raise ValueError(f"generating: wants listen_in_turn continue or stop, got {self.listen_in_turn!r}")
        if self.cap < 3:
            raise ValueError(f"generating: wants a cap of 3 or more, got {self.cap}; a control token, a word and what closes the window are 3")
        if self.characters < 1 or self.force_listen < 0:
            raise ValueError(f"generating: wants characters 1 or more and force_listen 0 or more, got {self.characters} and {self.force_listen}")
        if self.reference_compatible and (self.form.control, self.listen_in_turn) != ("LS", "continue"):
            raise ValueError(
                f"generating: reference_compatible wants control LS and listen_in_turn continue, got {self.form.control} and {self.listen_in_turn}; "
                "the reference has nothing else"
            )


@dataclass(frozen=True)
class Talk:
    """Remember between windows how many were answered, whether a turn goes on, and whether the session was stopped."""

    windows: int = 0
    in_turn: bool = False
    stopped: bool = False


class Answering(NamedTuple):
    """Hold a window that is being answered: what was fed so far, and from where on it is content. `left` tokens may still be chosen."""

    k: int
    forced: Force | None
    was_in_turn: bool
    in_turn: bool
    left: int
    fed: tuple[int, ...] = ()
    start: int = 0


class Fed(NamedTuple):
    """Feed these tokens, then choose the next one."""

    tokens: tuple[int, ...]


class Stop(NamedTuple):
    """Close the window with this terminator. `refused`: the token that was chosen is not fed."""

    terminator: int
    reason: Reason
    refused: bool = False


class Closed(NamedTuple):
    """Hold a window's whole output part. What was said are the tokens `[start, end)`."""

    fed: tuple[int, ...]
    choice: Literal["listen", "speak"]
    start: int
    end: int
    in_turn: bool
    ends: Ends | None = None
    restarts: tuple[Part, ...] = ()


CAP = Stop(CHUNK_EOS, "cap")
PAD = Stop(CHUNK_EOS, "pad")  # written where the window is closed
DRAIN = Ends("drain", "turn_eos")


def begin(talk: Talk, settings: Generating, *, k: int, forced: Force | None = None) -> Answering:
    """Begin a window. `forced` makes it listen, and so does one of the first `force_listen`; a turn that goes on is ended by that."""
    by = forced or ("force_listen" if talk.windows < settings.force_listen else None)
    cap = REFERENCE_CAP if settings.reference_compatible else settings.cap  # Q3
    left = cap - settings.form.explicit
    if talk.in_turn and (forced if settings.reference_compatible else by):
        return Answering(k, by, True, False, left, (TURN_EOS,), 1)
    return Answering(k, by, talk.in_turn, talk.in_turn, left)


def step(now: Answering, token: int, settings: Generating, text_of: TextOf) -> tuple[Answering, Fed | Stop]:
    """Take the token that was chosen: feed it, or close the window. `text_of` is asked once there is text to be measured."""
    k, forced, was_in_turn, in_turn, left, fed, start = now
    if token == LISTEN and in_turn and settings.listen_in_turn == "continue":
        token = TTS_BOS
    if token in TERMINATORS:
        return now, Stop(token, TERMINATORS[token])
    if not fed:
        more, start, refused = _first(token, in_turn, settings)
    else:
        more, refused = (token,), _refusal(now, token, settings, text_of)
    if refused is not None:
        return now, refused
    return made(Answering, (k, forced, was_in_turn, token != TURN_EOS, left - 1, fed + more, start)), made(Fed, (more,))


def _first(token: int, in_turn: bool, settings: Generating) -> tuple[tuple[int, ...], int, Stop | None]:
    """Return what the first token of a window feeds, from where on that is content, and why it does not."""
    speaks = settings.form.control == "LS"
    if token < SPECIAL_FROM and token != PLACEHOLDER:
        return ((SPEAK, token), 1, None) if speaks else ((token,), 0, None)  # Q8
    if token == SPEAK and speaks:
        return (SPEAK,), 1, None
    if in_turn and token == TTS_BOS:
        return (TTS_BOS,), int(speaks), None
    if in_turn and token == TTS_PAD and settings.form.pads and not speaks:
        return (), 0, PAD
    if in_turn and token == TURN_EOS:
        if not speaks:
            return (TURN_EOS,), 0, None
        if settings.listen_in_turn == "continue":
            return (SPEAK, TURN_EOS), 1, None
        return (), 0, Stop(LISTEN, "listen")  # this is how a turn that is stopped is closed; the listen after it is written for it
    return (), 0, Stop(CHUNK_EOS, "stray", True)


def _refusal(now: Answering, token: int, settings: Generating, text_of: TextOf) -> Stop | None:
    """Return why a later token is not fed; None if it is."""
    fed, start = now.fed, now.start
    if not now.in_turn:
        return Stop(CHUNK_EOS, "after_turn", True)
    if token == TTS_PAD and settings.form.pads and len(fed) == start:
        return PAD
    if token < SPECIAL_FROM and token != PLACEHOLDER:
        if len(fed) > start and len(text_of((*fed[start:], token))) >= settings.characters:
            return Stop(CHUNK_EOS, "characters", True)
    elif token not in (TURN_EOS, TTS_BOS):
        return Stop(CHUNK_EOS, "stray", True)
    return None


def close(now: Answering, stop: Stop, settings: Generating) -> Closed:
    """Close a window: write its answer so that it can be read back, and say how its turn's sound stops.

    Between marks `<|chunk_eos|>` closes what was said, or the terminator that was chosen; without, nothing does.
    """
    form, fed, in_turn = settings.form, now.fed, now.in_turn
    speaks, listens, end = form.control == "LS", stop.terminator == LISTEN, len(fed)
    tail = (UNIT_END,) if form.explicit else ()
    closing = (CHUNK_EOS if listens else stop.terminator,) if form.explicit else ()
    if now.forced:
        ends = Ends("flush", now.forced) if now.was_in_turn else None
        return Closed((*fed, LISTEN, *tail), "listen", end, end, False, ends, BOTH if ends else ())
    if listens and settings.listen_in_turn == "stop" and (in_turn or fed == (TURN_EOS,)):
        cut = fed if fed == (TURN_EOS,) else (*fed, TURN_EOS)
        closing = (LISTEN,) if speaks or cut == (TURN_EOS,) else closing
        return Closed((*cut, *closing, *tail), "listen", now.start, end, False, Ends("flush", "listen"), BOTH)
    if not fed and not in_turn:
        return Closed((LISTEN, *tail), "listen", 0, 0, False)
    if fed and not in_turn:
        closing = (LISTEN,) if listens and speaks else closing  # Q4
        return Closed((*fed, *closing, *tail), "speak", now.start, end, False, DRAIN, BOTH)
    opening = (SPEAK,) if speaks and not fed else ()
    pad = (TTS_PAD,) if form.pads and end == now.start else ()
    start = now.start if end > now.start else end + len(opening) + len(pad)
    return Closed((*opening, *fed, *pad, *closing, *tail), "speak", start, max(start, end), True)
