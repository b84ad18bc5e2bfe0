"""What a scripted model does in either mode, and at a switch between them: one state, of which the model's weights are no part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from omniflow_graph import Event, Window
from operators.omni_flow.modes.states import Contents, Inner, Mode, some
from operators.omni_flow.modes.switch import How, State, Switched, switch
from operators.omni_flow.playback.ledger import Ledger
from operators.scripted.answering import NO_WINDOW, Turns, answer, parts
from operators.scripted.mind import Mind, Pace
from operators.scripted.script import Script
from operators.turn_taking.exchange import Answer, UserTurn
from operators.turn_taking.transcript import Transcript
from operators.words import Decision


class Switch(NamedTuple):
    """Order a switch. Tell what was said and heard before it; and what of the user's is lost: turns that were not answered yet, and
    how much was said of an utterance that had not ended.
    """

    to: Mode
    transcript: Transcript
    unanswered: int = 0
    unfinished_ns: int = 0


@dataclass(frozen=True)
class InDuplex:
    """Hold a duplex session of a scripted model. `before`: answers that were given in earlier ones, which are no concern of it."""

    mind: Mind = field(default_factory=Mind)
    before: int = 0

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "duplex"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        return some(user_turns=self.mind.speeches, lines_due=len(self.mind.due))


@dataclass(frozen=True)
class InTurns:
    """Hold a turn-based session of a scripted model; when it is left, also what is lost of the user's, as `Switch` tells."""

    turns: Turns = field(default_factory=Turns)
    unanswered: int = 0
    unfinished_ns: int = 0

    @property
    def mode(self) -> Mode:
        """Name the mode."""
        return "turn-based"

    @property
    def contents(self) -> Contents:
        """Say what is lost if it goes."""
        return some(user_turns=self.turns.turns, unanswered=self.unanswered, unfinished_ns=self.unfinished_ns)


def counts(inner: Inner) -> Turns:
    """Return the user's turns, the answers and the epoch so far."""
    if isinstance(inner, InDuplex):
        return Turns(inner.mind.speeches, inner.mind.responses, inner.mind.ledger.epoch)
    assert isinstance(inner, InTurns)
    return inner.turns


def fresh(to: Mode, how: How, state: State | None = None) -> InDuplex | InTurns:
    """Begin a mode. Answers and epochs are numbered on, and the user's turns, too, if they are carried."""
    n = counts(state.inner) if state else Turns()
    n = replace(n, turns=n.turns if how == "carry" else 0, epoch=n.epoch + bool(state and state.answer))
    if to == "turn-based":
        return InTurns(n)
    return InDuplex(Mind(speeches=n.turns, responses=n.responses, ledger=Ledger(epoch=n.epoch)), before=n.responses)


def answers(
    state: State, event: Event[Any], *, duplex: Callable[..., Any], script: Script, how: How
) -> tuple[State, list[Decision | Answer | Switched]]:
    """Answer a window in duplex and a UserTurn in turn-based mode; switch when that is ordered."""
    data, inner = event.data, state.inner
    if isinstance(data, Switch):
        return _switch(state, data, event.time, how)
    if isinstance(data, UserTurn):
        assert isinstance(inner, InTurns)
        turns, found = answer(inner.turns, event, script=script)
        return replace(state, inner=replace(inner, turns=turns), answer=found[0].response or state.answer), [*found]
    assert isinstance(inner, InDuplex)
    mind, found = duplex(inner.mind, event._replace(data=_since(data, state.since, inner.before)))
    return replace(state, inner=replace(inner, mind=mind), answer=mind.audible), found


def _switch(state: State, order: Switch, time: int, how: How) -> tuple[State, list[Decision | Answer | Switched]]:
    """Switch; an answer that is not over is flushed."""
    transcript, inner = order.transcript, state.inner
    if isinstance(inner, InTurns):
        inner = replace(inner, unanswered=order.unanswered, unfinished_ns=order.unfinished_ns)
    answered = state.answer if state.answer > transcript.over else 0
    epoch = counts(inner).epoch
    known = replace(state, inner=inner, answer=answered, lines=transcript.told, frame=transcript.frame)
    state, switched = switch(known, order.to, how, time, fresh=fresh)
    if not switched.flushed:
        return state, [switched]
    response, reason = switched.flushed
    return state, [switched, Decision(NO_WINDOW, "stop", reason, response, epoch=epoch, ends="flush")]


def _since(window: Window, since: int, before: int) -> Window:
    """Leave out of a window what happened before the mode began, and what is heard of answers from before it."""
    kept = [each for each in window.events if each.time >= since and not 0 < getattr(each.data, "response", 0) <= before]
    return window._replace(events=tuple(kept))


def says(state: None, event: Event[Any], *, pace: Pace) -> tuple[None, list[Decision]]:
    """Say an answer part by part, and what a window decided as it is."""
    if isinstance(event.data, Answer):
        return parts(state, event, pace=pace)
    return state, [event.data] if isinstance(event.data, Decision) else []
