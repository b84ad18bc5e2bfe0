"""Read off a trace what each window was given and answered: what a model in the pipeline's place would have been fed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omniflow_graph import Event, Trace
from omniflow_graph.trace.trace import NOT_KEPT
from omniflow_graph.trace.why import brief
from operators.omni_flow.tokens.groups import AUDIO_TOKEN_NS, Answer, Group, Listen, Picture, Speak
from operators.omni_flow.tokens.tokenizer import Tokenizer
from operators.words import Decision

SEEN, HEARD, WINDOW, DECIDED = "look", "listen", "window", "decide"  # edges of operators.duplex
FIELDS: dict[str, dict[str, type]] = {
    WINDOW: {"k": int, "start": int, "end": int, "partial": bool},
    DECIDED: {"k": int, "choice": str, "part": int, "last": bool, "text": str},
}


def window_ns(trace: Trace) -> int:
    """Return how long a trace's windows are. Raises KeyError or ValueError if it has none, or did not keep them."""
    windows = _kept(trace, WINDOW)
    if not windows:
        raise ValueError(f"{trace.session}: its trace holds no window; the session is empty")
    return windows[0].data.end - windows[0].data.start


def groups_of(trace: Trace, tokenizer: Tokenizer) -> list[Group]:
    """Return the group of each window that was decided, text as the tokenizer's ids.

    A picture is its overview, as the demo feeds frames. A microphone is heard in every window: what it did not send is
    silence. Raises KeyError or ValueError for another pipeline's trace, ValueError if a window before the last decision has none.
    """
    decisions: dict[int, list[Any]] = {}
    for event in _kept(trace, DECIDED):
        decisions.setdefault(event.data.k, []).append(event.data)
    seen, hears, last = len(trace[SEEN]), bool(trace[HEARD]), max(decisions, default=-1)
    groups, in_turn = [], False
    for event in _kept(trace, WINDOW):
        k, pictures, audio = event.data.k, _pictures(event, seen), _audio(event, trace.end) if hears else 0
        if k > last or (event.data.partial and not pictures and not audio):
            break
        if k not in decisions:
            raise ValueError(f"{trace.session}: window {k} was never decided, although later ones were; a sequence has a group for each window")
        answer, in_turn = answered(decisions[k], in_turn, tokenizer)
        groups.append(Group(k, pictures, audio, answer))
    return groups


def answered(decisions: Sequence[Decision], in_turn: bool, tokenizer: Tokenizer) -> tuple[Answer, bool]:
    """Return the answer that a window's decisions come to, and whether a turn goes on. `in_turn`: one went on before.

    A turn ends with the last part of its line, or where another line begins; a stop inside one cuts it. A window between
    two parts lets the first sound on.
    """
    ids: list[int] = []
    ends: list[int] = []
    spoke = False
    for decision in decisions:
        speaks = decision.choice == "speak"
        if in_turn and (decision.choice == "stop" or (speaks and decision.part == 0)):
            ends.append(len(ids))
            in_turn = False
        if speaks:
            ids += tokenizer.encode(decision.text)
            spoke, in_turn = True, not decision.last
            if decision.last:
                ends.append(len(ids))
    if spoke or in_turn:
        return Speak(tuple(ids), tuple(ends)), in_turn
    return Listen(cuts=bool(ends)), False


def _kept(trace: Trace, edge: str) -> list[Event[Any]]:
    """Return the events of an edge, once it is certain that they are of the duplex pipeline."""
    for event in trace[edge]:
        if event.data is NOT_KEPT:
            raise ValueError(f"{trace.session}: its trace did not keep {edge!r}; run with keep=None, or name {WINDOW} and {DECIDED}")
        if any(type(getattr(event.data, field, None)) is not kind for field, kind in FIELDS[edge].items()):
            wanted = ", ".join(FIELDS[edge])
            raise ValueError(
                f"{trace.session}: edge {edge!r} wants {wanted}, as in operators.duplex, got {brief(event.data)}; replay with that graph"
            )
    return trace[edge]


def _pictures(event: Event[Any], most: int) -> tuple[Picture, ...]:
    """Count what was seen by the window's causes, since a stored trace has no more of it."""
    count = sum(last - first + 1 for stream, first, last in event.made_of if stream == SEEN)
    if not 0 <= count <= most:
        raise ValueError(f"window {event.data.k}: wants at most the {most} pictures of its session, got {count}")
    return (Picture(),) * count


def _audio(event: Event[Any], session_end: int) -> int:
    end = min(event.data.end, session_end) if event.data.partial else event.data.end
    return (end - event.data.start) // AUDIO_TOKEN_NS
