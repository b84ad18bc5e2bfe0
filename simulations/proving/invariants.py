"""Hold a conversation to what must be true of any: what sounds, when it stops, that it answers, that nothing lags behind.

Each invariant lists what breaks it in a trace of the duplex pipeline, or of a graph that has the same edges (`decide`,
`play`, `heard`). Who really spoke, and what there was to speak about, a simulation tells on `user`, `talker` and
`scenario`. `check_all` holds a trace to all of them, and to what is true of any graph, and fails with the chain of causes.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from omniflow_graph import Trace
from omniflow_graph.testing.invariants import Invariant, broken
from omniflow_graph.testing.violation import Violation, must_hold, place
from operators.testing import why
from simulations.proving.taking_turns import never_over_a_speaking_user, never_stuck, questions_are_answered, silent_in_noise
from simulations.proving.what_sounds import heard_is_what_sounded, lead_is_bounded, nothing_old_sounds, one_voice, staleness_is_bounded


def ears_count_time_once(trace: Trace) -> list[Violation]:
    """An utterance holds no more speech than time has passed in it: no frame is heard twice."""
    found = []
    for one, next in pairwise(trace["listen"]):
        grown = next.data.spoken_ns - one.data.spoken_ns
        if next.data.utterance == one.data.utterance and grown > next.time - one.time:
            words = f"{grown} ns of speech are heard in {next.time - one.time} ns"
            found.append(Violation("ears_count_time_once", next.time, words, place(next)))
    return found


def acknowledgements_make_sense(trace: Trace) -> list[Violation]:
    """The model finds nothing wrong with what it is told that was heard. Where faults hit that way, it may."""
    told = [(event, notice) for event in trace["notices"] for notice in event.data]
    return [
        Violation("acknowledgements_make_sense", event.time, f"{notice.kind}: wants {notice.wanted}, got {notice.got}", place(event))
        for event, notice in told
    ]


ALL: tuple[Invariant, ...] = (
    nothing_old_sounds,
    one_voice,
    heard_is_what_sounded,
    lead_is_bounded,
    staleness_is_bounded,
    never_stuck,
    questions_are_answered,
    silent_in_noise,
    never_over_a_speaking_user,
    ears_count_time_once,
    acknowledgements_make_sense,
)
UNDER_FAULTS = (nothing_old_sounds, one_voice, heard_is_what_sounded, never_stuck)  # what no fault excuses


def check_all(trace: Trace, *, but: Collection[str] = ()) -> None:
    """Hold a simulated conversation to all invariants, but for those named. Raises AssertionError with the first one's chain of causes.

    In a scenario with faults only those count that no fault excuses.

    >>> from simulations.scenario_file import load_scenario
    >>> from simulations.world import simulate
    >>> check_all(simulate(load_scenario("barge_in"), seed=3))
    """
    known = {each.__name__ for each in ALL}
    if unknown := sorted({*but} - known):
        raise ValueError(f"check_all: there is no invariant {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    held = UNDER_FAULTS if trace["scenario"][0].data.faults else ALL
    must_hold([*broken(trace), *(each for holds in held if holds.__name__ not in but for each in holds(trace))], trace, why)
