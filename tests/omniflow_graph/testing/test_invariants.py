"""A sound trace breaks no invariant; one that was tampered with breaks the one that it should, and says how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from omniflow_graph import Event, Trace
from omniflow_graph.engine.direct import run_direct
from omniflow_graph.engine.messages import Step
from omniflow_graph.testing import broken
from omniflow_graph.trace.stored import load_trace, save_trace
from tests.omniflow_graph.testing.small import SESSION, ran, small


def test_a_sound_run_breaks_nothing():
    assert broken(ran()) == []


def test_a_run_whose_payloads_were_not_kept_can_be_judged_too():
    assert broken(run_direct(small(), SESSION, keep=[])) == []


def test_a_stored_trace_can_be_judged_too(tmp_path):
    save_trace(ran(), tmp_path / "trace.mcap", copy_inputs=True)
    assert broken(load_trace(tmp_path)) == []


def test_what_a_stored_trace_holds_by_reference_is_not_judged(tmp_path):
    save_trace(ran(), tmp_path / "trace.mcap")
    assert broken(load_trace(tmp_path)) == []


def changed(edge: str, n: int, **fields) -> Callable[[Trace], None]:
    def change(trace: Trace) -> None:
        trace.edges[edge][n] = trace.edges[edge][n]._replace(**fields)

    return change


def window(n: int, edit: Callable[[tuple[Event, ...]], tuple[Event, ...]] = tuple, **fields) -> Callable[[Trace], None]:
    def change(trace: Trace) -> None:
        event = trace.edges["window"][n]
        trace.edges["window"][n] = event._replace(data=event.data._replace(events=edit(event.data.events), **fields))

    return change


def stepped(n: int, **fields) -> Callable[[Trace], None]:
    def change(trace: Trace) -> None:
        trace.stages["count"][n] = trace.stages["count"][n]._replace(**fields)

    return change


def lost(edge: str) -> Callable[[Trace], None]:
    return lambda trace: trace.edges[edge].pop()


TAMPERED = [
    (changed("mic", 1, time=12), "times_in_order: at 0.000 s: edge 'mic': #2 at 10 ns comes after #1 at 12 ns"),
    (changed("mic", 1, seq=0), "times_in_order: at 0.000 s: edge 'mic': #0 at 0 ns comes after #0 at 0 ns"),
    (changed("echo", 0, time=6), "times_in_order: at 0.000 s: edge 'echo': #0 at 6 ns is not 7 ns after its cause, odd #0 at 0 ns"),
    (changed("count", 0, made_of=(("window", 9, 9),)), "times_in_order: at 0.000 s: edge 'count': #0 is made of window #9..9, which is not there"),
    (changed("count", 0, time=9), "times_in_order: at 0.000 s: edge 'count': #0 at 9 ns is not no earlier than its cause, window #0 at 10 ns"),
    (changed("window", 1, time=21), "windows_tile_time: at 0.000 s: 'window': wants window 1 at 20 ns, got #1 at 21 ns"),
    (window(1, start=11), "windows_tile_time: at 0.000 s: 'window': wants window 1 to be [10, 20), got 1: [11, 20)"),
    (window(0, partial=True), "windows_tile_time: at 0.000 s: 'window': window 0 is partial, and not the last"),
    (window(0, lambda events: events[1:]), "windows_tile_time: at 0.000 s: 'window': window 0 lacks both #0 at 0 ns"),
    (window(0, lambda events: (events[0], *events)), "windows_tile_time: at 0.000 s: 'window': window 0 holds both #0 at 0 ns twice"),
    (window(0, lambda events: events[::-1]), "windows_tile_time: at 0.000 s: 'window': window 0 holds both #4 where both #0 should stand"),
    (
        lambda trace: window(1, lambda events: (trace["window"][0].data.events[-1], *events))(trace),
        "windows_tile_time: at 0.000 s: 'window': window 1 holds both #4 at 7 ns, which belongs elsewhere",
    ),
    (lost("window"), "windows_tile_time: at 0.000 s: 'window': wants 4 windows up to the End at 35 ns, got 3"),
    (lambda trace: trace.sinks["out"].reverse(), "merges_in_order: at 0.000 s: 'out': wants both #0 at 0 ns in place 0, got count #3 at 43 ns"),
    (lambda trace: trace.sinks["out"].pop(), "merges_in_order: at 0.000 s: 'out': count #3 is lost"),
    (stepped(0, start=9), "stages_take_turns: at 0.000 s: stage 'count' starts on #0 at 9 ns, which is ready at 10 ns"),
    (stepped(0, done=25), "stages_take_turns: at 0.000 s: stage 'count' starts at 20 ns, and is busy until 25 ns"),
    (stepped(1, taken=(0,)), "stages_take_turns: at 0.000 s: stage 'count' takes #0 twice"),
    (stepped(1, taken=(77,)), "stages_take_turns: at 0.000 s: stage 'count' takes #77 and nobody gave it that"),
    (lambda trace: trace.stages["count"].pop(), "stages_take_turns: at 0.000 s: stage 'count' never takes #3"),
    (changed("count", 0, time=14), "stages_take_turns: at 0.000 s: stage 'count' answers #0 at 14 ns, and is done with it at 13 ns"),
    (lambda trace: trace.stages["count"].append(Step("count", 50, 50, (), (1,))), "stages_take_turns: at 0.000 s: stage 'count' takes #1 twice"),
]


@pytest.mark.parametrize(("tamper", "words"), TAMPERED, ids=range(len(TAMPERED)))
def test_a_trace_that_was_tampered_with_is_found_out(tamper, words):
    trace = ran()
    tamper(trace)
    assert words in [str(violation) for violation in broken(trace)]


def test_a_run_that_is_under_way_lacks_nothing_yet():
    trace = ran()
    for edge in ("window", "count"):
        lost(edge)(trace)
    trace.stages["count"].pop()
    trace.sinks["out"].pop()
    assert broken(replace(trace, complete=False)) == []
