"""Say what becomes of the assistant's answer when the user speaks over it: it goes on, or it stops.

| policy | the assistant stops | a short acknowledgement |
|---|---|---|
| `listen-only` | never | |
| `on-speech` | at any speech over it | |
| `duration(short_ack=700,barge_in=1200,accumulated=true)` | at 1,200 ms of speech over it | less than 700 ms |

* **Over an answer** is what the user says from when the answer is first to be heard until it no longer is. Of an utterance that began
  before, only the rest is over it.
* An utterance that was over an answer and ends with less than `short_ack` of speech in all ("mhm") is a **short acknowledgement**. It is
  forgotten: it counts neither now nor later. It is one also if the answer is over by the time it ends.
* **What counts** is the speech over one answer: of the running utterance from its first moment, however short it may turn out; of
  those that ended, if `accumulated`, where they were no short acknowledgements. Once that reaches `barge_in`, the assistant stops.
* Each utterance that was over an answer comes to one choice, when it is sure: `stop` as soon as enough was said, else at its end
  `acknowledge` or `continue`, about the last answer that it was over. Once an answer is stopped, nothing more is
  chosen until another one, or silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, Protocol

MS = 1_000_000
MOST_MS = 3_600_000


@dataclass(frozen=True)
class ListenOnly:
    """Never stop."""


@dataclass(frozen=True)
class OnSpeech:
    """Stop at any speech."""


@dataclass(frozen=True)
class Duration:
    """Stop when `barge_in` ns have been said over an answer, added up over its utterances if `accumulated`. Raises ValueError."""

    short_ack: int = 700 * MS
    barge_in: int = 1_200 * MS
    accumulated: bool = True

    def __post_init__(self) -> None:
        """Check what was given."""
        if not (0 <= self.short_ack <= self.barge_in and self.barge_in > 0):
            got = f"{self.short_ack / MS:g} and {self.barge_in / MS:g} ms"
            raise ValueError(f"overlap: wants 0 <= short_ack <= barge_in, and a barge_in above 0, got {got}")


OverlapPolicy = ListenOnly | OnSpeech | Duration


class Speech(Protocol):
    """Say what is heard of the user at a time, as `operators.senses.ears.Hearing` does."""

    @property
    def talking(self) -> bool:
        """Tell whether an utterance is going on."""
        ...

    @property
    def utterance(self) -> int:
        """Number it, or the last one; from 1, 0 before the first."""
        ...

    @property
    def spoken_ns(self) -> int:
        """Return how much speech it holds so far."""
        ...

    @property
    def ended(self) -> bool:
        """Tell whether it has just ended."""
        ...


class Choice(NamedTuple):
    """Say what the assistant does about an utterance over its answer, and why. `over_ns` is the speech that counts."""

    choice: Literal["continue", "acknowledge", "stop"]
    reason: str
    response: int
    utterance: int
    spoken_ns: int
    over_ns: int


@dataclass(frozen=True)
class Overlapping:
    """Remember which answer is to be heard and what was said over it: by utterances that ended (`kept`), and by the last one.

    `spoken` is its speech so far, `before` what of it does not count any more or never did; `over` is the answer that it awaits its
    choice about, 0 for none, and `over_ns` what it has said over that.
    """

    response: int = 0
    stopped: bool = False
    kept: int = 0
    utterance: int = 0
    spoken: int = 0
    before: int = 0
    over: int = 0
    over_ns: int = 0


def step(state: Overlapping, policy: OverlapPolicy, speech: Speech, audible: int) -> tuple[Overlapping, list[Choice]]:
    """Take in what is heard of the user, and choose. `audible` is the answer that is to be heard, 0 if none.

    True stands for answers that are never heard one straight after another. Where there is nothing new the state is the same object.

    >>> from operators.senses.ears import Hearing
    >>> state, _ = step(Overlapping(), Duration(), Hearing(900, True, 2, 400_000_000, False), audible=1)
    >>> _, (choice,) = step(state, Duration(), Hearing(0, False, 2, 400_000_000, True), audible=1)
    >>> choice.choice, choice.reason
    ('acknowledge', 'utterance 2 ended after 400 ms, less than 700 ms: a short acknowledgement')
    """
    if not (speech.talking or speech.ended) and (speech.utterance, speech.spoken_ns, audible) == (state.utterance, state.spoken, state.response):
        return state, []  # most of what is heard is silence, and nothing new
    choices: list[Choice] = []
    if speech.utterance != state.utterance:
        state, choices = _ended(state, policy)  # one whose end was not heard of
        state = replace(state, utterance=speech.utterance, spoken=0, before=0)
    if audible != state.response:
        state = replace(state, response=int(audible), stopped=False, kept=0, before=state.spoken)
    over_ns = speech.spoken_ns - state.before
    over = (speech.talking or speech.ended) and state.response and not state.stopped and over_ns > 0
    if not over:
        state = state if speech.spoken_ns == state.spoken else replace(state, spoken=speech.spoken_ns)
    else:
        state = replace(state, spoken=speech.spoken_ns, over=state.response, over_ns=over_ns)
        if choice := _stop(state, policy):
            return replace(state, stopped=True, over=0, over_ns=0), [*choices, choice]
    if speech.ended:
        state, last = _ended(state, policy)
        choices += last
    return state, choices


def parse_policy(text: str) -> OverlapPolicy:
    """Read a policy as it is typed; times in ms. Raises ValueError that names what is wrong.

    >>> parse_policy("duration(barge_in=1000)")
    Duration(short_ack=700000000, barge_in=1000000000, accumulated=True)
    """
    found = re.fullmatch(r"\s*(listen-only|on-speech|duration)\s*(?:\((.*)\))?\s*", text)
    if not found:
        raise ValueError(f"overlap: wants listen-only, on-speech or duration(short_ack=700,barge_in=1200,accumulated=true), got {text!r}")
    name, inside = found[1], (found[2] or "").strip()
    if name == "duration":
        return Duration(**_options(inside))
    if inside:
        raise ValueError(f"overlap: {name} has no options, got {inside!r}")
    return ListenOnly() if name == "listen-only" else OnSpeech()


def _limits(policy: OverlapPolicy) -> tuple[int, int | None, bool]:
    """Return below what an utterance is forgotten, what stops the assistant, and whether utterances add up."""
    if isinstance(policy, Duration):
        return policy.short_ack, policy.barge_in, policy.accumulated
    return 0, 1 if isinstance(policy, OnSpeech) else None, False


def _stop(state: Overlapping, policy: OverlapPolicy) -> Choice | None:
    _, barge_in, accumulated = _limits(policy)
    total = state.over_ns + (state.kept if accumulated else 0)
    if barge_in is None or total < barge_in:
        return None
    limit = "any speech stops it" if isinstance(policy, OnSpeech) else f"{_ms(barge_in)} stop it"
    return _choice(state, "stop", f"{_said(state, total)}; {limit}", total)


def _ended(state: Overlapping, policy: OverlapPolicy) -> tuple[Overlapping, list[Choice]]:
    """Choose about an utterance at its end, if that is still to be done."""
    if not state.over:
        return state, []
    short_ack, barge_in, accumulated = _limits(policy)
    if state.spoken < short_ack:
        reason = f"utterance {state.utterance} ended after {_ms(state.spoken)}, less than {_ms(short_ack)}: a short acknowledgement"
        return replace(state, before=state.spoken, over=0, over_ns=0), [_choice(state, "acknowledge", reason, 0)]
    total = state.over_ns + (state.kept if accumulated else 0)
    limit = "listen-only never stops" if barge_in is None else f"{_ms(barge_in)} stop it"
    choice = _choice(state, "continue", f"{_said(state, total)}; {limit}", total)
    counts = state.over_ns if state.over == state.response else 0
    return replace(state, kept=state.kept + counts, before=state.spoken, over=0, over_ns=0), [choice]


def _choice(state: Overlapping, choice: Literal["continue", "acknowledge", "stop"], reason: str, over_ns: int) -> Choice:
    return Choice(choice, reason, state.over, state.utterance, state.spoken, over_ns)


def _said(state: Overlapping, total: int) -> str:
    by = f" ({_ms(state.over_ns)} by utterance {state.utterance})" if total != state.over_ns else f" by utterance {state.utterance}"
    return f"{_ms(total)} said over answer {state.over}{by}"


def _ms(ns: int) -> str:
    return f"{ns / MS:g} ms"


def _options(inside: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for option in inside.split(",") if inside else ():
        name, _, value = (part.strip() for part in option.partition("="))
        if name not in ("short_ack", "barge_in", "accumulated"):
            raise ValueError(f"overlap: duration wants short_ack=, barge_in= or accumulated=, got {option.strip()!r}")
        if name in options:
            raise ValueError(f"overlap: duration wants {name} once, got it twice")
        options[name] = _flag(value) if name == "accumulated" else _time(name, value)
    return options


def _time(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST_MS)) and int(value) <= MOST_MS):
        raise ValueError(f"overlap: {name}: wants whole milliseconds, 0 to {MOST_MS}, got {value!r}")
    return int(value) * MS


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f"overlap: accumulated: wants true or false, got {value!r}")
    return value == "true"
