"""What is late comes in its turn, and whatever a fault does is told."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from omniflow_graph import Event, Graph, Session, Trace
from omniflow_graph.chance import Rng
from omniflow_graph.engine.direct import run_direct
from simulations.faults.carrying import Told
from simulations.faults.combining import both, in_order
from simulations.faults.faulty import with_faults
from simulations.faults.kinds import bursts, corrupt, duplicate, jitter, jump, loss, reorder
from simulations.faults.verdicts import Delay, Drop, Pass

END = 1_000


def run(fault: Any, times: list[int], *, end: int = END, seed: int = 0, numbers: list[int] | None = None) -> Trace:
    """Send one event at each of these times through a fault. Each carries its own number."""
    g = Graph("line")
    g.sink("out", g.source("mic", bytes))
    numbers = list(range(len(times))) if numbers is None else numbers
    events = [Event(time, "mic", n, b"%04d" % n) for n, time in zip(numbers, times)]
    return run_direct(with_faults(g, {"mic": fault}), Session("s", {"mic": events}, end=end), seed=seed)


def came(trace: Trace) -> list[tuple[int, int]]:
    """Return when which event came."""
    return [(event.time, int(event.data)) for event in trace["mic/received"]]


def told(trace: Trace) -> dict[int, tuple[Told, ...]]:
    return {event.seq: event.data for event in _at_its_own_number(trace)}


def _at_its_own_number(trace: Trace) -> list[Event[Any]]:
    """Pair what was told with the event that it is about: what it was made of."""
    return [event._replace(seq=event.made_of[0][1]) for event in trace["mic/faults"]]


def late(**delays: int):
    """Delay single events, by their number: `late(_0=30)`."""
    return lambda event, rng: Delay(delays[f"_{event.seq}"], reason="late") if f"_{event.seq}" in delays else Pass()


def test_what_is_late_is_overtaken():
    trace = run(late(_0=30), [0, 10, 20, 40])
    assert came(trace) == [(10, 1), (20, 2), (30, 0), (40, 3)]
    assert told(trace) == {0: (Told("delayed", "late", 30),)}


def test_of_two_that_are_late_the_one_that_is_less_so_comes_first():
    assert came(run(late(_0=50, _1=10), [0, 5])) == [(15, 1), (50, 0)]


def test_of_those_that_come_at_one_time_the_lower_number_is_first():
    assert came(run(late(_0=30, _1=20, _2=10), [0, 10, 20, 30])) == [(30, 0), (30, 1), (30, 2), (30, 3)]


def test_in_order_one_that_is_late_holds_up_the_rest():
    trace = run(in_order(late(_0=30)), [0, 10, 20, 40])
    assert came(trace) == [(30, 0), (30, 1), (30, 2), (40, 3)]
    assert told(trace) == {0: (Told("delayed", "late", 30),), 1: (Told("delayed", "in_order", 20),), 2: (Told("delayed", "in_order", 10),)}


def test_what_would_come_when_the_session_is_over_does_not_and_is_told():
    trace = run(late(_0=30, _1=19), [0, 10], end=30)
    assert came(trace) == [(29, 1)]
    assert told(trace) == {0: (Told("delayed", "late", 30),), 1: (Told("delayed", "late", 19),)}


def test_a_copy_is_told_beside_what_it_is_a_copy_of():
    trace = run(both(duplicate(permille=1000, after=5), jump(at=0, by=2)), [0])
    assert came(trace) == [(2, 0), (7, 0)]
    assert told(trace) == {0: (Told("delayed", "jump", 2), Told("copied", "duplicate, jump", 7))}


def test_a_copy_that_comes_at_once_is_told_too():
    trace = run(duplicate(permille=1000), [3])
    assert (came(trace), told(trace)) == ([(3, 0), (3, 0)], {0: (Told("copied", "duplicate", 0),)})


def test_what_is_dropped_or_changed_is_told_with_the_reason():
    trace = run(lambda event, rng: [Drop("why not"), Pass(b"9999", "because"), Pass()][event.seq], [0, 1, 2])
    assert came(trace) == [(1, 9999), (2, 2)]
    assert told(trace) == {0: (Told("dropped", "why not"),), 1: (Told("changed", "because"),)}


def test_what_was_told_stands_at_the_time_of_what_it_is_about():
    assert [(event.time, event.data[0].by) for event in run(jump(at=0, by=7), [3, 5])["mic/faults"]] == [(3, 7), (5, 7)]


whole = st.one_of(
    st.builds(jitter, st.integers(0, 90)), st.builds(loss, st.integers(0, 600)), st.builds(bursts, st.integers(0, 600), st.integers(1, 99)),
    st.builds(duplicate, st.integers(0, 600), st.integers(0, 90)), st.builds(reorder, st.integers(0, 600), st.integers(0, 90)),
)  # fmt: skip
faults = st.one_of(whole, st.builds(corrupt, st.integers(0, 600)))
some = st.lists(faults, min_size=1, max_size=3).map(lambda few: both(*few))
any_fault = st.one_of(some, some.map(in_order))
unharmed = st.lists(whole, min_size=1, max_size=3).map(lambda few: both(*few))
sent = st.lists(st.integers(0, END - 1), max_size=12).map(sorted)
QUICK = settings(max_examples=30, deadline=None)


@QUICK
@given(st.one_of(unharmed, unharmed.map(in_order)), sent, st.integers(0, 9))
def test_all_that_was_sent_comes_as_it_was_told(fault, times, seed):
    trace = run(fault, times, seed=seed)
    expected = []
    known = told(trace)
    for n, time in enumerate(times):
        for copy, each in enumerate(known.get(n, ())):
            if each.done != "dropped":
                expected.append((time + each.by, n, copy))
        if n not in known or (known[n][0].done == "copied"):  # of a copy the first may have gone through untold
            expected.append((time, n, -1))
    assert came(trace) == [(time, n) for time, n, _ in sorted(expected) if time < END]


@QUICK
@given(any_fault, sent, st.integers(0, 9))
def test_what_comes_is_in_the_order_of_time_and_number(fault, times, seed):
    numbers = {b"%04d" % n: n for n in range(len(times))}
    order = [(event.time, numbers[event.data]) for event in run(fault, times, seed=seed)["mic/received"] if event.data in numbers]
    assert order == sorted(order)


@QUICK
@given(unharmed, sent.filter(bool), st.data())
def test_take_an_event_away_and_nothing_else_changes(fault, times, data):
    gone = data.draw(st.integers(0, len(times) - 1))
    rest = [n for n in range(len(times)) if n != gone]
    before, after = run(fault, times), run(fault, [times[n] for n in rest], numbers=rest)
    assert {n: each for n, each in told(before).items() if n != gone} == told(after)
    assert [(time, n) for time, n in came(before) if n != gone] == came(after)


def test_another_seed_gives_another_session_and_the_same_one_the_same():
    fault, times = both(jitter(most=90), loss(permille=300)), list(range(0, END, 20))
    assert run(fault, times, seed=1).digest == run(fault, times, seed=1).digest
    assert came(run(fault, times, seed=1)) != came(run(fault, times, seed=2))


def test_the_draws_of_an_edge_are_its_own():
    g = Graph("two")
    g.sink("out", g.source("a", bytes), g.source("b", bytes))
    events = [(time, b"x") for time in range(0, END, 20)]
    trace = run_direct(with_faults(g, {"a": loss(permille=500), "b": loss(permille=500)}), Session("s", {"a": events, "b": events}, end=END))
    assert [e.time for e in trace["a/received"]] != [e.time for e in trace["b/received"]]


def test_a_fault_is_a_function_of_the_event_and_the_chance_that_it_is_handed():
    drawn = [loss(permille=500)(Event(5, "mic", n, b""), Rng(3, "s", "mic/faults")) for n in range(20)]
    lost = [n for n, verdict in enumerate(drawn) if isinstance(verdict, Drop)]
    assert sorted(told(run(loss(permille=500), [5] * 20, seed=3))) == lost
