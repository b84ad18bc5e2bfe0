"""A session that fails comes down to the least that still fails in the same way, within its budget, each case run once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omniflow_graph import Event, Graph, Session, seconds
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.graph.plan import plan
from operators.duplex import duplex
from simulations.faults.faulty import with_faults
from simulations.shrinking.failures import failing, failure_of
from simulations.shrinking.reductions import Case
from simulations.shrinking.shrink import Shrunk, grid_of, shrink
from tests.conftest import FULL
from tests.operators.commands.rooms import script
from tests.simulations.yielding import talk, yields

HOUR = Session("hour", {"mic": [(seconds(n), n) for n in range(3600)], "eye": [(seconds(n), -n) for n in range(3600)]}, end=seconds(3600))


def shown(found: Shrunk) -> dict[str, list[tuple]]:
    return {name: [(e.time, e.seq, e.data) for e in events] for name, events in found.case.session.sources.items()}


def numbers(of: Case) -> set[int]:
    return {event.data for event in of.session.sources["mic"]}


def test_an_hour_comes_down_to_the_two_events_that_matter():
    found = shrink(Case(HOUR), lambda of: {1234, 2345} <= numbers(of))
    assert shown(found) == {"mic": [(0, 1234, 1234), (seconds(0.1), 2345, 2345)], "eye": []}
    assert (found.case.end, found.done, found.case.session.name) == (seconds(0.1) + 1, True, "hour")
    assert found.tries < 200


def test_a_case_that_came_up_before_is_not_run_again():
    asked = []
    found = shrink(Case(HOUR), lambda of: asked.append(tuple(shown_one(of))) or 1234 in numbers(of))
    assert found.known > 0
    assert len(asked) == found.tries == len({*asked})


def shown_one(of: Case) -> list[tuple]:
    return [("end", of.end), *((name, e.time, e.seq) for name, events in of.session.sources.items() for e in events)]


def test_what_does_not_fail_is_refused():
    with pytest.raises(ValueError, match="session 'hour': does not fail, so there is nothing to shrink"):
        shrink(Case(HOUR), lambda of: False)


def test_when_the_budget_is_spent_there_is_what_was_found_by_then():
    left = iter(range(6))
    by_time = shrink(Case(HOUR), lambda of: 1234 in numbers(of), within=lambda: next(left, None) is not None)
    by_tries = shrink(Case(HOUR), lambda of: 1234 in numbers(of), most=6)
    assert (by_time.tries, by_time.done, by_tries.tries, by_tries.done) == (6, False, 6, False)
    assert shown(by_time) == shown(by_tries)
    assert 1234 in numbers(by_time.case)
    assert seconds(1) < by_time.case.end < seconds(1800)


def test_costs_go_if_it_fails_without_them_and_else_need_not_be_all_any_more():
    costly = replace(HOUR, costs={("decide", 3): 5})
    assert shrink(Case(costly), lambda of: 7 in numbers(of)).case.session.costs is None
    kept = shrink(Case(costly), lambda of: 7 in numbers(of) and bool(of.session.costs)).case.session.costs
    assert (kept, type(kept).__name__) == ({("decide", 3): 5}, "KnownCosts")


def test_a_fault_that_it_does_not_need_goes_and_one_that_it_needs_stays():
    g = Graph("listener")
    g.sink("out", g.map("heard", g.source("mic"), lambda event: event.data))
    lossy, late = ("mic", "loss(permille=300)"), ("heard", "jitter(most_ms=80)")
    session = Session("s", {"mic": [(seconds(n), n) for n in range(60)]}, end=seconds(60))

    def fails(of: Case) -> bool:
        trace = run_direct(with_faults(g, of.faults) if of.faults else g, of.session)
        return any(told.done == "dropped" for event in trace.edges.get("mic/faults", ()) for told in event.data)

    found = shrink(Case(session, (late, lossy)), fails)
    assert found.case.faults == (lossy,)
    assert [(e.time, e.data) for e in found.case.session.sources["mic"]] == [(0, shown(found)["mic"][0][1])]


def test_draws_of_chance_stay_what_they_were():
    """Fails when what stays is numbered anew."""

    def lucky(event: Event, rng) -> int | None:
        return event.data if rng(event).below(1000) < 5 else None

    g = Graph("lottery")
    g.sink("out", g.map("drawn", g.source("mic"), lucky))
    minutes = Session("minutes", {"mic": [(seconds(n), n) for n in range(600)]}, end=seconds(600))
    won = [event.data for event in run_direct(g, minutes)["drawn"]]
    found = shrink(Case(minutes), lambda of: won[-1] in [event.data for event in run_direct(g, of.session)["drawn"]])
    assert shown(found)["mic"] == [(0, won[-1], won[-1])]


def test_windows_of_several_lengths_have_a_grid_in_common():
    g = Graph("windows")
    mic = g.source("mic")
    g.sink("out", g.align("a", mic, length=300), g.align("b", mic, length=800))
    assert grid_of(g) == 2_400
    assert grid_of(Graph("none")) == seconds(1)


def interrupted(folder, session: Session) -> tuple[Shrunk, str]:
    """Shrink a session in which the assistant never stops; return what is found, and how that fails."""
    graph = plan(duplex(model="scripted-fast", overlap="listen-only", script=script(folder, *["I can hear you very well now."] * 11)))
    failure = failure_of(run_direct(graph, session), yields)
    assert failure
    fails = failing(graph, yields, failure)
    found = shrink(Case(session), lambda of: fails(of.session), grid=grid_of(graph.graph), sound=["env-audio"])
    last = failure_of(run_direct(graph, found.case.session), yields)
    assert failure.same(last)
    return found, last.words.splitlines()[0] if last else ""


def test_who_is_talked_over_and_goes_on_is_found_in_less_than_three_seconds(tmp_path):
    found, words = interrupted(tmp_path, talk(12, (0.5, 1.5), (4, 5), (6.3, 8.4), (10, 11), frame=0.1))
    assert (found.done, words) == (True, "answer 1 goes on after 1.20 s")
    heard = found.case.session.sources["env-audio"]
    assert (len(heard), sum(any(event.data) for event in heard), found.case.session.sources["env-visual"]) == (19, 14, ())
    assert found.case.end < seconds(3)


@pytest.mark.full
def test_of_two_minutes_less_than_three_seconds_are_left(tmp_path):
    assert FULL
    spoken = ((3, 4.5), (17, 18), (30, 32), (44, 45), (52.3, 54), (66, 67), (68.5, 70.4), (90, 91), (100, 103))
    found, words = interrupted(tmp_path, talk(120, *spoken))
    assert (found.case.end, found.done, words) == (seconds(2.48) + 1, True, "answer 1 goes on after 1.20 s")
    assert found.tries < 1_000
