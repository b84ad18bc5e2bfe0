"""Read off a trace what each window was given and answered: what a model in the pipeline's place would have been fed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.trace.trace import NOT_KEPT
from operators.omni_flow.groups import AUDIO_TOKEN_NS, Answer, Group, Listen, Picture, Speak
from operators.omni_flow.tokenizer import Tokenizer
from operators.words import Decision

SEEN, HEARD, WINDOW, DECIDED = "look", "listen", "window", "decide"  # edges of operators.duplex


def window_ns(trace: Trace) -> int:
    """Return how long a trace's windows are. Raises KeyError or ValueError if it has none, or did not keep them."""
    windows = _kept(trace, WINDOW)
    if not windows:
        raise ValueError(f"{trace.session}: its trace holds no window; the session is empty")
    return windows[0].data.end - windows[0].data.start


def groups_of(trace: Trace, tokenizer: Tokenizer) -> list[Group]:
    """Return the group of each window that was decided, text as the tokenizer's ids.

    A picture is its overview, as the demo feeds frames. A microphone is heard in every window: what it did not send is
    silence. Raises KeyError for another pipeline's trace, ValueError if a window before the last decision has none.
    """
    decisions: dict[int, list[Any]] = {}
    for event in _kept(trace, DECIDED):
        decisions.setdefault(event.data.k, []).append(event.data)
    hears, last = bool(trace[HEARD]), max(decisions, default=-1)
    groups, turn = [], None
    for event in _kept(trace, WINDOW):
        k, pictures, audio = event.data.k, _pictures(event), _audio(event, trace.end) if hears else 0
        if k > last or (event.data.partial and not pictures and not audio):
            break
        if k not in decisions:
            raise ValueError(f"{trace.session}: window {k} was never decided, although later ones were; a sequence has a group for each window")
        answer, turn = answered(decisions[k], turn, tokenizer)
        groups.append(Group(k, pictures, audio, answer))
    return groups


def answered(decisions: Sequence[Decision], turn: str | None, tokenizer: Tokenizer) -> tuple[Answer, str | None]:
    """Return the answer that a window's decisions come to. `turn` is what the turn that goes on has said so far; None for none.

    A turn ends with the last part of its line, or where another line begins; a stop inside one cuts it. A window between
    two parts lets the first sound on.
    """
    ids: list[int] = []
    ends: list[int] = []
    spoke = False
    for decision in decisions:
        if decision.choice == "speak":
            if decision.part == 0 and turn is not None:
                ends.append(len(ids))
                turn = None
            words = " " + decision.text if turn and decision.text else decision.text
            ids += tokenizer.encode(words)
            spoke, turn = True, (turn or "") + words
            if decision.part + 1 == decision.parts:
                ends.append(len(ids))
                turn = None
        elif decision.choice == "stop" and turn is not None and not spoke:
            return Listen(cuts=True), None
    if spoke or turn is not None:
        return Speak(tuple(ids), tuple(ends)), turn
    return Listen(), None


def _kept(trace: Trace, edge: str) -> list[Event[Any]]:
    events = trace[edge]
    if any(event.data is NOT_KEPT for event in events):
        raise ValueError(f"{trace.session}: its trace did not keep {edge!r}; run with keep=None, or name {WINDOW} and {DECIDED}")
    return events


def _pictures(event: Event[Any]) -> tuple[Picture, ...]:
    """Count what was seen by the window's causes, since a stored trace has no more of it."""
    return tuple(Picture() for stream, first, last in event.made_of if stream == SEEN for _ in range(first, last + 1))


def _audio(event: Event[Any], session_end: int) -> int:
    end = min(event.data.end, session_end) if event.data.partial else event.data.end
    return (end - event.data.start) // AUDIO_TOKEN_NS
