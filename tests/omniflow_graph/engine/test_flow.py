"""On Bytewax a graph does what it does alone and in one piece, stops when told to, and lets errors out as they are."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from omniflow_graph import Event, Graph, Session
from omniflow_graph.clock import Clock, VirtualClock
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.flow import compile_flow, run_bytewax
from omniflow_graph.errors import GraphError, RunError
from tests.omniflow_graph.engine.troubled import TROUBLES, Trouble, session

ROOT = Path(__file__).resolve().parents[3]


def conversation() -> Graph:
    """Make a graph of several steps, one of which is an island."""
    g = Graph("a.talk")
    mic, eye = g.source("mic"), g.source("the.eye")
    both = g.merge("both", g.map("loud", mic, lambda event: event.data * 2), eye)
    window = g.align("window", both, mic, length=10)
    model = g.stage("model", window, lambda n, event: (n + 1, [n + len(event.data.events)]), state=0, cost=[4, 13], overrun="merge")
    g.feedback("heard", model, window)
    g.sink("out", model, g.scan("count.all", both, lambda n, event: (n + 1, [(event.time, n)]), state=0))
    return g


def given(name: str, step: int = 3) -> Session:
    return Session(name, {"mic": [(k * step, k) for k in range(12)], "the.eye": [(k * 7, k) for k in range(5)]}, end=12 * step)


TALK = compile_flow(conversation())


# Several sessions, batches, workers


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("batch", [1, 5, 64])
def test_sessions_that_run_together_do_what_each_does_alone(batch, workers):
    sessions = [given("ann"), given("b.o:b", 4), given("", 5), given("dan", 17)]
    assert TALK.run(sessions, batch=batch, workers=workers) == {each.name: run_direct(TALK.plan, each) for each in sessions}


def test_no_session_makes_no_trace():
    assert TALK.run([]) == {}


def test_two_sessions_of_one_name_are_refused():
    with pytest.raises(ValueError, match="run: two sessions have one name: ann, bob, ann"):
        TALK.run([given("ann"), given("bob"), given("ann", 4)])


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"workers": 0}, {"batch": -1}])
def test_less_than_one_event_or_worker_is_refused(wrong):
    with pytest.raises(ValueError, match="wants batch and workers of 1 or more"):
        TALK.run([given("ann")], **wrong)


def test_a_graph_without_meaning_is_refused_when_it_is_compiled():
    g = Graph("talk")
    g.source("mic")
    with pytest.raises(GraphError, match="no sink needs 'mic'"):
        compile_flow(g)


@pytest.mark.parametrize("keep", [[], ["model"], ["mic", "window", "heard"]])
def test_payloads_are_kept_where_asked_for_and_digests_everywhere(keep):
    (whole,), (some,) = (TALK.run([given("ann")], keep=names).values() for names in (None, keep))
    assert (some.digests, some.payloads, some.stages) == (whole.digests, whole.payloads, whole.stages)
    assert {edge for edge in some.edges if some[edge] == whole[edge]} == set(keep)
    assert {repr(event.data) for edge in some.edges if edge not in keep for event in some[edge]} == {"NOT_KEPT"}
    assert some == run_direct(TALK.plan, given("ann"), keep=keep)


# Errors


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("where", TROUBLES)
def test_what_an_operator_raises_comes_out_as_itself_and_says_where(where, workers):
    case = TROUBLES[where]
    kind, words = case.wanted
    flow = compile_flow(case.graph)
    with pytest.raises(kind) as caught:
        flow.run([session(case, "ann", end=1.2), session(case, "bob")], workers=workers)
    error = caught.value
    assert (type(error), str(error), error.__cause__, error.__notes__) == (kind, words, None, case.notes("bob"))
    calm = session(case, "ann", end=1.2)
    assert flow.run([calm], workers=workers) == {"ann": run_direct(flow.plan, calm)}


def test_an_error_leads_to_the_line_that_raised_it():
    case = TROUBLES["map"]
    with pytest.raises(Trouble) as caught:
        run_bytewax(case.graph, [session(case)])
    assert caught.traceback[-1].name == "refuse"


@dataclass
class Broken:
    """Be a feed whose disk fails, after some events or at once."""

    name: str
    good: Sequence[Event] = ()
    allowance: int = 0
    costs: None = None

    def events(self, sources):
        yield from self.good
        raise Trouble("the disk is gone")

    def ends(self, sources):
        return dict.fromkeys(sources, 100)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("good", [[], [Event(0, "mic", 0, 1), Event(30, "mic", 1, 2)]])
def test_what_a_feed_raises_comes_out_as_itself(good, workers):
    with pytest.raises(Trouble, match="the disk is gone") as caught:
        TALK.run([given("ann"), Broken("bob", good)], workers=workers, batch=1)
    assert caught.value.__cause__ is None
    assert TALK.run([given("ann")]) == {"ann": run_direct(TALK.plan, given("ann"))}


def test_times_that_a_session_cannot_have_are_refused():
    with pytest.raises(RunError, match=r"session 'ann', source 'mic': event 1 has time 3; wants times"):
        TALK.run([Session("ann", {"mic": [(5, 1), (3, 1)]}, end=9)])


ALL_TROUBLES = """
from tests.omniflow_graph.engine.test_flow import TALK, Broken
from tests.omniflow_graph.engine.troubled import TROUBLES, session
from omniflow_graph.engine.flow import compile_flow
flows = [(compile_flow(case.graph), session(case)) for case in TROUBLES.values()]
for flow, feed in [*flows, (TALK, Broken("ann"))]:
    for workers in (1, 2):
        try:
            flow.run([feed], workers=workers)
        except Exception as error:
            print(type(error).__name__)
"""


def test_errors_make_no_noise():
    run = subprocess.run([sys.executable, "-c", ALL_TROUBLES], cwd=ROOT, capture_output=True, text=True)
    names = [case.wanted[0].__name__ for case in TROUBLES.values()]
    assert (run.stderr, run.stdout.split()) == ("", [name for name in [*names, "Trouble"] for _ in range(2)])


# While it runs


def test_progress_tells_how_far_it_has_come():
    told = []
    TALK.run([given("ann")], batch=6, progress=lambda *now: told.append(now))
    assert list(dict.fromkeys(told)) == [("ann", 9), ("ann", 21), ("ann", 33)]  # 0 0 3 6 7 9, 12 14 15 18 21 21, and the rest


def test_a_run_that_is_stopped_returns_what_was_done():
    runs: list[Any] = []

    def stop(name: str, time: int) -> None:
        runs[0].stopped = runs[0].stopped or (name, time) == ("ann", 21)

    (stopped,) = TALK.run([given("ann")], batch=1, control=runs.append, progress=stop).values()
    whole = run_direct(TALK.plan, given("ann"))
    assert (stopped.complete, stopped.ends, whole.complete) == (False, {}, True)
    assert stopped["mic"] == [event for event in whole["mic"] if event.time <= 21]
    assert stopped["the.eye"] == [event for event in whole["the.eye"] if event.time < 21]  # there is one at 21, but of lower rank
    assert len(stopped["window"]) in (1, 2)  # the second one ends at 20
    assert {edge: whole[edge][: len(events)] for edge, events in stopped.edges.items()} == stopped.edges
    assert TALK.run([given("ann")]) == {"ann": whole}


def test_a_signal_can_stop_a_run():
    seen: list[int] = []
    runs: list[Any] = []

    def look(event: Event) -> int:
        seen.append(event.data)
        if event.data == 5:
            signal.raise_signal(signal.SIGUSR1)
        return event.data

    g = Graph("look")
    g.sink("out", g.map("look", g.source("mic"), look))
    before = signal.signal(signal.SIGUSR1, lambda *_: setattr(runs[0], "stopped", True))
    try:
        trace = run_bytewax(g, [given("ann")], batch=1, control=runs.append)["ann"]
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (seen, [event.data for event in trace["look"]], trace.complete) == ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], False)


# Paced


@dataclass
class Walking:
    """Be a clock that goes on by one each time it is asked, and then says "not yet" or "now"."""

    at: int = 0

    def now(self) -> int:
        return self.at

    def awake(self, at: int) -> datetime | None:
        self.at += 1
        return None if at <= self.at else datetime(2000, 1, 1, tzinfo=timezone.utc)  # long ago on the wall, so nobody sleeps


@dataclass
class Hurried:
    """Be a wall clock that goes on by a microsecond each time somebody looks."""

    at: int = 0

    def now(self) -> int:
        self.at += 1000
        return self.at


def paced(times: list[int], batch: int, clock: Clock, now: Callable[[], int]) -> list[tuple[int, int]]:
    """Run a session with events at these times; list each with the time at which it entered."""
    entered = []
    g = Graph("look")
    g.sink("out", g.map("look", g.source("mic"), lambda event: entered.append((event.time, now())) or event.data))
    feed = Session("ann", {"mic": [(time, n) for n, time in enumerate(times)]}, end=times[-1] + 1)
    traces = run_bytewax(g, [feed], batch=batch, clock=clock)
    assert traces == {"ann": run_direct(g, feed)}
    return entered[: len(times)]


@pytest.mark.parametrize("batch", [1, 64])
def test_a_paced_run_asks_the_clock_before_it_lets_an_event_in(batch):
    clock, times = Walking(), [0, 300, 300, 800, 2_000]
    entered = paced(times, batch, clock, clock.now)
    assert [time for time, _ in entered] == times
    assert [now - time < 100 for time, now in entered] == [now >= time for time, now in entered] == [True] * 5


def test_a_virtual_clock_with_a_pace_walks_along_the_wall():
    wall, times = Hurried(), [0, 300_000, 300_000, 800_000, 2_000_000]
    entered = paced(times, 64, VirtualClock(2.0, wall), lambda: 2 * wall.at)
    assert [time for time, _ in entered] == times
    assert [now - time < 100_000 for time, now in entered] == [now >= time for time, now in entered] == [True] * 5
