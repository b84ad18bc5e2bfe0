"""Answer turns of the user with a script's lines, and say an answer part by part."""

from __future__ import annotations

from dataclasses import dataclass, replace

from omniflow_graph import Event
from omniflow_graph.events import SECOND
from operators.scripted.mind import Pace
from operators.scripted.script import Script
from operators.turn_taking.exchange import Answer, UserTurn
from operators.words import Decision, words_of

NO_WINDOW = -1  # what is decided on a turn belongs to none


@dataclass(frozen=True)
class Turns:
    """Remember what decides: how many turns the user has had, how many answers were given, the epoch of what sounds."""

    turns: int = 0
    responses: int = 0
    epoch: int = 0


def answer(state: Turns, event: Event[UserTurn], *, script: Script) -> tuple[Turns, list[Answer]]:
    """Answer a turn with the script's lines for it, or with nothing."""
    turn, n = event.data, state.turns + 1
    lines = [rule.text for rule in script if rule.trigger == "speech_ends" and rule.n == n]
    state = replace(state, turns=n, responses=state.responses + bool(lines))
    if not lines:
        return state, [Answer(turn.number, "", "nothing to say", epoch=state.epoch)]
    cause = f"user {'message' if turn.text else 'speech'} {n} {'came' if turn.text else 'ended'} at {event.time / SECOND:.2f} s"
    return state, [Answer(turn.number, " ".join(lines), cause, state.responses, state.epoch)]


def parts(state: None, event: Event[Answer], *, pace: Pace) -> tuple[None, list[Decision]]:
    """Cut an answer into parts of about a second of sound, as the published model gives it, and decide to say them all."""
    text, cause, response, epoch = event.data[1:]
    if not text:
        return state, [Decision(NO_WINDOW, "listen", cause, epoch=epoch)]
    decisions: list[Decision] = []
    begin = 0
    for words in _seconds(text, pace):
        last = begin + len(words) == len(text)
        ends = "drain" if last else ""
        decisions.append(Decision(NO_WINDOW, "speak", cause, response, len(decisions), last, words, text, begin, epoch, ends=ends))
        begin += len(words)
    return state, decisions


def _seconds(text: str, pace: Pace) -> list[str]:
    """Cut a text where a word ends that begins the next second of its sound."""
    found, filled = [""], 0
    for word, length in zip(words_of(text), pace(text)):
        if filled >= SECOND:
            found, filled = [*found, ""], 0
        found[-1] += word
        filled += length
    return found
