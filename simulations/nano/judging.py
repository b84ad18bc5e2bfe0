"""Judge what an assistant did in a session of nano's world, window by window, against what is right.

Two turns meet if the assistant's begins from a second before the right one to two seconds after it; each meets one at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from simulations.nano.oracle import Turn
from simulations.nano.sessions import Session

EARLY, LATE = SECOND, 2 * SECOND


class Said(NamedTuple):
    """Hold a turn that the assistant took: its words by window, when it was decided, and when it began to sound, if it did."""

    words: Mapping[int, tuple[str, ...]]
    last: bool  # it was said to its end
    decided: int | None = None  # ns
    sounded: int | None = None

    @property
    def window(self) -> int:
        """Return the window in which it begins."""
        return min(self.words)

    @property
    def text(self) -> str:
        """Return all its words."""
        return " ".join(word for k in sorted(self.words) for word in self.words[k])


@dataclass
class Tally:
    """Count what a session, or many, came to. Lists hold one entry for each case, 1 where it was right."""

    both: int = 0  # windows in which both speak
    only_right: int = 0  # in which only the oracle does
    only_said: int = 0  # in which only the assistant does
    minutes: float = 0
    false_turns: int = 0
    hit: list[int] = field(default_factory=list)  # for each right turn
    exact: list[int] = field(default_factory=list)
    in_window: list[int] = field(default_factory=list)  # for each answer that met its turn
    latency: list[float] = field(default_factory=list)  # seconds from the end of what was asked to the decision to answer it
    sound: list[float] = field(default_factory=list)  # and to the sound of the answer
    proactive_hit: list[int] = field(default_factory=list)  # for each event that a user asked to be told of
    proactive_exact: list[int] = field(default_factory=list)
    unasked_hit: list[int] = field(default_factory=list)  # for each event of a standing instruction
    unasked_exact: list[int] = field(default_factory=list)
    chat: list[int] = field(default_factory=list)  # for each talk for somebody else: 1 if it was answered
    stopped: list[int] = field(default_factory=list)  # for each turn that was interrupted
    kept: list[int] = field(default_factory=list)  # for each time that somebody talked, and the turn was to go on
    looks: list[int] = field(default_factory=list)  # for each picture: 1 if any attribute was wrong

    def add(self, other: Tally) -> None:
        """Add another one's counts to these."""
        for of in fields(self):
            setattr(self, of.name, getattr(self, of.name) + getattr(other, of.name))


def said_in(trace: Trace) -> list[Said]:
    """Read the assistant's turns off a trace: what was decided in each window, and when each turn began to sound."""
    words: dict[int, dict[int, tuple[str, ...]]] = {}
    over: set[int] = set()
    decided: dict[int, int] = {}
    for event in trace["decide"]:
        d = event.data
        if d.choice == "speak":
            words.setdefault(d.response, {})[d.k] = tuple(d.text.split())
            decided.setdefault(d.response, event.time)
            over |= {d.response} if d.last else set()
    sounded: dict[int, int] = {}
    for event in trace["play"] if "play" in trace.edges else ():
        if hasattr(event.data, "samples"):
            sounded.setdefault(event.data.response, event.time)
    begun = sorted(words.items(), key=lambda of: min(of[1]))
    return [Said(spoken, response in over, decided[response], sounded.get(response)) for response, spoken in begun]


def judge(of: Session, said: Sequence[Said]) -> Tally:
    """Count what was right in a session."""
    found = Tally(minutes=of.drawn.length / (60 * SECOND))
    speaking = {k for turn in said for k in turn.words}
    for k, told in enumerate(of.told):
        found.both += k in speaking and not told.listen
        found.only_right += k not in speaking and not told.listen
        found.only_said += k in speaking and told.listen
    met = meet(of, said)
    _false(of, said, {id(turn) for turn in met.values()}, found)
    for n, turn in enumerate(of.turns):
        _turn(of, n, turn, met.get(n), found)
    return found


def right_turns(of: Session, said: Sequence[Said]) -> list[bool]:
    """Tell of each right turn whether it was taken, in exactly the right words."""
    met = meet(of, said)
    return [n in met and _as_right(turn, met[n]) for n, turn in enumerate(of.turns)]


def meet(of: Session, said: Sequence[Said]) -> dict[int, Said]:
    """Pair right turns, by number, with those that were taken: the nearest in time first."""
    pairs = sorted(
        (abs(turn.window - right.window), n, m)
        for n, right in enumerate(of.turns)
        for m, turn in enumerate(said)
        if -EARLY <= (turn.window - right.window) * of.window <= LATE
    )
    met: dict[int, int] = {}
    for _, n, m in pairs:
        if n not in met and m not in met.values():
            met[n] = m
    return {n: said[m] for n, m in met.items()}


def _false(of: Session, said: Sequence[Said], met: set[int], found: Tally) -> None:
    wrong = [turn.window for turn in said if id(turn) not in met]
    found.false_turns += len(wrong)
    for k, told in enumerate(of.told):
        chats = [phrase for phrase in told.ended if kind_of(phrase) == "chat"]
        found.chat += [int(any(0 <= window - k <= 1 for window in wrong))] * len(chats)


def kind_of(phrase: int) -> str:
    """Return what a phrase is meant as."""
    from simulations.nano.words import PHRASES

    return PHRASES[phrase].kind


def _turn(of: Session, n: int, right: Turn, said: Said | None, found: Tally) -> None:
    hit, exact = int(said is not None), int(said is not None and _as_right(right, said))
    found.hit.append(hit)
    found.exact.append(exact)
    if right.kind == "event":
        hits, exacts = (found.proactive_hit, found.proactive_exact) if right.asked else (found.unasked_hit, found.unasked_exact)
        hits.append(hit)
        exacts.append(exact)
    if said is None:
        return
    if right.kind != "event":
        found.in_window.append(int(said.window == right.window))
        decided = (said.window + 1) * of.window if said.decided is None else said.decided
        found.latency.append((decided - right.after) / SECOND)
        found.sound += [] if said.sounded is None else [(said.sounded - right.after) / SECOND]
    if right.stopped:
        found.stopped.append(int(not said.last and not any(k > stop_of(of, n) for k in said.words)))
    found.kept += [int(any(window >= k for window in said.words)) for k in right.through]


def _as_right(right: Turn, said: Said) -> bool:
    """Tell whether the words are the right ones: of an interrupted turn, as far as both go; when it stops is another question.

    A turn that the end of the session cuts has no more words than go into it.
    """
    line, text = right.line.split(), said.text.split()
    return text == line[: len(text) if right.stopped else right.words]


def stop_of(of: Session, n: int) -> int:
    """Return the window in which a turn that was interrupted has to be silent, or another one to begin."""
    begun = {turn.window for turn in of.turns[n + 1 :]}
    return next(k for k in range(of.turns[n].window + 1, len(of.told)) if of.told[k].listen or k in begun)


def metrics(of: Tally) -> dict[str, Any]:
    """Return the figures by name, rounded; None where there was no case. `n` says of how many cases each is."""
    speak = 2 * of.both + of.only_right + of.only_said
    rates = {
        "turn_hit": of.hit, "exact": of.exact, "in_window": of.in_window, "proactive_hit": of.proactive_hit, "proactive_exact": of.proactive_exact,
        "unasked_hit": of.unasked_hit, "unasked_exact": of.unasked_exact, "chat_false_alarm": of.chat, "barge_in_stop": of.stopped,
        "backchannel_keep": of.kept, "vision_error": of.looks,
    }  # fmt: skip
    found: dict[str, Any] = {"f1": round(2 * of.both / speak, 4) if speak else None}
    found |= {name: round(sum(cases) / len(cases), 4) if cases else None for name, cases in rates.items()}
    found |= {"latency_median_s": _share(of.latency, 0.5), "latency_p90_s": _share(of.latency, 0.9), "sound_median_s": _share(of.sound, 0.5)}
    found["false_turns_per_minute"] = round(of.false_turns / of.minutes, 4) if of.minutes else None
    n = {name: len(cases) for name, cases in rates.items()}
    found["n"] = {"f1": of.both + of.only_right, **n, "latency": len(of.latency), "sound": len(of.sound), "minutes": round(of.minutes, 2)}
    return {name: found[name] for name in ORDER}


ORDER = (
    "f1", "turn_hit", "exact", "in_window", "latency_median_s", "latency_p90_s", "sound_median_s", "proactive_hit", "proactive_exact",
    "unasked_hit", "unasked_exact", "false_turns_per_minute", "chat_false_alarm", "barge_in_stop", "backchannel_keep", "vision_error", "n",
)  # fmt: skip


def _share(of: Sequence[float], share: float) -> float | None:
    """Return the value that so many of all are not above."""
    return round(sorted(of)[min(len(of) - 1, int(share * len(of)))], 3) if of else None
