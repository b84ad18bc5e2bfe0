"""Say what an assistant misses in a scenario: what it does not perceive, what it does not stop for, what it does not remark."""

from __future__ import annotations

from typing import NamedTuple

from omniflow_graph import Trace
from operators.scripted.paradigms import NOT_PERCEIVED
from operators.turns import turns
from simulations.room.speech import Utterance
from simulations.scenario import Scenario
from simulations.world import simulate

FULL_DUPLEX = "scripted-fast"
PARADIGMS = (FULL_DUPLEX, "blocked", "passive")
ASKS = ("say", "repeat", "interrupt")


class Missed(NamedTuple):
    """Hold what was missed, as texts: of the user, and of the assistant."""

    unperceived: tuple[str, ...]  # said to it while it did not listen
    unobeyed: tuple[str, ...]  # said over an answer that went on to its end
    unsaid: tuple[str, ...]  # remarks that the full-duplex assistant makes there: at a new scene, or at a time


def paradigms(scenario: Scenario, *, seed: int = 0) -> dict[str, Missed]:
    """Play a scenario against the full-duplex assistant and the two that it is set against, and return what each misses.

    >>> from simulations.scenario_file import load_scenario
    >>> paradigms(load_scenario("watching"))["passive"].unsaid
    ('Your kettle boils.', 'Now there is a cat on the stove.', 'It got dark.')
    """
    traces = {model: simulate(scenario, model=model, seed=seed) for model in PARADIGMS}
    return {model: missed(trace, scenario, traces[FULL_DUPLEX]) for model, trace in traces.items()}


def missed(trace: Trace, scenario: Scenario, reference: Trace) -> Missed:
    """Return what was missed in a run of a scenario, beside a run in which nothing was."""
    said = [event.data for event in trace["user"] if isinstance(event.data, Utterance) and event.data.kind in ASKS]
    remarks = [rule.text for rule in scenario.script if rule.trigger != "speech_ends" and rule.text in _lines(reference)]
    return Missed(
        tuple(each.text for each in said if any(each.begin < time <= each.end + _NOTICED for time in _unperceived(trace))),
        tuple(each.text for each in said if each.kind == "interrupt" and not _obeyed(trace, each)),
        tuple(text for text in remarks if text not in _lines(trace)),
    )


_NOTICED = 700_000_000  # an utterance is over for those who listen after half a second of silence, in frames


def _unperceived(trace: Trace) -> list[int]:
    """Return when the utterances ended that were told to be missed."""
    told = {choice.utterance for event in trace["overlap"] for choice in event.data if choice.reason.startswith(NOT_PERCEIVED)}
    return [event.time for event in trace["listen"] if event.data.ended and event.data.utterance in told]


def _obeyed(trace: Trace, said: Utterance) -> bool:
    """Tell whether the answer that was talked over was cut short, or was over before it had to be."""
    over = [turn for turn in turns(trace) if turn.start <= said.begin < turn.end]
    return all(turn.stopped or turn.end < said.end for turn in over)


def _lines(trace: Trace) -> set[str]:
    return {event.data.line for event in trace["decide"] if event.data.choice == "speak"}
